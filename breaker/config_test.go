package breaker

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		config Config
		fields string
	}{
		{Config{Failures: 5, OpenFor: 30 * time.Second, Probes: 1}, ""},
		{Config{Failures: 1, OpenFor: 1}, ""},
		{Config{Failures: math.MaxInt32, OpenFor: math.MaxInt64, Probes: math.MaxInt32}, ""},
		{Config{}, "Failures OpenFor"},
		{Config{Failures: 1, OpenFor: 1, ProbeLease: 1}, ""},
		{Config{Failures: 1, OpenFor: 1, ProbeLease: -1}, "ProbeLease"},
		{Config{Failures: -1, OpenFor: -1, Probes: -1, ProbeLease: math.MinInt64}, "Failures OpenFor Probes ProbeLease"},
		{Config{Failures: math.MinInt, OpenFor: math.MinInt64, Probes: math.MinInt}, "Failures OpenFor Probes"},
	} {
		checkProblems(t, c.config, c.fields)
	}
	if strconv.IntSize == 64 {
		big := math.MaxInt // not a constant: it must compile where int has 32 bits
		checkProblems(t, Config{Failures: big, OpenFor: 1, Probes: big}, "Failures Probes")
	}
}

func checkProblems(t *testing.T, c Config, fields string) {
	t.Helper()
	err := c.Validate()
	_, errNew := New(c)
	_, errTwoStep := NewTwoStep(c)
	if (err == nil) != (errNew == nil) || (err == nil) != (errTwoStep == nil) {
		t.Errorf("%+v: Validate %v, New %v, NewTwoStep %v", c, err, errNew, errTwoStep)
	}
	var got []string
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, problem := range joined.Unwrap() {
			var f *FieldError
			if !errors.As(problem, &f) || !strings.HasPrefix(problem.Error(), "breaker: "+f.Field+" is "+f.Value+", want ") {
				t.Fatalf("%+v: problem %#v", c, problem)
			}
			got = append(got, f.Field)
		}
	}
	if strings.Join(got, " ") != fields {
		t.Errorf("%+v: problems with %v, want %s", c, got, fields)
	}
}

func TestOpenError(t *testing.T) {
	b, clock, _ := newTest(t, Config{Failures: 1, OpenFor: 30 * time.Second}, WithName("s3-put"))
	_ = b.Run(fail)
	refused := b.Run(succeed)
	var open *OpenError
	if !errors.As(refused, &open) || !errors.Is(refused, ErrOpen) || errors.Is(refused, errBackend) {
		t.Fatalf("refused with %#v", refused)
	}
	if open.Name != "s3-put" || open.State != Open || !open.Rejected() || open.Retryable() {
		t.Errorf("%+v, rejected %t, retryable %t", open, open.Rejected(), open.Retryable())
	}
	if want := "breaker: s3-put is open, next probe at 2026-01-01T00:00:30.000000001Z"; open.Error() != want {
		t.Errorf("text %q, want %q", open.Error(), want)
	}
	for _, after := range []time.Duration{30*time.Second + 1, 20*time.Second + 1, 10*time.Second + 1, 1, 0, 0} {
		if d, ok := open.RetryAfter(); d != after || !ok {
			t.Errorf("RetryAfter %v, %t, want %v, true", d, ok, after)
		}
		clock.advance(min(10*time.Second, max(after, 1)))
	}
	// A wait of exactly RetryAfter is enough.
	_ = b.Run(fail)
	_ = errors.As(b.Run(succeed), &open)
	d, _ := open.RetryAfter()
	clock.advance(d)
	done := make(chan error, 1)
	err := b.Run(func() error { done <- b.Run(succeed); return nil })
	if err != nil {
		t.Errorf("refused after RetryAfter: %v", err)
	}
	if !errors.As(<-done, &open) || open.State != HalfOpen || !errors.Is(open, ErrOpen) {
		t.Fatalf("second probe: %+v", open)
	}
	if d, ok := open.RetryAfter(); d != 0 || ok {
		t.Errorf("half-open: RetryAfter %v, %t, want 0, false", d, ok)
	}
	if want := "breaker: s3-put is half-open, waiting for its probes"; open.Error() != want {
		t.Errorf("text %q, want %q", open.Error(), want)
	}
}

// One that a test of the caller's makes.
func TestOpenErrorLiteral(t *testing.T) {
	e := &OpenError{State: Open, RetryAt: time.Now().Add(time.Hour)}
	if d, ok := e.RetryAfter(); !ok || d < 59*time.Minute || d > time.Hour {
		t.Errorf("RetryAfter %v, %t, want an hour", d, ok)
	}
	if got := (&OpenError{State: Open}).Error(); got != "breaker: open" {
		t.Errorf("text %q", got)
	}
}

func TestNames(t *testing.T) {
	for got, want := range map[string]string{
		Closed.String(): "closed", HalfOpen.String(): "half-open", Open.String(): "open", State(9).String(): "unknown",
		Success.String(): "success", Failure.String(): "failure", Neutral.String(): "neutral",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := Outcome(9).String(); got != "unknown" {
		t.Errorf("got %q", got)
	}
}
