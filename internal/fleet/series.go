package fleet

import (
	"time"

	"github.com/squall-sim/squall/internal/measure"
	"github.com/squall-sim/squall/reports"
)

// A series has about as many buckets as a figure can show points at 800 pixels,
// and more where a fault is short beside the run, so that a close-up of it has
// something to show; but no more than maxBuckets, for a bucket that is not
// empty takes 32 KiB.
const (
	seriesBuckets = 300
	faultBuckets  = 20
	maxBuckets    = 3000
)

// series gathers what happened over time, in buckets of one width.
type series struct {
	width  time.Duration
	starts measure.Ticks // of calls
	sents  measure.Ticks // of attempts
	calls  []bucket
	sent   [reports.OutcomeUnfinished + 1][]uint64
	opened []time.Duration // time spent open, all breakers together
	half   []time.Duration
}

// bucket is the calls that were meant to start in one stretch of time.
type bucket struct {
	calls, succeeded, rejected uint64
	attempts, attemptMax       uint64
	duration                   measure.Durations
}

func newSeries(width time.Duration) series {
	return series{width: width, starts: measure.NewTicks(width), sents: measure.NewTicks(width)}
}

// bucketWidth returns the width of the buckets for a run of length d whose
// shortest phase with faults is fault long (0: none): a round number of
// seconds, minutes or hours, so that edges fall on the ticks that a reader
// expects.
func bucketWidth(d, fault time.Duration) time.Duration {
	width := roundUp(d / seriesBuckets)
	if fault > 0 {
		width = min(width, roundUp(fault/faultBuckets))
	}
	return max(width, roundUp(d/maxBuckets))
}

// roundUp returns the least round width that is not below d.
func roundUp(d time.Duration) time.Duration {
	steps := []time.Duration{
		time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond,
		50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
		time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
	}
	for _, s := range steps {
		if d <= s {
			return s
		}
	}
	const day = 24 * time.Hour
	return day * ((d + day - 1) / day)
}

func (s *series) call(start time.Duration) *bucket {
	i := s.starts.Index(start)
	for len(s.calls) <= i {
		s.calls = append(s.calls, bucket{duration: measure.Durations{Digits: 2}})
	}
	return &s.calls[i]
}

func (s *series) attempt(sent time.Duration, outcome int) {
	row := &s.sent[outcome]
	i := s.sents.Index(sent)
	for len(*row) <= i {
		*row = append(*row, 0)
	}
	(*row)[i]++
}

// spread adds the stretch [from, to) to the buckets that it covers.
func (s *series) spread(row *[]time.Duration, from, to time.Duration) {
	for from < to {
		i := int(from / s.width)
		for len(*row) <= i {
			*row = append(*row, 0)
		}
		end := min(to, time.Duration(i+1)*s.width)
		(*row)[i] += end - from
		from = end
	}
}

// report cuts all rows to one length: the longest, but at least that of the
// run itself.
func (s *series) report(run time.Duration) reports.Series {
	n := max(int((run+s.width-1)/s.width), len(s.calls), len(s.opened), len(s.half))
	for _, row := range s.sent {
		n = max(n, len(row))
	}
	out := reports.Series{BucketNS: int64(s.width)}
	out.Calls, out.Succeeded, out.Rejected = make([]uint64, n), make([]uint64, n), make([]uint64, n)
	out.CallAttempts, out.CallAttemptMax = make([]uint64, n), make([]uint64, n)
	out.CallP50NS, out.CallP99NS, out.CallMaxNS = make([]int64, n), make([]int64, n), make([]int64, n)
	for i := range s.calls {
		b := &s.calls[i]
		out.Calls[i], out.Succeeded[i], out.Rejected[i] = b.calls, b.succeeded, b.rejected
		out.CallAttempts[i], out.CallAttemptMax[i] = b.attempts, b.attemptMax
		q := b.duration.Quantiles(50, 99)
		out.CallP50NS[i], out.CallP99NS[i] = int64(q[0]), int64(q[1])
		out.CallMaxNS[i] = int64(b.duration.Max())
	}
	for _, row := range s.sent {
		out.Attempts = append(out.Attempts, append(row, make([]uint64, n-len(row))...))
	}
	out.BreakerOpenNS, out.BreakerHalfOpenNS = make([]int64, n), make([]int64, n)
	for i, d := range s.opened {
		out.BreakerOpenNS[i] = int64(d)
	}
	for i, d := range s.half {
		out.BreakerHalfOpenNS[i] = int64(d)
	}
	return out
}
