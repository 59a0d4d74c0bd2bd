package measure

import "testing"

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
