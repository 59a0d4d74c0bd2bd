package main

import (
	"context"
	"errors"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/spf13/pflag"

	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/scenarios"
)

// bounds are how much of the machine a command may take; zero: as much as there is.
type bounds struct {
	memory scenarios.Size
	wall   time.Duration
}

func (b *bounds) flags(f *pflag.FlagSet) {
	f.Var((*sizeFlag)(&b.memory), "max-memory", "stop when the process holds more than `SIZE`, such as 512MiB (0: no bound)")
	f.DurationVar(&b.wall, "max-wall", 0, "stop after `TIME`, such as 30s, by the clock on the wall (0: no bound)")
}

// check tells what is wrong with the flags.
func (b *bounds) check() error {
	if b.wall < 0 {
		return usage("--max-wall 30s gives the command half a minute", "--max-wall is negative: %v", b.wall)
	}
	return nil
}

// boundError is the cause of the end of a context whose command took too much.
type boundError struct{ what, flag, limit string }

func (e *boundError) Error() string {
	return "it " + e.what + " than " + e.flag + " " + e.limit + " allows"
}

// between is how often it is looked at the memory.
const between = 20 * time.Millisecond

// watch returns a context that ends, with a boundError as its cause, when a bound is
// passed. stop is to be called when the work is over.
func (b *bounds) watch(parent context.Context) (ctx context.Context, stop func()) {
	if *b == (bounds{}) {
		return parent, func() {}
	}
	ctx, cancel := context.WithCancelCause(parent)
	stopTimer, restore := func() bool { return false }, func() {}
	if b.wall > 0 {
		stopTimer = after(b.wall, func() { cancel(&boundError{"takes longer", "--max-wall", reports.FormatExact(b.wall)}) })
	}
	if b.memory > 0 {
		restore = b.watchMemory(ctx, cancel)
	}
	return ctx, func() {
		stopTimer()
		cancel(nil)
		restore()
	}
}

// watchMemory cancels when the process holds too much. restore is to be called when ctx
// has ended.
func (b *bounds) watchMemory(ctx context.Context, cancel context.CancelCauseFunc) (restore func()) {
	before := debug.SetMemoryLimit(int64(b.memory)) // the collector works harder before it comes to that
	done := make(chan struct{})
	go func() {
		defer close(done)
		repeat(ctx, between, func() {
			if held() > uint64(b.memory) {
				cancel(&boundError{"needs more memory", "--max-memory", b.memory.String()})
			}
		})
	}()
	return func() {
		<-done
		debug.SetMemoryLimit(before)
	}
}

// held is the memory that the process holds of the system, in bytes.
func held() uint64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64() - samples[1].Value.Uint64()
}

// passed tells which bound ended the context, if one did.
func passed(ctx context.Context) (*boundError, bool) {
	var e *boundError
	ok := errors.As(context.Cause(ctx), &e)
	return e, ok
}

// sizeFlag is a flag whose value is a number of bytes.
type sizeFlag scenarios.Size

func (s *sizeFlag) String() string {
	if *s == 0 {
		return "0"
	}
	return scenarios.Size(*s).String()
}

func (s *sizeFlag) Set(text string) error {
	if text == "0" { // as for the other bound, no unit
		*s = 0
		return nil
	}
	size, err := scenarios.ParseSize(text)
	if err != nil {
		return err
	}
	*s = sizeFlag(size)
	return nil
}

func (*sizeFlag) Type() string { return "size" }
