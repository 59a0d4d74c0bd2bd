package retry_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
)

func TestAncestry(t *testing.T) {
	if a := retry.AncestryOf(context.Background()); a != (retry.Ancestry{}) {
		t.Errorf("around nothing there is %+v", a)
	}
	loud := retry.Must(retry.New(quick, retry.WithDepth()))
	quiet := retry.Must(retry.New(quick))
	fails := func(n int) func() error {
		return func() error {
			if n--; n >= 0 {
				return errReset
			}
			return nil
		}
	}
	outer, inner, seen := fails(2), fails(1), []retry.Ancestry{}
	_, err := retry.Do(context.Background(), loud, func(ctx context.Context) (int, error) {
		seen = append(seen, retry.AncestryOf(ctx))
		if err := outer(); err != nil {
			return 0, err
		}
		return retry.Do(ctx, quiet, func(ctx context.Context) (int, error) { // a layer that says nothing is not there
			return retry.Do(ctx, loud, func(ctx context.Context) (int, error) {
				seen = append(seen, retry.AncestryOf(ctx))
				return 0, inner()
			})
		})
	})
	want := []retry.Ancestry{{1, 1}, {1, 2}, {1, 3}, {2, 3}, {2, 6}}
	if err != nil || len(seen) != len(want) {
		t.Fatalf("%v, %v", seen, err)
	}
	for i := range want {
		if seen[i] != want[i] {
			t.Errorf("attempt %d is in %+v, want %+v", i, seen[i], want[i])
		}
	}
}

func TestAncestrySaturates(t *testing.T) {
	r := retry.Must(retry.New(quick))
	ctx := context.Background()
	for range 300 {
		call := r.Begin(epoch)
		call.Failed(epoch, errReset, 0)
		ctx = call.Context(ctx)
	}
	if a := retry.AncestryOf(ctx); a != (retry.Ancestry{Depth: math.MaxUint8, Attempts: math.MaxInt32}) {
		t.Errorf("got %+v", a)
	}
	call := r.Begin(epoch)
	call.SetAncestry(retry.Ancestry{Depth: -1, Attempts: -1})
	if a := retry.AncestryOf(call.Context(context.Background())); a != (retry.Ancestry{Depth: 1, Attempts: 1}) {
		t.Errorf("got %+v", a)
	}
	call.SetAncestry(retry.Ancestry{Depth: 1000, Attempts: math.MaxInt})
	if a := retry.AncestryOf(call.Context(context.Background())); a != (retry.Ancestry{Depth: 255, Attempts: math.MaxInt32}) {
		t.Errorf("got %+v", a)
	}
}

// The context of an attempt keeps what the caller's has.
func TestDepthKeepsTheContext(t *testing.T) {
	type key struct{}
	ctx, cancel := context.WithCancelCause(context.WithValue(context.Background(), key{}, 7))
	r := retry.Must(retry.New(quick, retry.WithDepth()))
	_, _ = retry.Do(ctx, r, func(ctx context.Context) (int, error) {
		if ctx.Value(key{}) != 7 || ctx.Err() != nil {
			t.Error("the caller's values are gone")
		}
		cancel(errReset)
		if ctx.Err() != context.Canceled || context.Cause(ctx) != errReset {
			t.Errorf("the caller's end is gone: %v, %v", ctx.Err(), context.Cause(ctx))
		}
		return 0, nil
	})
}

// Attempts that have a context of their own carry their place without being
// asked; others do not.
func TestDepthByItself(t *testing.T) {
	timed, limited := quick, quick
	timed.AttemptTimeout, limited.Limit = time.Hour, time.Hour
	for name, c := range map[string]struct {
		r    *retry.Retrier
		want int
	}{
		"plain":   {retry.Must(retry.New(quick)), 0},
		"asked":   {retry.Must(retry.New(quick, retry.WithDepth())), 1},
		"timeout": {retry.Must(retry.New(timed)), 1},
		"limit":   {retry.Must(retry.New(limited)), 1},
	} {
		_, err := retry.Do(context.Background(), c.r, func(ctx context.Context) (int, error) {
			if d := retry.AncestryOf(ctx).Depth; d != c.want {
				t.Errorf("%s: depth %d, want %d", name, d, c.want)
			}
			return 0, nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// Layers multiply their attempts, unless the inner ones stand down.
func TestStandDown(t *testing.T) {
	p := quick
	p.Attempts = 3
	for _, c := range []struct {
		name         string
		outer, inner []retry.Option
		mark         bool // the middle layer's errors are marked as retryable, as layers do that wrap without looking
		want         int
	}{
		{"layers without a word", nil, nil, true, 27},
		{"layers that know each other", []retry.Option{retry.WithDepth()}, []retry.Option{retry.WithDepth(), retry.WithStandDown()}, false, 3},
		{"wrapped", []retry.Option{retry.WithDepth()}, []retry.Option{retry.WithDepth(), retry.WithStandDown()}, true, 3},
		{"nobody around says so", nil, []retry.Option{retry.WithStandDown()}, true, 27},
		{"only the outermost", []retry.Option{retry.WithDepth()}, []retry.Option{retry.WithStandDown()}, false, 3},
	} {
		outer := retry.Must(retry.New(p, c.outer...))
		inner := retry.Must(retry.New(p, c.inner...))
		count := 0
		wrap := func(err error) error {
			if c.mark {
				return retry.Retryable(err)
			}
			return err
		}
		_, err := retry.Do(context.Background(), outer, func(ctx context.Context) (int, error) {
			_, err := retry.Do(ctx, inner, func(ctx context.Context) (int, error) {
				_, err := retry.Do(ctx, inner, func(context.Context) (int, error) { count++; return 0, errReset })
				return 0, wrap(err)
			})
			return 0, wrap(err)
		})
		if count != c.want || !errors.Is(err, retry.Exhausted) || !errors.Is(err, errReset) {
			t.Errorf("%s: %d attempts, want %d: %v", c.name, count, c.want, err)
		}
		if stood := errors.Is(err, retry.StoodDown); stood != (c.want == 3) {
			t.Errorf("%s: stood down: %v", c.name, stood)
		}
	}
}

// Where there is nothing to leave to the call around, nothing changes; and an
// error that is not worth another attempt is told as such.
func TestStandDownKeepsReasons(t *testing.T) {
	outer := retry.Must(retry.New(quick, retry.WithDepth()))
	inner := retry.Must(retry.New(quick, retry.WithStandDown()))
	_, err := retry.Do(context.Background(), outer, func(ctx context.Context) (int, error) {
		return retry.Do(ctx, inner, func(context.Context) (int, error) { return 0, notFound })
	})
	var in *retry.Error
	if got, e := endOf(t, err); got.reason != retry.NotRetryable || !errors.As(e.Err, &in) || in.Reason != retry.NotRetryable {
		t.Errorf("got %v", err)
	}
	n := 0
	if v, err := retry.Do(context.Background(), inner, func(context.Context) (int, error) {
		if n++; n < 3 {
			return 0, errReset
		}
		return n, nil
	}); v != 3 || err != nil {
		t.Errorf("at depth 0: %v, %v", v, err)
	}
}

// Observers see how far layers multiply.
func TestDepthIsObserved(t *testing.T) {
	var events []retry.Event
	p := retry.Policy{Attempts: 2}
	outer := retry.Must(retry.New(p, retry.WithDepth()))
	inner := retry.Must(retry.New(p, retry.WithObserver(func(_ context.Context, e retry.Event) { events = append(events, e) })))
	_, _ = retry.Do(context.Background(), outer, func(ctx context.Context) (int, error) {
		_, err := retry.Do(ctx, inner, func(context.Context) (int, error) { return 0, errReset })
		return 0, retry.Retryable(err)
	})
	most := 0
	for _, e := range events {
		if e.Depth != 1 {
			t.Errorf("depth %d", e.Depth)
		}
		most = max(most, e.Attempts*e.Around)
	}
	if len(events) != 4 || most != 4 {
		t.Errorf("%d events, amplification %d, want 4 and 4", len(events), most)
	}
}

func TestDepthCosts(t *testing.T) {
	ctx := context.Background()
	r := retry.Must(retry.New(quick, retry.WithDepth()))
	if n := testing.AllocsPerRun(100, func() { retry.Do(ctx, r, succeed) }); n != 1 {
		t.Errorf("%v allocations, want 1", n)
	}
}
