package bench

import (
	"math"
	"testing"
	"time"
)

// sigmas is how many standard errors a number may be off: 5 are exceeded by chance once in
// 1.7 million times; the seed is fixed, so that a program which passes goes on to.
const sigmas = 5

// TestSameModel demands of every program what the model must come to, whoever plays it:
// 1-0.5³ of the calls succeed, with 1+0.5+0.25 attempts on average, and a client makes one
// call in 137.5 ms: 87.5 ms of attempts, 25 ms and 25 ms of delays (0.5·50 + 0.25·100).
func TestSameModel(t *testing.T) {
	scratch := t.TempDir()
	simulate, err := Build(".", scratch)
	if err != nil {
		t.Fatal(err)
	}
	missing := Missing()
	for _, p := range Programs(simulate, ".", scratch) {
		t.Run(p.Name, func(t *testing.T) {
			if missing != "" && p.Name != "squall" {
				t.Skip(missing)
			}
			r, err := p.Play(20*time.Second, 1)
			if err != nil {
				t.Fatal(err)
			}
			n := float64(r.Calls)
			// Calls that the end cuts short: their attempts are counted by some, which is no
			// more than three for each client.
			within(t, "success rate", float64(r.Succeeded)/n, 0.875, sigmas*math.Sqrt(0.875*0.125/n)+1e3/n)
			within(t, "attempts per call", float64(r.Attempts)/n, 1.75, sigmas*math.Sqrt(0.6875/n)+3e3/n)
			// A renewal process: the count's relative error is that of the mean of a call's
			// duration, whose deviation is about its mean; and one call per client at the ends.
			want := 1000 * r.Virtual.Seconds() / 0.1375
			within(t, "calls", n, want, sigmas*math.Sqrt(want)+1000)
			if len(r.Attempt) > 0 { // of an exponential of 50 ms, in steps of 0.1 %
				within(t, "median of an attempt", r.Attempt[0], 0.05*math.Ln2, 0.0005)
			}
		})
	}
}

func within(t *testing.T, what string, got, want, off float64) {
	t.Helper()
	if math.Abs(got-want) > off {
		t.Errorf("%s: %.5g, want %.5g within %.2g", what, got, want, off)
	}
}
