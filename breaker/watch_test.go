package breaker

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// endsMeanwhile is a window that a call gets into while somebody looks at it.
type endsMeanwhile struct {
	window
	end func()
}

func (w *endsMeanwhile) sum() tally {
	if end := w.end; end != nil {
		w.end = nil
		end()
	}
	return w.window.sum()
}

// A slow call that ends while a rule is asked is not both in flight and in the window.
func TestSlowCallsCountOnce(t *testing.T) {
	c := Config{SlowRate: SlowRate{After: s, Rate: 1, MinCalls: 3, Window: Window{Calls: 3}}, OpenFor: s}
	for name, ask := range map[string]func(b *TwoStep, other func(error)){
		"a look":      func(b *TwoStep, _ func(error)) { b.State() },
		"another end": func(_ *TwoStep, other func(error)) { other(nil) },
	} {
		b, clock, _ := newTestTwoStep(t, c)
		done, _ := b.Allow()
		other, _ := b.Allow()
		clock.advance(2 * s)
		r := &b.phase.Load().watch.rules[0]
		r.needs = 1 // so that the rule is asked at once
		r.window = &endsMeanwhile{window: r.window, end: func() { done(nil) }}
		if ask(b, other); b.State() != Closed {
			t.Errorf("%s: opened by two slow calls of three", name)
		}
	}
}

// No look at a window shows more bad calls than calls, which is a share that nobody had.
func TestBadCallsAreCalls(t *testing.T) {
	w := newTimeWindow(time.Hour)
	var all sync.WaitGroup
	var over atomic.Bool
	for range 3 {
		all.Go(func() {
			for !over.Load() {
				w.add(0, true)
			}
		})
	}
	for range 200_000 {
		if got := w.sum(); got.bad > got.calls {
			t.Errorf("%+v", got)
			break
		}
	}
	over.Store(true)
	all.Wait()
}
