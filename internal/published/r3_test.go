package published

import (
	"math"
	"testing"
)

// collapseMutants are R3 with other attempts than the program's three sends.
func collapseMutants() []mutant {
	return []mutant{
		{"R3, one retry", func() Report { return collapseReport(quick, 2) }},
		{"R3, three retries", func() Report { return collapseReport(quick, 4) }},
	}
}

// With the network left out the balance is plain: all attempts succeed while
// n ≤ 200 and all fail beyond, so that the rate falls by the number of attempts there.
func TestMeanFieldEdges(t *testing.T) {
	for attempts := 2; attempts <= 6; attempts++ {
		low, high, ok := meanFieldEdges(attempts)
		// At n = 200 a request takes 3 s.
		if want := 200 / 3.0 / float64(attempts); !ok || math.Abs(low-want) > 0.01*want {
			t.Errorf("%d attempts: bistable from %.3f, want %.3f", attempts, low, want)
		}
		if high < 57 || high > 58 {
			t.Errorf("%d attempts: collapsed from %.3f, want between 57 and 58", attempts, high)
		}
	}
	if low, _, ok := meanFieldEdges(1); ok {
		t.Errorf("without retries it is bistable from %.3f", low)
	}
}

// Fisher's own example, and what is known without computing.
func TestFisher(t *testing.T) {
	for _, c := range []struct {
		a, n, b, m int
		want       float64
	}{
		{3, 4, 1, 4, 34.0 / 70}, // the lady tasting tea: 2·(1 + 16)/70
		{4, 4, 0, 4, 2.0 / 70},
		{5, 10, 50, 100, 1},
		{0, 10, 0, 10, 1},
		{0, 10, 10, 10, 2.0 / 184756},
	} {
		if got := fisher(c.a, c.n, c.b, c.m); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%d of %d against %d of %d: %v, want %v", c.a, c.n, c.b, c.m, got, c.want)
		}
	}
}
