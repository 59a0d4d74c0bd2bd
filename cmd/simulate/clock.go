package main

import (
	"context"
	"time"
)

// This file is the only one that asks for the real time. No result depends on it.

// wallClock is to tell a person how long a run took.
func wallClock() time.Time { return time.Now() }

// repeat calls f with the time that has passed, every d, until ctx ends.
func repeat(ctx context.Context, d time.Duration, f func(passed time.Duration)) {
	began := time.Now()
	t := time.NewTicker(d)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			f(now.Sub(began))
		}
	}
}
