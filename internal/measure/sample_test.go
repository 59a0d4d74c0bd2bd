package measure

import (
	"math"
	"testing"
	"time"

	"github.com/squall-sim/squall/reports"
)

// A quantile that lies among the numbers that share the last count is their maximum: it
// cannot be less than what most of them are.
func TestQuantilesBeyondTheLastCount(t *testing.T) {
	counts := []uint64{0, 2, 0, 6} // the six made 3 or more
	s := Numbers(counts, 2+6*500, 1, 900)
	for q, want := range map[float64]float64{0: 1, 25: 1, 26: 900, 50: 900, 100: 900} {
		if got := s.Quantile(q); got != want {
			t.Errorf("p(%v) is %v, want %v", q, got, want)
		}
	}
	exact := Numbers(counts, 2+6*3, 1, 3)
	if got := exact.Quantile(50); got != 3 {
		t.Errorf("the median is %v, want 3", got)
	}
	if got := Numbers(nil, 0, 0, 0).Quantile(50); got != 0 {
		t.Errorf("the median of nothing is %v", got)
	}
}

// Recoveries are few, and have quantiles like all trends; what never recovered is the longest.
func TestRecoveries(t *testing.T) {
	list := []reports.Recovery{
		{Phase: "a", Recovered: true, AfterNS: int64(4 * time.Second)}, {Phase: "b", AfterNS: int64(time.Second)},
		{Phase: "a", Recovered: true, AfterNS: int64(2 * time.Second)}, {Phase: "a", Recovered: true},
	}
	never := math.Inf(1)
	for _, tt := range []struct {
		phase                         string
		count                         uint64
		least, median, p90, most, avg float64
	}{
		{"", 4, 0, 2, never, never, never}, {"a", 3, 0, 2, 4, 4, 2}, {"b", 1, never, never, never, never, never},
	} {
		s := Recoveries(list, tt.phase)
		if s.Count != tt.count || s.Min != tt.least || s.Quantile(50) != tt.median || s.Quantile(90) != tt.p90 || s.Max != tt.most || s.Value != tt.avg || s.Quantile(0) != s.Min || s.Quantile(100) != s.Max {
			t.Errorf("phase %q: %+v, median %v, p90 %v", tt.phase, s, s.Quantile(50), s.Quantile(90))
		}
	}
	if s := Recoveries(list, "c"); s.Count != 0 || s.Value != 0 {
		t.Errorf("%+v", s)
	}
}
