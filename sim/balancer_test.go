package sim_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/sim"
)

func stations(loop *sim.Loop, n, workers, queue int) (list []*sim.Station) {
	for range n {
		list = append(list, sim.NewStation(loop, workers, queue))
	}
	return list
}

// What Pick promises is what Next does, and each way keeps its rule.
func TestBalancerPicksByItsRule(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		by := rapid.SampledFrom(append(sim.Balances(), "")).Draw(rt, "by")
		loop := sim.NewLoop()
		nodes := stations(loop, rapid.IntRange(1, 6).Draw(rt, "nodes"), 1, 3)
		b := sim.NewBalancer(by, nodes...)
		idle := sim.ActorFunc(func(time.Duration, uint64) {})
		for i := range rapid.IntRange(1, 50).Draw(rt, "jobs") {
			u := rapid.Float64Range(0, 1).Draw(rt, "u")
			if u == 1 {
				u = 1 - 1.0/(1<<53)
			}
			load := func(s *sim.Station) int { return s.Inside() }
			least := slices.MinFunc(nodes, func(a, b *sim.Station) int { return load(a) - load(b) }).Inside()
			most := slices.MaxFunc(nodes, func(a, b *sim.Station) int { return load(a) - load(b) }).Inside()
			promised := b.Pick(u)
			at, before, room := slices.Index(nodes, promised), promised.Inside(), !promised.Full()
			s := b.Next(u)
			job, ok := s.Submit(time.Second, idle, 0)
			if s != promised || ok != room {
				rt.Fatalf("Pick promised node %d, and let in %t", at, ok)
			}
			switch {
			case by == sim.LeastLoaded && before != least:
				rt.Fatalf("a node with %d was picked, the least have %d", before, least)
			case (by == sim.RoundRobin || by == "") && at != i%len(nodes):
				rt.Fatalf("node %d was picked, want %d", at, i%len(nodes))
			case by == sim.TwoChoices && len(nodes) > 1 && before == most && least < most && !slices.ContainsFunc(nodes, func(o *sim.Station) bool { return o != s && o.Inside() >= most }):
				rt.Fatalf("the one with the most, %d, was picked before some other", before)
			}
			if ok && rapid.IntRange(0, 3).Draw(rt, "cancel?") == 0 {
				s.Cancel(job)
			}
			loop.Run(loop.Now() + time.Duration(rapid.IntRange(0, 500).Draw(rt, "gap"))*time.Millisecond)
		}
	})
}

// Draws that are spread evenly spread jobs evenly, over nodes and over pairs of nodes.
func TestBalancerIsFair(t *testing.T) {
	const n, draws = 5, 100_000
	loop := sim.NewLoop()
	nodes := stations(loop, n, 1, -1)
	for _, by := range []string{sim.RandomNode, sim.LeastLoaded, sim.TwoChoices} {
		b := sim.NewBalancer(by, nodes...)
		var hits [n]int
		for i := range draws {
			hits[slices.Index(nodes, b.Pick((float64(i)+0.5)/draws))]++
		}
		for i, h := range hits {
			if h < draws/n-2 || h > draws/n+2 {
				t.Errorf("%s: node %d got %d of %d jobs", by, i, h, draws)
			}
		}
		if by != sim.LeastLoaded && b.Pick(0) != nodes[0] {
			t.Errorf("%s: the first draw is not for the first node", by)
		}
	}
	// One that has work is picked by two choices only by chance of no other: never.
	nodes[2].Enter(time.Second, sim.ActorFunc(func(time.Duration, uint64) {}), 0)
	b := sim.NewBalancer(sim.TwoChoices, nodes...)
	for i := range draws {
		if b.Pick((float64(i)+0.5)/draws) == nodes[2] {
			t.Fatal("the only one with work was picked")
		}
	}
}

func TestBalancerAtTheEdges(t *testing.T) {
	loop := sim.NewLoop()
	for _, bad := range []struct {
		do   func()
		want string
	}{
		{func() { sim.NewBalancer(sim.RandomNode) }, "without a node"},
		{func() { sim.NewBalancer("sticky", stations(loop, 1, 1, 1)...) }, `unknown balance "sticky", want one of round-robin, random`},
	} {
		if text := panicOf(bad.do); !strings.Contains(text, bad.want) {
			t.Errorf("panic %q, want %q", text, bad.want)
		}
	}
	if b := sim.NewBalancer("", stations(loop, 3, 1, 1)...); len(b.Nodes()) != 3 {
		t.Errorf("%d nodes", len(b.Nodes()))
	}
}
