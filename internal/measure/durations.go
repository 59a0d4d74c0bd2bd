package measure

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/squall-sim/squall/reports"
)

// Durations are kept in microseconds from 1 µs to a day: what lies outside is
// counted at the edge, and the exact extremes are kept beside the histogram.
const (
	histUnit = time.Microsecond
	histTop  = int64(24 * time.Hour / histUnit)
)

// Durations gathers durations: a histogram for quantiles, and exact count, sum
// and extremes. The zero value is ready. It is not safe for concurrent use; once
// [Durations.Settle] was called, and as long as nothing is added, it can be read by
// several goroutines.
//
// Most cells of a large scenario hold few samples or none, so a histogram is made when
// there are more than a list of them can hold. Later samples wait in a short list, as it
// takes less time to put many into a histogram at once.
type Durations struct {
	Digits   int // significant digits of the histogram: 0 means 3
	hist     *hdrhistogram.Histogram
	held     []time.Duration // not in the histogram yet
	counted  int             // of held, those that are in what follows
	count    uint64
	sum      wide // nanoseconds
	min, max time.Duration
}

// Lengths of the list: until there is a histogram it grows from the first to the last, and
// then it is a batch.
const (
	heldFirst = 16
	heldMost  = 1024
	heldBatch = 64
)

// Add adds one.
func (t *Durations) Add(d time.Duration) {
	if len(t.held) == cap(t.held) {
		t.makeRoom()
	}
	t.held = append(t.held, d)
}

// makeRoom makes room in the list.
func (t *Durations) makeRoom() {
	t.Settle()
	if t.hist == nil && cap(t.held) < heldMost {
		longer := make([]time.Duration, len(t.held), max(heldFirst, 4*cap(t.held)))
		copy(longer, t.held)
		t.held = longer
		return
	}
	t.pour()
	if t.counted = 0; cap(t.held) == heldBatch {
		t.held = t.held[:0]
		return
	}
	t.held = make([]time.Duration, 0, heldBatch)
}

// Settle brings count, sum and extremes up to date.
func (t *Durations) Settle() {
	if t.counted == len(t.held) {
		return
	}
	if t.count == 0 {
		t.min = t.held[t.counted]
	}
	for _, d := range t.held[t.counted:] {
		t.min, t.max = min(t.min, d), max(t.max, d)
		t.sum.add(uint64(d))
	}
	t.count += uint64(len(t.held) - t.counted)
	t.counted = len(t.held)
}

// pour puts the list into the histogram.
func (t *Durations) pour() {
	if t.hist == nil {
		t.hist = hdrhistogram.New(1, histTop, t.digits())
	}
	record(t.hist, t.held)
}

func (t *Durations) digits() int {
	if t.Digits == 0 {
		return 3
	}
	return t.Digits
}

func record(h *hdrhistogram.Histogram, list []time.Duration) {
	for _, d := range list {
		// The value is clamped into the histogram's range, so this cannot fail.
		_ = h.RecordValue(min(int64(d/histUnit), histTop))
	}
}

// Merge adds o's samples to t.
func (t *Durations) Merge(o *Durations) {
	o.Settle()
	if o.count == 0 {
		return
	}
	t.Settle()
	if t.count == 0 {
		t.Digits, t.min = o.Digits, o.min
	}
	t.min, t.max = min(t.min, o.min), max(t.max, o.max)
	t.count += o.count
	t.sum.addWide(o.sum)
	if t.hist == nil && o.hist == nil && len(t.held)+len(o.held) <= heldMost {
		t.held = append(t.held, o.held...)
		t.counted = len(t.held)
		return
	}
	t.pour()
	t.held, t.counted = nil, 0
	record(t.hist, o.held)
	if o.hist != nil {
		t.hist.Merge(o.hist)
	}
}

// scratch are histograms that are not in use, by their digits.
var scratch [6]sync.Pool

// look gives f a histogram of all samples, for as long as f runs.
func (t *Durations) look(f func(*hdrhistogram.Histogram)) {
	if len(t.held) == 0 && t.hist != nil {
		f(t.hist)
		return
	}
	digits := t.digits()
	h, _ := scratch[digits].Get().(*hdrhistogram.Histogram)
	if h == nil {
		h = hdrhistogram.New(1, histTop, digits)
	}
	record(h, t.held)
	if t.hist != nil {
		h.Merge(t.hist)
	}
	f(h)
	h.Reset()
	scratch[digits].Put(h)
}

// Quantile returns the q-th percentile (0 to 100), never outside the exact
// extremes.
func (t *Durations) Quantile(q float64) time.Duration { return t.Quantiles(q)[0] }

// Quantiles returns several, in less time than one by one.
func (t *Durations) Quantiles(q ...float64) []time.Duration {
	out := make([]time.Duration, len(q))
	t.Settle()
	if t.count == 0 {
		return out
	}
	t.look(func(h *hdrhistogram.Histogram) {
		for i := range q {
			if q[i] >= 100 {
				out[i] = t.max
				continue
			}
			d := time.Duration(h.ValueAtPercentile(q[i])) * histUnit
			out[i] = min(max(d, t.min), t.max)
		}
	})
	return out
}

// Mean returns the mean; 0 of none.
func (t *Durations) Mean() time.Duration {
	t.Settle()
	if t.count == 0 {
		return 0
	}
	return time.Duration(t.sum.over(t.count))
}

// Max returns the longest; 0 of none.
func (t *Durations) Max() time.Duration {
	t.Settle()
	return t.max
}

// Sample returns them as thresholds are held against them, in seconds.
func (t *Durations) Sample() Sample {
	t.Settle()
	return Sample{
		Count: t.count, Value: t.Mean().Seconds(), Min: t.min.Seconds(), Max: t.max.Seconds(),
		Quantile: func(q float64) float64 { return t.Quantile(q).Seconds() },
	}
}

// Report returns them for the record.
func (t *Durations) Report() reports.Trend {
	q := t.Quantiles(50, 90, 95, 99, 99.9)
	return reports.Trend{
		Count: t.count, MinNS: int64(t.min), MeanNS: int64(t.Mean()), MaxNS: int64(t.max),
		P50NS: int64(q[0]), P90NS: int64(q[1]), P95NS: int64(q[2]), P99NS: int64(q[3]), P999NS: int64(q[4]),
	}
}
