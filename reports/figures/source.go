package figures

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/squall-sim/squall/reports"
)

// source is a run seen by the figures: the policies that are drawn, and the
// stretches of time in which they are.
type source struct {
	run      *reports.Run
	policies []*reports.Policy
	left     []string // names of the policies that are not drawn
	views    []*view  // the whole run and, when its faults are short, a close-up
}

// view is a stretch of time drawn as one column of plots, and the bins into
// which the buckets of all series go there.
type view struct {
	src        *source
	begin, end time.Duration
	per        int // buckets in each bin
	bin        time.Duration
	origin     time.Duration // what the time axis counts from
	since      string        // the axis' title, without the unit
	closeUp    *view         // of the whole run: the view that enlarges a part of it
}

// maxBins bounds the points of a line. A figure is 530 points wide inside, so
// more could not be seen; and the file stays small.
const maxBins = 360

func newSource(run *reports.Run, opt Options) *source {
	most := opt.MaxPolicies
	if most == 0 {
		most = defaultMaxPolicies
	}
	s := &source{run: run}
	for i := range run.Policies {
		if most >= 0 && i >= most {
			s.left = append(s.left, reports.OneLine(run.Policies[i].Name))
			continue
		}
		s.policies = append(s.policies, &run.Policies[i])
	}
	whole := &view{src: s, end: time.Duration(run.DurationNS), since: "time since the start"}
	if run.Interrupted {
		whole.end = 0 // the rest was not played
	}
	var bucket time.Duration
	for _, p := range s.policies {
		n := lastBucket(&p.Series) + 1
		if d := time.Duration(p.Series.BucketNS); n > 0 && d > 0 && int64(n) <= math.MaxInt64/int64(d) {
			whole.end = max(whole.end, time.Duration(n)*d)
			bucket = max(bucket, d)
		}
	}
	if whole.end <= 0 {
		whole.end = time.Second // nothing happened: any axis will do
	}
	if bucket == 0 {
		bucket = whole.end
	}
	s.views = []*view{whole}
	if v := s.closeUp(whole, bucket); v != nil {
		whole.closeUp = v
		s.views = append(s.views, v)
	}
	for _, v := range s.views {
		v.per = v.bucketsPerBin(bucket)
		v.bin = bucket * time.Duration(v.per)
	}
	return s
}

// closeUp is the stretch around the faults of a run that has its faults close
// together in a small part of its time: half an hour in four days, say, would
// otherwise be a line. It is nil when there is nothing to enlarge.
func (s *source) closeUp(whole *view, bucket time.Duration) *view {
	var first, last *reports.Phase
	for i := range s.run.Phases {
		p := &s.run.Phases[i]
		if p.Troubled() && p.EndNS > p.StartNS && p.StartNS >= 0 && p.StartNS < int64(whole.end) {
			if first == nil {
				first = p
			}
			last = p
		}
	}
	if first == nil {
		return nil
	}
	length := time.Duration(last.EndNS - first.StartNS)
	if length > whole.end/12 || length < 5*bucket {
		return nil
	}
	// What follows a fault tells more than what comes before.
	begin := max(time.Duration(first.StartNS)-length/2, 0)
	end := min(time.Duration(last.EndNS)+length+length/2, whole.end)
	return &view{
		src: s, begin: begin, end: end,
		origin: time.Duration(first.StartNS), since: "close-up: time since " + reports.OneLine(first.Label) + " began",
	}
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
func (v *view) bucketsPerBin(bucket time.Duration) int {
	buckets := int(min((v.end-v.begin)/bucket, 1<<30)) // an int of 32 bits has room for the sums below
	limit := v.src.mostBins()
	per := roundBin(max((buckets+limit-1)/limit, 1), bucket)
	fewest := 60
	if v.begin > 0 { // a close-up is narrower, and its time more precious
		fewest = 30
	}
	for v.filled(per) < 0.8 {
		next := roundBin(per+max(per/4, 1), bucket)
		if buckets/next < fewest {
			break
		}
		per = next
	}
	return per
}

// roundBin is the least number of buckets, from least on, that together are a
// length people count in. Others, of 51 minutes say, would beat with whatever
// happens every hour.
func roundBin(least int, bucket time.Duration) int {
	for _, u := range timeUnits {
		for _, length := range u.bins {
			if length >= bucket && length/bucket >= time.Duration(least) && length%bucket == 0 {
				return int(length / bucket)
			}
		}
	}
	return least
}

// mostBins bounds the bins of each view so that the largest figure, the load
// with its stack of outcomes, stays a light file even where all is noise.
func (s *source) mostBins() int {
	const bytes, perStep = 250_000, 24 // two points of a path for each bin
	lines := 0
	for _, p := range s.policies {
		lines++
		for _, of := range p.Series.Attempts {
			if slices.ContainsFunc(of, func(n uint64) bool { return n > 0 }) {
				lines++
			}
		}
	}
	return min(maxBins, max(bytes/(perStep*max(lines*len(s.views), 1)), 40))
}

// filled is the share of bins with calls, of those between the first and the
// last call, in the policy where it is largest: when one policy's calls come
// thick and fast, the gaps of another one are its own doing.
func (v *view) filled(per int) float64 {
	most := 0.0
	for _, p := range v.src.policies {
		first, last, with := -1, -1, 0
		from, to := v.buckets(p, len(p.Series.Calls))
		for i := from; i < to; i++ {
			if p.Series.Calls[i] == 0 {
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
			most = max(most, float64(with)/float64(last-first+1))
		}
	}
	return most
}

// played is how many of a policy's n buckets say something: all, unless the run
// was interrupted. Then the rest is not empty but unknown.
func (v *view) played(p *reports.Policy, n int) int {
	if v.src.run.Interrupted {
		return min(n, lastBucket(&p.Series)+1)
	}
	return n
}

// buckets is the range of a policy's n buckets that the view shows.
func (v *view) buckets(p *reports.Policy, n int) (from, to int) {
	d := p.Series.BucketNS
	if d <= 0 {
		return 0, 0
	}
	return int(min(int64(v.begin)/d, int64(n))), int(min((int64(v.end)-1)/d+1, int64(n)))
}

// bins calls f for each bin of a policy's n buckets that the view shows, with
// the buckets [from, to) that it holds and its place on the time axis. Bins
// begin at multiples of their length, whatever the view. What is left at the
// end belongs to the last whole bin if it is short: a rate over the one busy
// minute in which a run of days ends would tower above all others.
func (v *view) bins(p *reports.Policy, n int, f func(from, to int, t0, t1 float64)) {
	n = v.played(p, n)
	first, end := v.buckets(p, n)
	d := float64(p.Series.BucketNS)
	for from, to := first-first%v.per, 0; from < end; from = to {
		to = min(from+v.per, n)
		if rest := end - to; rest > 0 && rest < v.per/2 {
			to = end
		}
		t0, t1 := max(float64(from)*d, float64(v.begin)), min(float64(to)*d, float64(v.end))
		if t0 < t1 {
			f(from, to, t0, t1)
		}
	}
}

// clamp puts a time onto the axis.
func (v *view) clamp(ns int64) float64 {
	return float64(min(max(ns, int64(v.begin)), int64(v.end)))
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
		facts = append(facts, reports.OneLine(s.run.Scenario))
	}
	if s.run.Mode != "" {
		facts = append(facts, "mode "+reports.OneLine(s.run.Mode))
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
	points := ""
	for i, v := range s.views {
		switch {
		case i == 0 && v.per > 1:
			points = "each point covers " + reports.FormatExact(v.bin)
		case i > 0 && points != "":
			points += ", in the close-up " + reports.FormatExact(v.bin)
		}
	}
	if points != "" {
		notes = append(notes, points)
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

// ratio writes attempts for each call with two decimals, as the summary does.
func ratio(x float64) string {
	if x < 100 {
		return fmt.Sprintf("%.2f", x)
	}
	return reports.FormatNumber(x)
}
