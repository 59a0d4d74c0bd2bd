package measure

import (
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
// and extremes. The zero value is ready; the histogram is made at the first sample,
// as most cells of a large scenario stay empty. It is not safe for concurrent use.
type Durations struct {
	Digits   int // significant digits of the histogram: 0 means 3
	hist     *hdrhistogram.Histogram
	count    uint64
	sum      float64 // nanoseconds; a float as a year of hour-long calls overflows an int64
	min, max time.Duration
}

// Add adds one.
func (t *Durations) Add(d time.Duration) {
	if t.hist == nil {
		if t.Digits == 0 {
			t.Digits = 3
		}
		t.hist = hdrhistogram.New(1, histTop, t.Digits)
	}
	if t.count == 0 || d < t.min {
		t.min = d
	}
	if d > t.max {
		t.max = d
	}
	t.count++
	t.sum += float64(d)
	// The value is clamped into the histogram's range, so this cannot fail.
	_ = t.hist.RecordValue(min(int64(d/histUnit), histTop))
}

// Merge adds o's samples to t.
func (t *Durations) Merge(o *Durations) {
	if o.count == 0 {
		return
	}
	if t.hist == nil {
		t.Digits = o.Digits
		t.hist = hdrhistogram.New(1, histTop, o.Digits)
	}
	if t.count == 0 || o.min < t.min {
		t.min = o.min
	}
	t.max = max(t.max, o.max)
	t.count += o.count
	t.sum += o.sum
	t.hist.Merge(o.hist)
}

// Quantile returns the q-th percentile (0 to 100), never outside the exact
// extremes.
func (t *Durations) Quantile(q float64) time.Duration {
	if t.count == 0 {
		return 0
	}
	if q >= 100 {
		return t.max
	}
	d := time.Duration(t.hist.ValueAtPercentile(q)) * histUnit
	return min(max(d, t.min), t.max)
}

// Mean returns the mean; 0 of none.
func (t *Durations) Mean() time.Duration {
	if t.count == 0 {
		return 0
	}
	return time.Duration(t.sum / float64(t.count))
}

// Max returns the longest; 0 of none.
func (t *Durations) Max() time.Duration { return t.max }

// Sample returns them as thresholds are held against them, in seconds.
func (t *Durations) Sample() Sample {
	return Sample{
		Count: t.count, Value: t.Mean().Seconds(), Min: t.min.Seconds(), Max: t.max.Seconds(),
		Quantile: func(q float64) float64 { return t.Quantile(q).Seconds() },
	}
}

// Report returns them for the record.
func (t *Durations) Report() reports.Trend {
	return reports.Trend{
		Count: t.count, MinNS: int64(t.min), MeanNS: int64(t.Mean()), MaxNS: int64(t.max),
		P50NS: int64(t.Quantile(50)), P90NS: int64(t.Quantile(90)), P95NS: int64(t.Quantile(95)),
		P99NS: int64(t.Quantile(99)), P999NS: int64(t.Quantile(99.9)),
	}
}
