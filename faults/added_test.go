package faults

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

func mustRule(t testing.TB, text string) Rule {
	t.Helper()
	r, err := ParseRule(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Added rules come before those of the plan, the first one first, and are gone when
// they are removed.
func TestAddedRulesComeFirst(t *testing.T) {
	in, err := New(Plan{Phases: []Phase{
		{Label: "a", For: time.Second, Rules: []Rule{mustRule(t, "PutObject 500")}},
		{Label: "b", For: time.Second},
	}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	decide := func(at time.Duration, op, key string) string {
		v := in.Decide(at, Request{Op: op, Key: key, Attempt: 1})
		if v.Rule < 0 {
			return "-"
		}
		return v.Effect().String()
	}
	expect := func(what string, want ...string) {
		t.Helper()
		got := []string{decide(0, "PutObject", "x/a"), decide(0, "GetObject", "x/a"), decide(time.Second, "PutObject", "x/a"), decide(0, "PutObject", "y")}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	expect("the plan", "500", "-", "-", "500")
	everywhere, err := in.Add(1, -1, mustRule(t, "x/** SlowDown"))
	if err != nil {
		t.Fatal(err)
	}
	expect("one in all phases", "SlowDown", "SlowDown", "SlowDown", "500")
	never, err := in.Add(2, 1, mustRule(t, "PutObject x/** 502"))
	if err != nil {
		t.Fatal(err)
	}
	expect("one that comes later", "SlowDown", "SlowDown", "SlowDown", "500")
	if !in.Remove(everywhere) || in.Remove(everywhere) {
		t.Error("removed once and only once")
	}
	expect("the second alone", "500", "-", "502", "500")
	// Of requests in its phases, those that came while it was there count.
	if c := everywhere.Counts(); c.Matched != 6 || c.Fired != 6 || c.Requests != 8 || c.Nominal != (Nominal{1, 1, true}) {
		t.Errorf("%+v", c)
	}
	if c := never.Counts(); c.Matched != 1 || c.Fired != 1 || c.Requests != 2 {
		t.Errorf("%+v", c)
	}
	in.Remove(never)
	expect("the plan again", "500", "-", "-", "500")
}

// A rule that is for a request and does not hit it decides that nothing happens.
func TestAddedRuleThatDoesNotHit(t *testing.T) {
	in, err := New(Plan{Phases: []Phase{{For: time.Second, Rules: []Rule{mustRule(t, "500")}}}}, 7)
	if err != nil {
		t.Fatal(err)
	}
	add := func() *Added {
		a, err := in.Add(3, -1, mustRule(t, "p=0.4 503"))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	draw := func() (hits [1000]bool) {
		for i := range hits {
			v := in.Decide(0, Request{Op: "GET", Call: uint64(i), Attempt: 1})
			if v.Rule >= 0 && v.Effect().Status != 503 {
				t.Fatalf("%v", v.Effect())
			}
			hits[i] = v.Rule >= 0
		}
		return hits
	}
	a := add()
	first := draw()
	if c := a.Counts(); c.Matched != 1000 || c.Fired < 340 || c.Fired > 460 || c.Nominal.P != 0.4 || c.Seen != 0 {
		t.Errorf("%+v", c)
	}
	in.Remove(a)
	add()
	if draw() != first {
		t.Error("the same id draws otherwise")
	}
}

func TestBadAddedRules(t *testing.T) {
	in, err := New(Plan{Phases: []Phase{{For: time.Second}}}, 7)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []Rule{{}, {P: 2, Effect: mustRule(t, "503").Effect}, {P: 1, Continue: true, Effect: mustRule(t, "latency add=1s").Effect}, {P: 1, From: time.Minute, Effect: mustRule(t, "503").Effect}} {
		var invalid *InvalidError
		if _, err := in.Add(1, -1, bad); !errors.As(err, &invalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	for range MaxAdded {
		if _, err := in.Add(1, -1, mustRule(t, "503")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := in.Add(1, -1, mustRule(t, "503")); err != ErrFull {
		t.Errorf("%v", err)
	}
}

// Rules come and go while others decide. (The race detector watches.)
func TestAddWhileDeciding(t *testing.T) {
	in, err := New(Plan{Phases: []Phase{{For: time.Second}}}, 7)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for g := range 4 {
		group.Add(2)
		go func() {
			defer group.Done()
			for i := range 500 {
				in.Decide(0, Request{Op: "GET", Call: uint64(i)}).End()
			}
		}()
		go func() {
			defer group.Done()
			for range 100 {
				a, err := in.Add(uint64(g), -1, mustRule(t, "at-most=1 503"))
				if err != nil {
					t.Error(err)
					return
				}
				in.Remove(a)
			}
		}()
	}
	group.Wait()
	if left := in.more.get(); len(left) > 0 {
		t.Errorf("%d are left", len(left))
	}
}

func TestAddedDecisionsDoNotAllocate(t *testing.T) {
	in, err := New(Plan{Phases: []Phase{{For: time.Second}}}, 7)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.Add(1, -1, mustRule(t, "PutObject raw/** p=0.5 503")); err != nil {
		t.Fatal(err)
	}
	r := Request{Op: "PutObject", Key: "raw/1", Attempt: 1}
	if n := testing.AllocsPerRun(100, func() { r.Call++; in.Decide(0, r) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
