//go:build unix

package published

import (
	"syscall"
	"testing"
	"time"
)

// BenchmarkGoodRetry plays all scenarios of R7, which take the published program
// 824 s of processor time for 5.67 million attempts: as many attempts at a time, at the
// same 10,000 calls a second, on one goroutine. Processor time is the process's.
func BenchmarkGoodRetry(b *testing.B) {
	const published = 5_670_000
	cpu := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	began, attempts := cpu(), 0
	for range b.N {
		for seed := uint64(0); attempts < published; seed++ {
			for _, r := range r7Runs(r7Rate) {
				attempts += r.run(seed).attempts
			}
		}
	}
	took := cpu() - began
	b.ReportMetric(float64(attempts), "attempts")
	b.ReportMetric(took.Seconds(), "cpu-s")
	b.ReportMetric(824.0/published*1e9/(float64(took)/float64(attempts)), "times-faster")
}
