package faults

import (
	"strconv"
	"sync"

	"github.com/squall-sim/squall/sim"
)

// By says which requests are counted together.
type By uint8

// What requests are counted by.
const (
	ByAll    By = iota // all that the selector chooses
	ByKey              // those for one bucket and key, or path
	ByClient           // those of one client; the ones that do not say whose they are count as one's
	ByCall             // the attempts of one call
)

var byWords = [...]string{ByAll: "all", ByKey: "key", ByClient: "client", ByCall: "call"}

// String returns the word: "all", "key", "client" or "call".
func (b By) String() string {
	if int(b) < len(byWords) {
		return byWords[b]
	}
	return "by(" + strconv.Itoa(int(b)) + ")"
}

// ParseBy reads the word of a By.
func ParseBy(word string) (By, bool) {
	for b, w := range byWords {
		if w == word {
			return By(b), true
		}
	}
	return 0, false
}

// Every leaves a rule every N-th of the requests: the N-th, the 2N-th and so on.
// The zero value, and an N of 1, leave all.
type Every struct {
	N   int // 0 to [MaxCount]
	Per By  // ByCall: every N-th attempt of a call
}

// First leaves a rule the first N of the requests, or the requests of the first
// N calls. The zero value leaves all.
type First struct {
	N     int // 0 to [MaxCount]
	Calls bool
	Per   By // ByCall: the first N attempts of each call; not with Calls
}

// MaxCount bounds the numbers of [Every] and [First].
const MaxCount = 1_000_000

// maxGroups bounds what a rule remembers: this many keys or clients, and as many
// calls, some 40 MB each.
const maxGroups = 1 << 20

// counting is what a rule with Every or First keeps. Where the number of a
// request follows from itself (ByCall), nothing is: it is a function of the
// request. Otherwise requests have to be counted, in the order in which they
// come: ByKey only in the order of those for one key. Beyond maxGroups keys or
// clients, a rule is for no new ones.
type counting struct {
	every Every
	first First

	mu          sync.Mutex
	everyCounts map[uint64]int // by group
	firstCounts map[uint64]int
	calls       map[uint64]struct{} // of First.Calls, by group and call
}

// newCounting returns nil where there is nothing to count.
func newCounting(r Rule) *counting {
	if r.Every.N <= 1 && r.First.N == 0 {
		return nil
	}
	return &counting{every: r.Every, first: r.First, everyCounts: map[uint64]int{}, firstCounts: map[uint64]int{}, calls: map[uint64]struct{}{}}
}

// forgets reports whether it counts the attempts of one call only, whose number the request
// tells.
func (c *counting) forgets() bool {
	return c == nil || (c.every.N <= 1 || c.every.Per == ByCall) && (c.first.N == 0 || c.first.Per == ByCall)
}

// leaves reports whether the rule is for the request, and counts it.
func (c *counting) leaves(r *Request) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.leavesEvery(r) && c.leavesFirst(r)
}

func (c *counting) leavesEvery(r *Request) bool {
	if c.every.N <= 1 {
		return true
	}
	if c.every.Per == ByCall {
		return r.Attempt%c.every.N == 0
	}
	n, ok := count(c.everyCounts, r.group(c.every.Per), c.every.N)
	return ok && n == c.every.N
}

func (c *counting) leavesFirst(r *Request) bool {
	switch {
	case c.first.N == 0:
		return true
	case c.first.Per == ByCall:
		return r.Attempt <= c.first.N
	}
	group := r.group(c.first.Per)
	var call uint64
	if c.first.Calls {
		call = keyed.Sub(group).Uint64(r.Client, r.Call, 0)
		if _, seen := c.calls[call]; seen {
			return true
		}
	}
	if c.firstCounts[group] >= c.first.N || c.first.Calls && len(c.calls) >= maxGroups {
		return false
	}
	if _, ok := count(c.firstCounts, group, 0); !ok {
		return false
	}
	if c.first.Calls {
		c.calls[call] = struct{}{}
	}
	return true
}

// count counts one more of a group, and begins again after the number around
// (0: never). ok is false for a new group that there is no room for.
func count(counts map[uint64]int, group uint64, around int) (n int, ok bool) {
	n, known := counts[group]
	if !known && len(counts) >= maxGroups {
		return 0, false
	}
	if n++; around > 0 && n == around {
		counts[group] = 0
		return n, true
	}
	counts[group] = n
	return n, true
}

// keyed mixes numbers into one.
var keyed sim.Stream

// group is the hash of what a request is counted with: two of 2^20 are the same
// with a chance of 2^-25.
func (r *Request) group(per By) uint64 {
	switch per {
	case ByKey:
		return keyed.Uint64(hashString(r.Bucket), hashString(r.path()), 1)
	case ByClient:
		return keyed.Uint64(r.client(), 0, 2)
	}
	return 0
}

// client is the number of the request's client; all that do not say are 0.
func (r *Request) client() uint64 {
	if r.Unnamed {
		return 0
	}
	return r.Client
}

// counting checks Every, First and AtMost.
func (c *checker) counting(path string, r Rule) {
	c.number(path+"every", r.Every.N)
	c.number(path+"first", r.First.N)
	c.number(path+"at_most", r.AtMost)
	for _, p := range []struct {
		name string
		n    int
		per  By
	}{{"every", r.Every.N, r.Every.Per}, {"first", r.First.N, r.First.Per}} {
		switch {
		case int(p.per) >= len(byWords):
			c.add(path+p.name, "unknown "+p.per.String(), "use one of the package's constants")
		case p.n == 0 && p.per != ByAll:
			c.add(path+p.name, "per "+p.per.String()+" of nothing", "write a number, or leave "+p.name+" out")
		}
	}
	switch f := r.First; {
	case f.Calls && f.N == 0:
		c.add(path+"first", "the calls of nothing", "write a number, or leave first out")
	case f.Calls && f.Per == ByCall:
		c.add(path+"first", "a call has no calls", "count attempts per call, or calls per key, client or all")
	}
}

func (c *checker) number(path string, n int) {
	if n < 0 || n > MaxCount {
		c.add(path, strconv.Itoa(n)+" is out of bounds", "write 1 to "+strconv.Itoa(MaxCount))
	}
}
