package faults

import (
	"context"
	"strconv"
	"time"
)

// MaxOffset bounds Effect.Offset: 1000 h.
const MaxOffset = 1000 * time.Hour

// AllowedSkew is how far the clocks of S3 and its clients may be apart. Source:
// the MaxAllowedSkewMilliseconds of its RequestTimeTooSkewed.
const AllowedSkew = 15 * time.Minute

type asOfKey struct{}

// AsOf returns how old the state is that a backend is to answer a request from;
// false for the state that it has. [NewHandler] says so of requests under a Stale;
// it is for the backend to have remembered (s3fake.WithHistory).
func AsOf(ctx context.Context) (time.Duration, bool) {
	back, ok := ctx.Value(asOfKey{}).(time.Duration)
	return back, ok
}

// withAsOf adds to how old the state is.
func withAsOf(ctx context.Context, back time.Duration) context.Context {
	more, _ := AsOf(ctx)
	return context.WithValue(ctx, asOfKey{}, back+more)
}

// History is how long a backend has to remember what it kept for the plan's Stale
// effects; 0 if it has none. Several can meet one request, so it is their sum in
// the phase that asks for most.
func (p Plan) History() time.Duration {
	var longest time.Duration
	for _, ph := range p.Phases {
		var sum time.Duration
		for _, r := range ph.Rules {
			if r.Effect.Kind == Stale {
				sum += r.Effect.Offset
			}
		}
		longest = max(longest, sum)
	}
	return longest
}

// offsetOption is the time of a Stale or a ClockSkew.
func offsetOption() option {
	return option{
		name: "by", of: kinds(Stale, ClockSkew), need: kinds(Stale),
		has:  func(e *Effect) bool { return e.Offset != 0 },
		text: func(e *Effect) string { return e.Offset.String() },
		parse: func(p *effectParser, value word) (err error) {
			p.effect.Offset, err = p.parseDuration("by", value)
			return err
		},
		check: checkOffset,
		missing: func(e Effect) (string, string) {
			return e.name() + " needs how old the answers are", "write " + e.name() + " by=30s"
		},
	}
}

// checkOffset says what is wrong with a time.
func checkOffset(e *Effect) (message, hint string) {
	if e.Kind == ClockSkew {
		if off := max(e.Offset, -e.Offset); off <= AllowedSkew || off > MaxOffset {
			return "by=" + e.Offset.String() + " is out of range", "write more than 15m, which S3 allows, up to 1000h; with a minus for a server that is behind"
		}
		return "", ""
	}
	if e.Offset <= 0 || e.Offset > MaxOffset {
		return "by=" + e.Offset.String() + " is out of range", "write more than 0s, up to " + strconv.Itoa(int(MaxOffset/time.Hour)) + "h"
	}
	return "", ""
}
