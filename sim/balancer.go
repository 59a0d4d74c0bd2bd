package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The ways of a [Balancer] to choose the node for a job.
const (
	// RoundRobin takes the nodes in turn, whatever they do.
	RoundRobin = "round-robin"
	// RandomNode takes any, each with the same chance.
	RandomNode = "random"
	// LeastLoaded takes the one with the fewest jobs inside; of several, any with the
	// same chance. It looks at all of them for each job.
	LeastLoaded = "least-loaded"
	// TwoChoices draws two different ones, and takes the one with fewer jobs inside; of
	// two equal ones the first drawn (M. Mitzenmacher, "The power of two choices in
	// randomized load balancing", IEEE TPDS 12(10), 2001).
	TwoChoices = "two-choices"
)

// Balances lists the ways of a [Balancer].
func Balances() []string { return []string{RoundRobin, RandomNode, LeastLoaded, TwoChoices} }

// Balancer stands before several stations and sends each job to one of them. A station
// that is full refuses the job: the balancer tries no other.
//
// A Balancer belongs to its loop's goroutine, and allocates nothing per job.
type Balancer struct {
	by    string
	nodes []*Station
	turn  int // of the next job, in RoundRobin
}

// NewBalancer returns a balancer before the nodes, which chooses in one of the ways of
// [Balances]; empty: RoundRobin. It panics without a node or with an unknown way.
func NewBalancer(by string, nodes ...*Station) *Balancer {
	if by == "" {
		by = RoundRobin
	}
	if !slices.Contains(Balances(), by) {
		panic(fmt.Sprintf("sim: unknown balance %q, want one of %s", by, strings.Join(Balances(), ", ")))
	}
	if len(nodes) == 0 {
		panic("sim: balancer without a node")
	}
	return &Balancer{by: by, nodes: slices.Clone(nodes)}
}

// Nodes returns the stations, in their order. The slice must not be changed.
func (b *Balancer) Nodes() []*Station { return b.nodes }

// Pick returns the station that [Balancer.Submit] would give a job to now, by the
// draw u in [0, 1). Give each job a draw of its own ([Stream]); RoundRobin needs none.
func (b *Balancer) Pick(u float64) *Station {
	n := len(b.nodes)
	if n == 1 {
		return b.nodes[0]
	}
	switch b.by {
	case RandomNode:
		i, _ := split(u, n)
		return b.nodes[i]
	case TwoChoices:
		i, rest := split(u, n)
		j, _ := split(rest, n-1)
		if j >= i {
			j++
		}
		if b.nodes[j].Inside() < b.nodes[i].Inside() {
			i = j
		}
		return b.nodes[i]
	case LeastLoaded:
		return b.least(u)
	}
	return b.nodes[b.turn]
}

// Submit gives a job to one of the stations; see [Station.Submit]. It returns which, as
// its Cancel is the one that knows the job.
func (b *Balancer) Submit(u float64, service time.Duration, a Actor, data uint64) (*Station, Job, bool) {
	s := b.Pick(u)
	if b.turn++; b.turn == len(b.nodes) {
		b.turn = 0
	}
	j, ok := s.Submit(service, a, data)
	return s, j, ok
}

// least is one of the stations with the fewest jobs inside.
func (b *Balancer) least(u float64) *Station {
	fewest, equal := b.nodes[0].Inside(), 0
	for _, s := range b.nodes {
		switch n := s.Inside(); {
		case n < fewest:
			fewest, equal = n, 1
		case n == fewest:
			equal++
		}
	}
	k, _ := split(u, equal)
	for _, s := range b.nodes {
		if s.Inside() == fewest {
			if k == 0 {
				return s
			}
			k--
		}
	}
	panic("sim: no station is the least loaded")
}

// split makes of one draw one of n numbers, and what is left of the draw.
func split(u float64, n int) (i int, rest float64) {
	scaled := float64(u * float64(n))
	i = min(int(scaled), n-1)
	return i, min(scaled-float64(i), 1-1e-16)
}
