package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

const onlySimulated = `scenario: s
backend:
  kind: http
  network: 10ms
  latency: 30ms
  capacity: {workers: 2, nodes: 3, discipline: lifo, abandoned: cancelled}
load: {model: open, rate: 3/s, clients: 4, mix: [{op: GET, key: /a}]}
phases:
  - {label: a, for: 10s}
  - {label: b, for: 10s, offline: 50%, restart: 50%, capacity: {workers: 1}}
policies:
  one: {retry: s3}
  two: {retry: s3, breaker: {failures: 5, open_for: 3s, scope: shared, sync_every: 5s}}
`

// What sockets cannot do is told all at once, each at its place.
func TestCheckSockets(t *testing.T) {
	backend := []string{"6:33 backend.capacity.nodes", "6:48 backend.capacity.discipline", "6:65 backend.capacity.abandoned", "10:64 phases[1].capacity"}
	clients := []string{"4:12 backend.network", "10:35 phases[1].offline", "10:49 phases[1].restart"}
	shared := "13:64 policies.two.breaker.scope"
	sc, err := Parse("s.yaml", []byte(onlySimulated))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		got  error
		want []string
	}{
		"served":       {sc.CheckServed(), backend},
		"live":         {sc.CheckLive(), slices.Concat(backend, clients, []string{shared})},
		"live, two":    {sc.CheckLive("two"), slices.Concat(backend, clients, []string{shared})},
		"live, others": {sc.CheckLive("one"), slices.Concat(backend, clients)},
	} {
		var problems *Problems
		if !errors.As(c.got, &problems) {
			t.Fatalf("%s: %v", name, c.got)
		}
		var got []string
		for _, p := range problems.List {
			got = append(got, fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Path))
			if p.File != "s.yaml" || p.Source == "" || p.Message == "" || p.Hint == "" {
				t.Errorf("%s: %+v", name, p)
			}
		}
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	tame := strings.NewReplacer("nodes: 3, discipline: lifo, abandoned: cancelled", "nodes: 1, discipline: fifo, abandoned: served", ", capacity: {workers: 1}", "")
	able, err := Parse("s.yaml", []byte(tame.Replace(onlySimulated)))
	if err != nil {
		t.Fatal(err)
	}
	if err := able.CheckServed(); err != nil {
		t.Errorf("what sockets can do: %v", err)
	}
	sc.origin = origin{} // as one built in Go
	if err := sc.CheckLive(); err == nil || strings.Contains(err.Error(), "s.yaml") || strings.Count(err.Error(), "\n") != 7 {
		t.Errorf("without a file: %v", err)
	}
}

// All that is built in, but for what is there to show what only simulation has, can be served.
func TestCheckSocketsOfTheLibrary(t *testing.T) {
	for _, e := range List() {
		sc, err := Builtin(e.Name)
		if err != nil {
			t.Fatal(err)
		}
		if err := sc.CheckServed(); err != nil && e.Name != "overload-lifo" {
			t.Errorf("%s: %v", e.Name, err)
		}
	}
}
