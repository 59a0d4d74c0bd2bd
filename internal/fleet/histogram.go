package fleet

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

// trend gathers durations: a histogram for quantiles, and exact count, sum and
// extremes. The zero value is ready; the histogram is made at the first sample,
// as most cells of a large scenario stay empty.
type trend struct {
	hist     *hdrhistogram.Histogram
	digits   int // significant digits of the histogram: 0 means 3
	count    uint64
	sum      float64 // nanoseconds; a float as a year of hour-long calls overflows an int64
	min, max time.Duration
}

func (t *trend) add(d time.Duration) {
	if t.hist == nil {
		if t.digits == 0 {
			t.digits = 3
		}
		t.hist = hdrhistogram.New(1, histTop, t.digits)
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

// merge adds o's samples to t.
func (t *trend) merge(o *trend) {
	if o.count == 0 {
		return
	}
	if t.hist == nil {
		t.digits = o.digits
		t.hist = hdrhistogram.New(1, histTop, o.digits)
	}
	if t.count == 0 || o.min < t.min {
		t.min = o.min
	}
	t.max = max(t.max, o.max)
	t.count += o.count
	t.sum += o.sum
	t.hist.Merge(o.hist)
}

// quantile returns the q-th percentile (0 to 100), never outside the exact
// extremes.
func (t *trend) quantile(q float64) time.Duration {
	if t.count == 0 {
		return 0
	}
	if q >= 100 {
		return t.max
	}
	d := time.Duration(t.hist.ValueAtPercentile(q)) * histUnit
	return min(max(d, t.min), t.max)
}

func (t *trend) mean() time.Duration {
	if t.count == 0 {
		return 0
	}
	return time.Duration(t.sum / float64(t.count))
}

func (t *trend) report() reports.Trend {
	return reports.Trend{
		Count: t.count, MinNS: int64(t.min), MeanNS: int64(t.mean()), MaxNS: int64(t.max),
		P50NS: int64(t.quantile(50)), P90NS: int64(t.quantile(90)), P95NS: int64(t.quantile(95)),
		P99NS: int64(t.quantile(99)), P999NS: int64(t.quantile(99.9)),
	}
}
