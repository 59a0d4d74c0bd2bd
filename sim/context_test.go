package sim_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/squall-sim/squall/sim"
)

var contextEpoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// stage is a loop with a clock, and a diary of what happened when.
type stage struct {
	*sim.Loop
	clock *sim.Clock
	told  []string
}

func newStage() *stage {
	l := sim.NewLoop()
	return &stage{Loop: l, clock: l.Clock(contextEpoch)}
}

func (s *stage) say(what ...any) {
	s.told = append(s.told, fmt.Sprint(s.Now(), ": ", strings.TrimSpace(fmt.Sprintln(what...))))
}

func (s *stage) expect(t *testing.T, want ...string) {
	t.Helper()
	s.Run(sim.Never)
	if got := strings.Join(s.told, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	if n := s.Processes(); n != 0 {
		t.Errorf("%d processes left", n)
	}
}

func TestSleepUnderContexts(t *testing.T) {
	bg := context.Background()
	for name, tt := range map[string]struct {
		under func(s *stage) context.Context
		d     time.Duration
		want  string
	}{
		"plain":          {func(s *stage) context.Context { return bg }, 5, "5ns: <nil>"},
		"nothing":        {func(s *stage) context.Context { return bg }, 0, "0s: <nil>"},
		"less":           {func(s *stage) context.Context { return bg }, -1, "0s: <nil>"},
		"within time":    {func(s *stage) context.Context { return s.within(bg, 6) }, 5, "5ns: <nil>"},
		"time is up":     {func(s *stage) context.Context { return s.within(bg, 4) }, 5, "4ns: context deadline exceeded"},
		"at once":        {func(s *stage) context.Context { return s.within(bg, 5) }, 5, "5ns: context deadline exceeded"},
		"is over":        {func(s *stage) context.Context { return s.within(bg, 0) }, 5, "0s: context deadline exceeded"},
		"is over, no d":  {func(s *stage) context.Context { return s.within(bg, -1) }, 0, "0s: context deadline exceeded"},
		"parent first":   {func(s *stage) context.Context { return s.within(s.within(bg, 3), 4) }, 5, "3ns: context deadline exceeded"},
		"parent later":   {func(s *stage) context.Context { return s.within(s.within(bg, 4), 3) }, 5, "3ns: context deadline exceeded"},
		"through values": {func(s *stage) context.Context { return context.WithValue(s.within(bg, 4), "key", 1) }, 5, "4ns: context deadline exceeded"},
		"standard below": {func(s *stage) context.Context { return standard(s.within(bg, 4)) }, 5, "4ns: context deadline exceeded"},
		"and below that": {func(s *stage) context.Context { return s.within(standard(s.within(bg, 4)), 10) }, 5, "4ns: context deadline exceeded"},
		"cancelled by an actor": {func(s *stage) context.Context {
			c, cancel := context.WithCancel(bg)
			s.After(3, sim.ActorFunc(func(time.Duration, uint64) { cancel() }), 0)
			return c
		}, 5, "3ns: context canceled"},
		"cancelled above": {func(s *stage) context.Context {
			c, cancel := context.WithCancel(bg)
			s.After(3, sim.ActorFunc(func(time.Duration, uint64) { cancel() }), 0)
			return context.WithValue(s.within(c, 10), "key", 1)
		}, 5, "3ns: context canceled"},
		"cancelled itself": {func(s *stage) context.Context {
			c, cancel := s.clock.WithTimeout(bg, 10)
			s.After(3, sim.ActorFunc(func(time.Duration, uint64) { cancel() }), 0)
			return c
		}, 5, "3ns: context canceled"},
		"never": {func(s *stage) context.Context { return s.within(bg, 7) }, sim.Never, "7ns: context deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage()
			sim.Go(s.Loop, func(*sim.Process) { s.say(s.clock.Sleep(tt.under(s), tt.d)) })
			s.expect(t, tt.want)
		})
	}
}

// standard is a context of the standard library below another.
func standard(ctx context.Context) context.Context {
	c, cancel := context.WithCancel(ctx)
	context.AfterFunc(ctx, cancel) // nobody else calls it
	return c
}

// within is WithTimeout for who does not cancel.
func (s *stage) within(ctx context.Context, d time.Duration) context.Context {
	c, _ := s.clock.WithTimeout(ctx, d)
	return c
}

func TestTimedContext(t *testing.T) {
	s := newStage()
	reason := errors.New("reason")
	parent, cancelParent := context.WithCancelCause(context.WithValue(context.Background(), "key", "value"))
	x, cancel := s.clock.WithTimeout(parent, 10)
	y, cancelY := s.clock.WithTimeout(x, 20)
	if at, ok := y.Deadline(); !ok || !at.Equal(contextEpoch.Add(10)) {
		t.Errorf("the parent ends at 10, and %v %v", at, ok)
	}
	if y.Value("key") != "value" || x.Err() != nil || y.Err() != nil {
		t.Error("not what its parent is")
	}
	child, stop := context.WithCancel(y)
	defer stop()
	cancelParent(reason)
	sim.Go(s.Loop, func(p *sim.Process) { p.Sleep(1) }) // an event, after which it is seen
	s.Step()
	for _, c := range []context.Context{x, y, child} {
		if !errors.Is(c.Err(), context.Canceled) {
			t.Errorf("%v", c.Err())
		}
		if !errors.Is(context.Cause(c), reason) {
			t.Errorf("cause %v", context.Cause(c))
		}
	}
	cancelY()
	cancel()
	s.Run(sim.Never)
	if s.Now() > 1 && !errors.Is(x.Err(), context.Canceled) {
		t.Error("ended twice")
	}

	ended, _ := s.clock.WithTimeout(x, 5)
	if !errors.Is(ended.Err(), context.Canceled) {
		t.Error("below a context that has ended")
	}
	select {
	case <-ended.Done():
	default:
		t.Error("not done")
	}
}
