package figures

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/squall-sim/squall/reports"
)

// source is a run seen by the figures: the policies that are drawn, the time
// that is shown, and the bins into which the buckets of all series go.
type source struct {
	run      *reports.Run
	policies []*reports.Policy
	left     []string // names of the policies that are not drawn
	end      time.Duration
	per      int // buckets in each bin
	bin      time.Duration
}

// maxBins bounds the points of a line. A figure is 530 points wide inside, so
// more could not be seen; and the file stays small.
const maxBins = 360

func newSource(run *reports.Run, opt Options) *source {
	most := opt.MaxPolicies
	if most == 0 {
		most = defaultMaxPolicies
	}
	s := &source{run: run, end: time.Duration(max(run.DurationNS, 1))}
	for i := range run.Policies {
		if most >= 0 && i >= most {
			s.left = append(s.left, clean(run.Policies[i].Name))
			continue
		}
		s.policies = append(s.policies, &run.Policies[i])
	}
	buckets := 0
	bucket := time.Duration(1)
	for _, p := range s.policies {
		n := lastBucket(&p.Series) + 1
		if d := time.Duration(p.Series.BucketNS); n > 0 && d > 0 && int64(n) <= math.MaxInt64/int64(d) {
			s.end = max(s.end, time.Duration(n)*d)
			bucket = max(bucket, d)
			buckets = max(buckets, n)
		}
	}
	s.per = s.bucketsPerBin(buckets)
	s.bin = bucket * time.Duration(s.per)
	return s
}

// lastBucket is the last one in which something happened; -1 if nothing did.
func lastBucket(s *reports.Series) int {
	for i := len(s.Calls) - 1; i >= 0; i-- {
		if s.Calls[i] > 0 {
			return max(i, lastAttempt(s, i))
		}
	}
	return lastAttempt(s, -1)
}

func lastAttempt(s *reports.Series, from int) int {
	last := from
	for _, of := range s.Attempts {
		for i := len(of) - 1; i > last; i-- {
			if of[i] > 0 {
				last = i
			}
		}
	}
	return last
}

// bucketsPerBin is the smallest number that makes few enough bins, and that
// lets most bins between the first and the last call hold a call: a job that
// calls every five seconds is a line, not a row of dots.
func (s *source) bucketsPerBin(buckets int) int {
	// Bytes grow with policies, outcomes and bins.
	limit := max(min(maxBins, 2400/max(len(s.policies), 1)), 100)
	per := max((buckets+limit-1)/limit, 1)
	const fewest = 60
	for ; buckets/(per+1) >= fewest; per++ {
		if s.filled(per) >= 0.8 {
			break
		}
	}
	return per
}

// filled is the share of bins with calls, of those between the first and the
// last call, in the policy where it is least.
func (s *source) filled(per int) float64 {
	least := 1.0
	for _, p := range s.policies {
		first, last, with := -1, -1, 0
		for i, n := range p.Series.Calls {
			if n == 0 {
				continue
			}
			b := i / per
			if first < 0 {
				first = b
			}
			if b != last {
				with++
			}
			last = b
		}
		if first >= 0 {
			least = min(least, float64(with)/float64(last-first+1))
		}
	}
	return least
}

// bins calls f for each bin of n buckets with the buckets [from, to) that it
// holds and its place on the time axis.
func (s *source) bins(p *reports.Policy, n int, f func(from, to int, t0, t1 float64)) {
	d := float64(p.Series.BucketNS)
	for from := 0; from < n; from += s.per {
		to := min(from+s.per, n)
		t0, t1 := float64(from)*d, float64(to)*d
		if t0 >= float64(s.end) {
			return
		}
		f(from, to, t0, min(t1, float64(s.end)))
	}
}

// at is xs[i], or zero for a series that a damaged record cut short.
func at[T uint64 | int64](xs []T, i int) T {
	if i < len(xs) {
		return max(xs[i], 0)
	}
	return 0
}

// subtitle is what all figures say about the run.
func (s *source) subtitle() string {
	facts := []string{}
	if s.run.Scenario != "" {
		facts = append(facts, clean(s.run.Scenario))
	}
	if s.run.Mode != "" {
		facts = append(facts, "mode "+clean(s.run.Mode))
	}
	facts = append(facts, fmt.Sprintf("seed %d", s.run.Seed))
	if s.run.Interrupted {
		facts = append(facts, "interrupted")
	}
	return strings.Join(facts, " · ")
}

// notes are the remarks under all figures.
func (s *source) notes() []string {
	var notes []string
	if s.per > 1 {
		notes = append(notes, "each point covers "+reports.FormatExact(s.bin))
	}
	if n := len(s.left); n > 0 {
		names := strings.Join(s.left[:min(n, 6)], ", ")
		if n > 6 {
			names += ", …"
		}
		notes = append(notes, fmt.Sprintf("%d of %d policies not drawn: %s", n, len(s.run.Policies), names))
	}
	return notes
}

// clean makes text from a scenario fit for one line of an XML document, which
// has no room for control characters.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r == utf8.RuneError || !unicode.IsPrint(r):
			return '\uFFFD'
		}
		return r
	}, s)
}
