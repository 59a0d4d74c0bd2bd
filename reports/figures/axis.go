package figures

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/squall-sim/squall/reports"
	"gonum.org/v1/plot"
)

// timeUnits are the units of the time axis, with the steps that people count in
// between its ticks, and the lengths of bins that divide the next unit.
var timeUnits = []struct {
	name  string
	unit  time.Duration
	upTo  time.Duration // used for spans below this
	steps []time.Duration
	bins  []time.Duration
}{
	{name: "ns", unit: time.Nanosecond, upTo: 2 * time.Microsecond},
	{name: "µs", unit: time.Microsecond, upTo: 2 * time.Millisecond},
	{name: "ms", unit: time.Millisecond, upTo: 2 * time.Second, bins: times(time.Millisecond, 1, 2, 5, 10, 20, 50, 100, 200, 500)},
	{
		name: "s", unit: time.Second, upTo: 5*time.Minute + 1,
		steps: times(time.Second/10, 2, 5, 10, 20, 50, 100, 150, 300, 600, 1200),
		bins:  times(time.Second, 1, 2, 3, 5, 6, 10, 12, 15, 20, 30),
	},
	{
		name: "min", unit: time.Minute, upTo: 6 * time.Hour,
		steps: times(time.Minute, 1, 2, 5, 10, 15, 30, 60),
		bins:  times(time.Minute, 1, 2, 3, 5, 6, 10, 12, 15, 20, 30),
	},
	{
		name: "h", unit: time.Hour, upTo: 60 * time.Hour,
		steps: times(time.Hour/2, 1, 2, 4, 6, 12, 24),
		bins:  times(time.Hour, 1, 2, 3, 4, 6, 8, 12),
	},
	{
		name: "days", unit: 24 * time.Hour, upTo: math.MaxInt64,
		steps: times(24*time.Hour/4, 1, 2, 4, 8, 28),
		bins:  times(24*time.Hour, 1, 2, 7, 14, 28),
	},
}

// times are multiples of a unit.
func times(unit time.Duration, n ...time.Duration) []time.Duration {
	for i := range n {
		n[i] *= unit
	}
	return n
}

// timeAxis chooses the unit and about so many ticks for a view.
func timeAxis(v *view, about int) (unit string, ticks []plot.Tick) {
	span := v.end - v.begin
	u := timeUnits[0]
	for _, u = range timeUnits {
		if span < u.upTo {
			break
		}
	}
	step := time.Duration(0)
	for _, s := range u.steps {
		if span/s <= time.Duration(about) {
			step = s
			break
		}
	}
	if step == 0 {
		step = max(time.Duration(niceStep(float64(span)/float64(u.unit)/float64(about))*float64(u.unit)), 1)
	}
	for k := (v.begin - v.origin) / step; ; k++ {
		t := v.origin + k*step
		if t > v.end || k > 1000 {
			return u.name, ticks
		}
		if t < v.begin {
			continue
		}
		count := math.Round(float64(t-v.origin)/float64(u.unit)*1e6) / 1e6
		ticks = append(ticks, plot.Tick{Value: float64(t), Label: strconv.FormatFloat(count, 'f', -1, 64)})
		if half := t + step/2; half <= v.end && half > t {
			ticks = append(ticks, plot.Tick{Value: float64(half)})
		}
		if t > math.MaxInt64-step {
			return u.name, ticks
		}
	}
}

// niceStep is the smallest of 1, 2 and 5 times a power of ten that is at least
// x.
func niceStep(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 0) {
		return 1
	}
	power := math.Pow10(decade(x))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= x*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// decade is the exponent of the power of ten at or below x. What is a power of
// ten but for rounding counts as one, whatever the processor's logarithm says.
func decade(x float64) int { return int(math.Floor(math.Log10(x) + 1e-9)) }

// scale is a vertical axis that all rows of a figure share.
type scale struct {
	min, max float64
	norm     plot.Normalizer
	ticks    []plot.Tick
	label    string
}

// linear is an axis from zero to at least most, with about so many ticks.
func linear(most float64, about int, label func(float64) string) scale {
	if !(most > 0) {
		most = 1
	}
	step := niceStep(most / float64(about))
	steps := math.Ceil(most/step*1.03 - 1e-9) // a line along the edge is hard to see
	s := scale{max: steps * step, norm: plot.LinearScale{}}
	for i := 0.0; i <= steps; i++ {
		s.ticks = append(s.ticks, plot.Tick{Value: i * step, Label: label(i * step)})
	}
	return s
}

// upTo is an axis from zero to a value beyond which nothing is possible, with room for a line
// there and no label above it.
func upTo(most float64, about int, label func(float64) string) scale {
	s := linear(most, about, label)
	s.ticks = slices.DeleteFunc(s.ticks, func(t plot.Tick) bool { return t.Value > most*(1+1e-9) })
	s.max = most * 1.03
	return s
}

// logarithm is a logarithmic axis that also has a place for zero, at its foot:
// a call that an open breaker turns away at once takes no time at all.
type logarithm struct{ zero bool }

// zeroRoom is the share of the axis that stands between zero and its least
// positive value.
const zeroRoom = 0.12

// Normalize implements [plot.Normalizer]. What lies outside is at the edge.
func (l logarithm) Normalize(lo, hi, x float64) float64 {
	if x <= 0 {
		return 0
	}
	v := (math.Log10(x) - math.Log10(lo)) / (math.Log10(hi) - math.Log10(lo))
	v = min(max(v, 0), 1)
	if l.zero {
		v = zeroRoom + (1-zeroRoom)*v
	}
	return v
}

// logScale spans the values from lo to hi, both positive, widened to whole
// decades where the range is large and to 1, 2 or 5 times one where it is small;
// zero makes room for zeros. There is room for about so many labels.
func logScale(lo, hi float64, zero bool, about int, label func(float64) string) scale {
	if !(lo > 0) || !(hi > 0) || hi < lo {
		lo, hi = 1, 1000
	}
	lo, hi = below125(lo), niceStep(hi*1.25) // a line along the edge is hard to see
	if hi < lo*10*(1-1e-9) {
		hi = niceStep(lo * 10)
	}
	s := scale{min: lo, max: hi, norm: logarithm{zero}}
	if zero {
		s.ticks = append(s.ticks, plot.Tick{Value: 0, Label: "0"})
	}
	first, last := decade(lo), decade(hi)
	decades := last - first + 1
	every := max((decades+about-1)/about, 1)
	for d := first; d <= last; d++ {
		for m := 1.0; m < 10; m++ {
			v := m * math.Pow10(d)
			if v < lo*(1-1e-9) || v > hi*(1+1e-9) {
				continue
			}
			t := plot.Tick{Value: v}
			switch {
			case m == 1 && (d-first)%every == 0:
				t.Label = label(v)
			case decades <= 2 && (m == 2 || m == 5) && about >= 5:
				t.Label = label(v)
			case every > 1 && m > 1 || decades > 6 && m > 1:
				continue
			}
			s.ticks = append(s.ticks, t)
		}
	}
	return s
}

// below125 is the largest of 1, 2 and 5 times a power of ten that is at most x.
func below125(x float64) float64 {
	power := math.Pow10(decade(x))
	for _, m := range []float64{5, 2} {
		if m*power <= x*(1+1e-9) {
			return m * power
		}
	}
	return power
}

// durationLabel writes a round number of nanoseconds: "10ms", "1s", "100s".
func durationLabel(ns float64) string {
	if ns >= 1e15*(1-1e-9) {
		return strings.Replace(strconv.FormatFloat(ns/1e9, 'e', 0, 64), "e+0", "e", 1) + "s"
	}
	for _, u := range []struct {
		name string
		size float64
	}{{"s", 1e9}, {"ms", 1e6}, {"µs", 1e3}} {
		if ns >= u.size*(1-1e-9) {
			return plainNumber(ns/u.size) + u.name
		}
	}
	return plainNumber(ns) + "ns"
}

// plainNumber writes a round number shortly: "0.5", "200", "1,000", "50k",
// "2M".
func plainNumber(x float64) string {
	if x >= 1e15 {
		return strings.Replace(strconv.FormatFloat(x, 'g', 3, 64), "e+", "e", 1)
	}
	for _, u := range []struct {
		name string
		size float64
	}{{"T", 1e12}, {"G", 1e9}, {"M", 1e6}, {"k", 1e3}} {
		if x >= u.size*10 || x >= u.size && u.name != "k" {
			return strconv.FormatFloat(math.Round(x/u.size*100)/100, 'f', -1, 64) + u.name
		}
	}
	if x >= 1000 {
		return reports.FormatCount(uint64(math.Round(x)))
	}
	return strconv.FormatFloat(x, 'g', 4, 64)
}
