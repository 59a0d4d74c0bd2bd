package sim

import (
	"fmt"
	"math"
	"sort"
	"time"
)

// RateStep is a rate of arrivals from one moment on, until the next step.
type RateStep struct {
	From time.Duration // not before 0; each later than the one before
	Rate float64       // a second: 0 to [MaxRate]; 0: nothing arrives
}

// rates is a rate that is constant between steps.
type rates struct {
	from []time.Duration // of each step; the first is 0
	rate []float64       // a second; no two neighbours are equal
	gap  []float64       // mean, ns; 0: no arrivals
}

// ratesOf leaves out steps that change nothing: they must not change how anything is
// rounded either.
func ratesOf(steps []RateStep) (r rates) {
	for i, s := range steps {
		if s.From < 0 || i > 0 && s.From <= steps[i-1].From {
			panic(fmt.Sprintf("sim: steps of a rate must be in the order of their times, from 0 on: step %d is at %v", i, s.From))
		}
		gap := gapOf(s.Rate)
		if n := len(r.rate); n > 0 && r.rate[n-1] == s.Rate {
			continue
		}
		r.from, r.rate, r.gap = append(r.from, s.From), append(r.rate, s.Rate), append(r.gap, gap)
	}
	if len(r.from) > 0 {
		r.from[0] = 0
	}
	return r
}

// at returns the step that is in force at t.
func (r *rates) at(t time.Duration) int {
	return sort.Search(len(r.from), func(i int) bool { return r.from[i] > t }) - 1
}

// end returns when step i is over.
func (r *rates) end(i int) time.Duration {
	if i+1 < len(r.from) {
		return r.from[i+1]
	}
	return Never
}

// VaryingPoisson is the arrivals of very many callers who know nothing of each other, and
// of whom there are sometimes more and sometimes fewer: a Poisson process whose rate is
// constant between steps. It is exact: the time to the next arrival is that in which the
// integral of the rate grows by an exponential draw of mean 1 (Çinlar, Introduction to
// Stochastic Processes, 1975, section 4.7). With equal rates it is [Poisson], to the bit. The
// zero value has no arrivals.
type VaryingPoisson struct {
	rates  rates
	stream Stream
}

// NewVaryingPoisson returns arrivals at the rates of the steps, with draws as those of
// [NewPoisson]. The first step counts from time 0 on, wherever it begins; without steps
// there are no arrivals. It panics if a rate is negative, NaN or above [MaxRate], or a
// step does not come after the one before.
func NewVaryingPoisson(steps []RateStep, stream Stream) *VaryingPoisson {
	return &VaryingPoisson{rates: ratesOf(steps), stream: stream}
}

// Next returns the moment at which the rate, summed up since prev, has reached a draw.
func (p *VaryingPoisson) Next(prev time.Duration, i uint64) (time.Duration, bool) {
	left := -log(1 - p.stream.Float64(i, 0, 0)) // arrivals that are to be expected until this one
	t := max(prev, 0)
	for k := p.rates.at(t); k >= 0 && k < len(p.rates.from); k++ {
		gap, end := p.rates.gap[k], p.rates.end(k)
		if gap == 0 {
			t = end
			continue
		}
		if wait := float64(gap * left); wait <= float64(end-t) && wait < 1<<63 {
			at := Add(t, p.stream.rounded(wait, i))
			return at, at != Never
		}
		left = max(0, left-float64(end-t)/gap)
		t = end
	}
	return 0, false
}

// VaryingPaced is arrivals at distances that change with the rate: number i comes when the
// integral of the rate has reached i. With equal rates it is [Paced], to the bit. The zero
// value has none.
type VaryingPaced struct {
	rates  rates
	before []float64 // arrivals before each step
}

// NewVaryingPaced returns arrivals at the rates of the steps, the first at 0 or when the
// rate is first above 0. It takes and refuses what [NewVaryingPoisson] does.
func NewVaryingPaced(steps []RateStep) *VaryingPaced {
	p := &VaryingPaced{rates: ratesOf(steps)}
	sum := 0.0
	for i, from := range p.rates.from {
		p.before = append(p.before, sum)
		if end := p.rates.end(i); end != Never { // of the last step nobody asks
			sum = whole(sum + float64(p.rates.rate[i]*float64(end-from))/1e9)
		}
	}
	return p
}

// whole makes a number that is next to a whole one that one: with 20 arrivals a minute the
// arrival that is due after 30 seconds belongs to what begins then, and not to what ends.
func whole(x float64) float64 {
	const near = 1e-9 // far above what sums of rounded products lose, far below what can be seen
	if r := math.Round(x); math.Abs(x-r) <= float64(near*max(1, r)) {
		return r
	}
	return x
}

// Next returns the time of arrival i; prev matters only where the clock is already past
// that time.
func (p *VaryingPaced) Next(prev time.Duration, i uint64) (time.Duration, bool) {
	n := float64(i)
	// The last step that begins with no more than n arrivals behind it. Steps at rate 0
	// before it begin with as many, and end there.
	k := sort.Search(len(p.before), func(k int) bool { return p.before[k] > n }) - 1
	if k < 0 || p.rates.gap[k] == 0 {
		return 0, false
	}
	at := Add(p.rates.from[k], nanoseconds(float64((n-p.before[k])*p.rates.gap[k])))
	return max(at, prev), at != Never
}
