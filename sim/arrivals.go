package sim

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Arrivals says when things begin: the calls of an open load. It is a pure
// function, so a run holds one event for the next arrival, whatever the
// number to come, and can be resumed anywhere.
type Arrivals interface {
	// Next returns the time of arrival number i, counted from 0, given that of
	// the one before (0 for the first). It is never before prev. ok is false
	// where the arrivals have ended: i is past the last one, or its time is
	// [Never].
	Next(prev time.Duration, i uint64) (at time.Duration, ok bool)
}

// MaxRate is the greatest rate of arrivals per second: one each nanosecond,
// the unit of virtual time.
const MaxRate = 1e9

// Poisson is the arrivals of very many callers who know nothing of each
// other: the gaps between them are exponential. The zero value has none.
type Poisson struct {
	gap    float64 // mean, ns; 0: no arrivals
	stream Stream
}

// NewPoisson returns arrivals at the given mean rate per second, with gaps
// drawn from the stream under the key (i, 0, 0) and, for rounding, (i, 1, 0).
// At rate 0 there are none. It panics if the rate is negative, NaN or above
// [MaxRate].
func NewPoisson(rate float64, stream Stream) Poisson {
	return Poisson{gap: gapOf(rate), stream: stream}
}

// Next returns prev plus an exponential gap. The gap is rounded up or down by
// chance, so that the mean holds even where it is but a few nanoseconds.
func (p Poisson) Next(prev time.Duration, i uint64) (time.Duration, bool) {
	if p.gap == 0 {
		return 0, false
	}
	gap := float64(-p.gap * log(1-p.stream.Float64(i, 0, 0)))
	if gap >= 1<<63 {
		return 0, false
	}
	at := Add(prev, p.stream.rounded(gap, i))
	return at, at != Never
}

// rounded rounds the gap before arrival i, in nanoseconds and less than 1<<63, up or down by
// the stream's chance.
func (s Stream) rounded(gap float64, i uint64) time.Duration {
	whole := time.Duration(gap)
	if s.Float64(i, 1, 0) < gap-float64(whole) {
		whole++
	}
	return whole
}

// Paced is arrivals at equal distances: a machine's, or a load generator's.
// The zero value has none.
type Paced struct {
	gap float64 // ns; 0: no arrivals
}

// NewPaced returns arrivals at the given rate per second, the first at 0 and
// number i at i/rate, to the nearest nanosecond: nothing adds up to a drift.
// At rate 0 there are none. It panics if the rate is negative, NaN or above
// [MaxRate].
func NewPaced(rate float64) Paced { return Paced{gap: gapOf(rate)} }

// Next returns the time of arrival i; prev matters only where the clock is
// already past that time.
func (p Paced) Next(prev time.Duration, i uint64) (time.Duration, bool) {
	if p.gap == 0 {
		return 0, false
	}
	at := nanoseconds(float64(float64(i) * p.gap))
	return max(at, prev), at != Never
}

func gapOf(rate float64) float64 {
	if !(rate >= 0 && rate <= MaxRate) {
		panic(fmt.Sprintf("sim: rate of arrivals must be from 0 to %g per second, is %v", float64(MaxRate), rate))
	}
	if rate == 0 {
		return 0
	}
	return min(1e9/rate, math.MaxFloat64) // finite, as 0 times infinity is no number
}

// Replay is arrivals at recorded times. The zero value has none.
type Replay struct{ at []time.Duration }

// NewReplay returns arrivals at the given times, which it copies. An entry
// before its predecessor arrives together with it.
func NewReplay(at []time.Duration) Replay { return Replay{at: slices.Clone(at)} }

// Next returns the recorded time of arrival i, or prev if that is later.
func (r Replay) Next(prev time.Duration, i uint64) (time.Duration, bool) {
	if i >= uint64(len(r.at)) {
		return 0, false
	}
	return max(r.at[i], prev), true
}
