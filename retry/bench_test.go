package retry_test

import (
	"context"
	"testing"

	"github.com/squall-sim/squall/retry"
)

// The policy of the benchmarks: ten attempts without a delay, as peers'
// benchmarks have it.
var quick = retry.Policy{Attempts: 10}

func succeed(context.Context) (int, error) { return 1, nil }

func BenchmarkDo(b *testing.B) {
	b.Run("success", func(b *testing.B) { benchmarkDo(b, retry.Must(retry.New(quick)), 0) })
	b.Run("success/elapsed", func(b *testing.B) { benchmarkDo(b, retry.Must(retry.New(quick, retry.WithElapsed())), 0) })
	b.Run("success/s3", func(b *testing.B) { benchmarkDo(b, retry.Must(retry.New(retry.S3())), 0) })
	b.Run("success/quota", func(b *testing.B) { benchmarkDo(b, retry.Must(retry.New(retry.AWSStandard21())), 0) })
	b.Run("one-failure", func(b *testing.B) { benchmarkDo(b, retry.Must(retry.New(quick)), 1) })
	b.Run("one-failure/elapsed", func(b *testing.B) { benchmarkDo(b, retry.Must(retry.New(quick, retry.WithElapsed())), 1) })
	b.Run("one-failure/observed", func(b *testing.B) {
		seen := 0
		o := retry.WithObserver(func(context.Context, retry.Event) { seen++ })
		benchmarkDo(b, retry.Must(retry.New(quick, o)), 1)
	})
}

// benchmarkDo calls an operation that fails so many times before it succeeds.
func benchmarkDo(b *testing.B, r *retry.Retrier, failures int) {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	left := 0
	op := func(context.Context) (int, error) {
		if left > 0 {
			left--
			return 0, errReset
		}
		return 1, nil
	}
	b.ReportAllocs()
	for b.Loop() {
		left = failures
		if _, err := retry.Do(ctx, r, op); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDoParallel(b *testing.B) {
	for name, r := range map[string]*retry.Retrier{
		"plain": retry.Must(retry.New(quick)),
		"quota": retry.Must(retry.New(retry.AWSStandard21())),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				ctx := context.Background()
				for pb.Next() {
					if _, err := retry.Do(ctx, r, succeed); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

// BenchmarkStepMachine is one call of a simulator: two failures, one success.
func BenchmarkStepMachine(b *testing.B) {
	for _, p := range []retry.Policy{retry.S3(), retry.AWSStandard21()} {
		r := retry.Must(retry.New(p))
		b.Run(p.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c := r.Begin(epoch)
				d := c.Failed(epoch, errThrottled, 0.5)
				d = c.Failed(epoch.Add(d.After), errThrottled, 0.5)
				c.Succeeded(epoch.Add(d.After))
			}
		})
	}
}

func BenchmarkClassify(b *testing.B) {
	r := retry.Must(retry.New(retry.S3()))
	for _, c := range []struct {
		name string
		err  error
	}{{"reset", errReset}, {"service", errThrottled}, {"wrapped", errWrapped}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !r.Classify(c.err).Retryable() {
					b.Fatal("not retryable")
				}
			}
		})
	}
}
