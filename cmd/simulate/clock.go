package main

import (
	"context"
	"time"
)

// This file is the only one that asks for the real time. No result depends on it.

// wallClock is to tell a person how long a run took.
func wallClock() time.Time { return time.Now() }

// after calls f when d has passed, on a goroutine of its own, unless stop is called before.
func after(d time.Duration, f func()) (stop func() bool) { return time.AfterFunc(d, f).Stop }

// repeat calls f every d, until ctx ends.
func repeat(ctx context.Context, d time.Duration, f func()) {
	t := time.NewTicker(d)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			f()
		}
	}
}
