package sim

import (
	"fmt"
	"slices"
	"strings"
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

// Balancer stands before several stations and says which is to get a job. A station that
// is full refuses it: the balancer names no other for the same job.
//
// A Balancer belongs to its loop's goroutine, and allocates nothing per job.
type Balancer struct {
	by    string
	nodes []*Station
	turn  int // the number of the next, in RoundRobin
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

// Pick returns the station whose turn it is, by the draw u in [0, 1), and changes nothing:
// [Balancer.Next] would return the same. Give each job a draw of its own ([Stream]);
// RoundRobin needs none.
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

// Next returns the station for a job that comes now; see [Balancer.Pick].
func (b *Balancer) Next(u float64) *Station {
	s := b.Pick(u)
	if b.turn++; b.turn == len(b.nodes) {
		b.turn = 0
	}
	return s
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
