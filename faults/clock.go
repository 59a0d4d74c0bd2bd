package faults

import (
	"context"
	"net/http"
	"time"
)

// Clock is the time that delays on real connections take. The system's clock
// is used unless [WithClock] gives another; a retry.Clock is one by shape. It
// must be safe for concurrent use.
type Clock interface {
	Now() time.Time
	// Sleep returns after d, or earlier with the context's error.
	Sleep(ctx context.Context, d time.Duration) error
}

// SystemClock returns the system's clock.
func SystemClock() Clock { return systemClock{} }

// systemClock is real time. This file is the only one that may ask for it.
type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Option sets up a handler ([NewHandler]) or a transport ([NewTransport]);
// options that the one has no use for do nothing there.
type Option func(*options)

type options struct {
	clock Clock
	now   func() time.Duration
	date  func() time.Time
	plain bool
	told  func(*http.Request, Request, Verdict)
	limit func(*http.Request, Request, Verdict) Verdict
}

func newOptions(opts []Option) options {
	o := options{clock: systemClock{}}
	for _, opt := range opts {
		opt(&o)
	}
	if o.date == nil {
		o.date = o.clock.Now
	}
	if o.now == nil {
		start := o.clock.Now()
		o.now = func() time.Duration { return o.clock.Now().Sub(start) }
	}
	return o
}

// WithClock makes delays take c's time. A handler without [WithNow] also reads
// the time of the plan from it, a transport without [WithDate] its Date
// headers. nil is the system's clock.
func WithClock(c Clock) Option {
	return func(o *options) {
		if c == nil {
			c = systemClock{}
		}
		o.clock = c
	}
}

// WithNow tells a handler how far the plan has run. Without it that is the
// time since the handler was made.
func WithNow(now func() time.Duration) Option { return func(o *options) { o.now = now } }

// WithDate makes a transport take the Date headers of its answers from now, and a
// handler the dates that effects send.
func WithDate(now func() time.Time) Option { return func(o *options) { o.date = now } }

// PlainHTTP makes a handler read requests as those of a plain web service:
// operations are methods, keys are paths. Without it they are S3's.
func PlainHTTP() Option { return func(o *options) { o.plain = true } }

// OnVerdict tells f of every request that a handler decides on: the request,
// what the plan saw of it, and what was decided. The effect comes when f
// returns, so that f may take the time that an answer takes; After counts from
// then. f runs on the
// request's goroutine, of which there may be many at once; it may panic with
// [http.ErrAbortHandler] for a client that has gone away.
func OnVerdict(f func(r *http.Request, who Request, v Verdict)) Option {
	return func(o *options) { o.told = f }
}

// WithLimiter has a handler hold what the fault plan lets through to the backend
// against the backend's limits. now is the backend's time; nil: that of
// [WithNow]. client says whose bucket a request draws on, where a quota is per
// client; nil: that of [Request].Client.
func WithLimiter(l *Limiter, now func() time.Duration, client func(*http.Request, Request) uint64) Option {
	return func(o *options) {
		if l == nil {
			return
		}
		o.limit = func(r *http.Request, who Request, v Verdict) Verdict {
			if client != nil {
				who.Client = client(r, who)
			}
			if now == nil {
				return l.Meet(o.now(), who, v)
			}
			return l.Meet(now(), who, v)
		}
	}
}
