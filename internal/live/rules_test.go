package live

import (
	"net/http"
	"testing"
	"time"
)

// A held phase is played over and over, so that what a fault does over time has
// its turn again and again.
func TestHeldPhaseGoesRound(t *testing.T) {
	clk := newClock()
	s := start(t, scenario(t, "http", `{label: calm, for: 10s},
  {label: storm, for: 60s, faults: [{from: 10s, until: 20s, effect: 503}, {flap: {up: 50s, down: 10s}, effect: 429}]}`), Options{Clock: clk, Phase: "storm"})
	c := client(t)
	var at time.Duration
	for _, step := range []struct {
		to     time.Duration
		status int
	}{{0, 200}, {10 * time.Second, 503}, {20 * time.Second, 200}, {50 * time.Second, 429}, {60 * time.Second, 200}, {70 * time.Second, 503}, {110 * time.Second, 429}, {time.Hour + 15*time.Second, 503}} {
		clk.advance(step.to - at)
		at = step.to
		resp, _, err := do(t, c, "GET", s.URL()+"/a", "")
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != step.status {
			t.Errorf("at %v: %d, want %d", step.to, resp.StatusCode, step.status)
		}
		if st := s.State(); st.Phase != "storm" || st.PlanTime != 10*time.Second+step.to%time.Minute {
			t.Errorf("at %v: %v in %s", step.to, st.PlanTime, st.Phase)
		}
	}
}

// What a request says of itself, by its headers, chooses its fault.
func TestRulesOnHeadersClientsAndAttempts(t *testing.T) {
	s := start(t, parse(t, `scenario: test
backend: {kind: http, latency: 10ms}
load: {model: open, rate: 1/s, clients: 10, mix: [{op: GET, key: /a}, {op: PUT, key: /a}]}
policies: {only: {retry: none}}
phases:
  - label: storm
    for: 60s
    faults:
      - {on: {header: {x-tenant: "blue*"}}, effect: 500}
      - {on: {client: 2-3}, effect: 501}
      - {on: {attempt: 2-}, effect: 502}
      - {on: {method: PUT}, every: {n: 2, per: key}, effect: 503}
      - {on: {key: "/first/*"}, first: {calls: 1, per: key}, effect: 504}
`), Options{Clock: newClock()})
	c := client(t)
	send := func(method, path string, header http.Header) int {
		req, err := http.NewRequest(method, s.URL()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = header
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	who := func(client, call, attempt string) http.Header {
		return http.Header{"X-Squall-Client": {client}, "X-Squall-Call": {call}, "X-Squall-Attempt": {attempt}}
	}
	for i, step := range []struct {
		method, path string
		header       http.Header
		want         int
	}{
		{"GET", "/a", http.Header{"X-Tenant": {"blue/3"}}, 500},
		{"GET", "/b", http.Header{"X-Tenant": {"red", "blue"}}, 500},
		{"GET", "/c", http.Header{"X-Tenant": {"red"}}, 200},
		{"GET", "/d", who("2", "1", "1"), 501},
		{"GET", "/d", who("4", "1", "1"), 200},
		{"GET", "/d", who("4", "1", "2"), 502},
		{"PUT", "/e", who("4", "2", "1"), 204},
		{"PUT", "/f", who("4", "3", "1"), 204},
		{"PUT", "/e", who("4", "4", "1"), 503},
		{"PUT", "/f", who("4", "5", "1"), 503},
		{"PUT", "/f", who("4", "6", "1"), 204},
		{"GET", "/first/1", who("5", "1", "1"), 504},
		{"GET", "/first/1", who("5", "1", "1"), 504}, // the same call
		{"GET", "/first/1", who("5", "2", "1"), 200},
		{"GET", "/first/2", who("5", "3", "1"), 504},
	} {
		if got := send(step.method, step.path, step.header); got != step.want {
			t.Errorf("%d, %s %s: %d, want %d", i, step.method, step.path, got, step.want)
		}
	}
}
