package retry_test

import (
	"encoding"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
)

func TestValidateReportsEveryProblem(t *testing.T) {
	p := retry.Policy{
		Name:     "bad",
		Attempts: 0,
		Backoff:  retry.Backoff{Base: -1, Multiplier: 0.5, Cap: -time.Second, ThrottleBase: -1},
		Jitter:   retry.Jitter{Kind: 99}, AttemptTimeout: -1, Limit: -1, Classifier: "awss",
		Hint:  retry.Hint{Mode: 99, Max: -1},
		Quota: retry.Quota{Capacity: -1, Cost: -1, ThrottleCost: -1, TimeoutCost: -1, Reward: -1},
	}
	err := p.Validate()
	want := []string{"attempts", "backoff.base", "backoff.multiplier", "backoff.cap", "backoff.throttle_base",
		"jitter.kind", "attempt_timeout", "limit", "classifier", "hint.mode", "hint.max",
		"quota.cost", "quota.throttle_cost", "quota.timeout_cost", "quota.reward", "quota.capacity"}
	var e *retry.PolicyError
	if !errors.As(err, &e) || e.Policy != "bad" {
		t.Fatalf("got %v", err)
	}
	var got []string
	for _, p := range e.Problems {
		got = append(got, p.Field)
		if !strings.Contains(err.Error(), p.Error()) {
			t.Errorf("%q does not say %q", err, p)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("problems in\n%v, want\n%v", got, want)
	}
	var problem *retry.Problem
	if !errors.As(err, &problem) || problem.Field != "attempts" {
		t.Errorf("errors.As finds %v", problem)
	}
	if _, newErr := retry.New(p); newErr == nil || newErr.Error() != err.Error() {
		t.Errorf("New says %v, Validate %v", newErr, err)
	}
}

func TestValidateOne(t *testing.T) {
	for _, c := range []struct {
		change func(*retry.Policy)
		want   string // "" is valid
	}{
		{func(p *retry.Policy) {}, ""},
		{func(p *retry.Policy) { p.Attempts = math.MaxInt32 }, ""},
		{func(p *retry.Policy) { p.Attempts = math.MinInt }, "attempts is -"},
		{func(p *retry.Policy) { p.Attempts = -4 }, "attempts is -4, want 1 to"},
		{func(p *retry.Policy) { p.Backoff.Multiplier = 0 }, ""},
		{func(p *retry.Policy) { p.Backoff.Multiplier = math.NaN() }, "backoff.multiplier is NaN, want 1 or more"},
		{func(p *retry.Policy) { p.Backoff.Multiplier = math.Inf(1) }, "backoff.multiplier is +Inf"},
		{func(p *retry.Policy) { p.Backoff.Base = time.Minute }, "backoff.base is 1m0s, want at most the cap of 30s"},
		{func(p *retry.Policy) { p.Backoff.Base, p.Backoff.Cap = time.Minute, 0 }, ""},
		{func(p *retry.Policy) { p.Backoff.ThrottleBase = time.Hour }, ""},
		{func(p *retry.Policy) { p.Jitter.Amount = 0 }, "jitter.amount is 0s, want more than 0 for additive-clipped jitter"},
		{func(p *retry.Policy) { p.Jitter.Amount = time.Minute }, "jitter.amount is 1m0s, want at most the cap of 30s"},
		{func(p *retry.Policy) { p.Jitter = retry.Jitter{Kind: retry.JitterProportion} }, "jitter.proportion is 0"},
		{func(p *retry.Policy) { p.Jitter = retry.Jitter{Kind: retry.JitterProportion, Proportion: 1.5} }, "jitter.proportion is 1.5"},
		{func(p *retry.Policy) { p.Jitter = retry.Jitter{Kind: retry.JitterProportion, Proportion: math.NaN()} }, "jitter.proportion is NaN"},
		{func(p *retry.Policy) { p.Jitter.Kind, p.Jitter.Amount = retry.JitterFull, -1 }, ""},
		{func(p *retry.Policy) { p.Classifier = "any" }, ""},
		{func(p *retry.Policy) { p.Classifier = "s3" }, `classifier is "s3", want one of: "", "aws", "any", "all", "aws-go-legacy"`},
		{func(p *retry.Policy) { p.Quota = retry.Quota{Capacity: 4, Cost: 5} }, "quota.capacity is 4, want at least the cost of a retry, 5"},
		{func(p *retry.Policy) { p.Quota = retry.Quota{Reward: 1} }, "quota.cost is 0, want 1"},
	} {
		p := retry.S3()
		c.change(&p)
		err := p.Validate()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	if err := (retry.Policy{}).Validate(); err == nil || !strings.HasPrefix(err.Error(), "retry: attempts is 0") {
		t.Errorf("the zero policy: %v", err)
	}
}

func TestPolicyString(t *testing.T) {
	for _, c := range []struct {
		p    retry.Policy
		want string
	}{
		{retry.S3(), "s3: 5 attempts, backoff 1s x2 up to 30s, jitter additive-clipped 1s"},
		{retry.API(), "api: 3 attempts, backoff 500ms x2 up to 10s, jitter additive-clipped 500ms, hint retry-after"},
		{retry.AWSStandard21(), "aws-standard-2.1: 3 attempts, backoff 50ms x2 up to 20s (throttled from 1s), jitter full, " +
			"hint amz, classifier aws, quota 500 (14 a retry, 5 throttled, +1 a clean success)"},
		{retry.None(), "none: 1 attempt"},
		{retry.Policy{Attempts: 2, Jitter: retry.Jitter{Kind: retry.JitterProportion, Proportion: 0.2}, AttemptTimeout: time.Second,
			Limit: time.Minute, Hint: retry.Hint{Mode: retry.HintRetryAfter, Max: time.Hour},
			Quota: retry.Quota{Capacity: 10, Cost: 5, TimeoutCost: 10}},
			"2 attempts, backoff 0s x2, jitter proportion ±20%, attempt timeout 1s, limit 1m0s, hint retry-after up to 1h0m0s, " +
				"quota 10 (5 a retry, 10 timed out)"},
	} {
		if got := c.p.String(); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestNames(t *testing.T) {
	names := append(retry.JitterKinds(), retry.HintModes()...)
	names = append(append(names, retry.BackoffKinds()...), retry.PaceKinds()...)
	if want := "none full equal decorrelated additive additive-clipped proportion proportion-clipped proportion-past-cap full-below-cap plus-minus " +
		"none retry-after amz exact pushback exponential constant linear fibonacci exponential-minus-one schedule none aws sre"; strings.Join(names, " ") != want {
		t.Errorf("got %v, want %s", names, want)
	}
	for i, name := range retry.JitterKinds() {
		k := retry.JitterKind(i)
		if got := roundTrip(t, k, new(retry.JitterKind)); got != name || k.String() != name {
			t.Errorf("jitter %d is %q and %q, want %q", i, got, k, name)
		}
	}
	for i, name := range retry.HintModes() {
		m := retry.HintMode(i)
		if got := roundTrip(t, m, new(retry.HintMode)); got != name || m.String() != name {
			t.Errorf("hint %d is %q and %q, want %q", i, got, m, name)
		}
	}
	for i, name := range retry.BackoffKinds() {
		k := retry.BackoffKind(i)
		if got := roundTrip(t, k, new(retry.BackoffKind)); got != name || k.String() != name {
			t.Errorf("backoff %d is %q and %q, want %q", i, got, k, name)
		}
	}
	for i, name := range retry.PaceKinds() {
		k := retry.PaceKind(i)
		if got := roundTrip(t, k, new(retry.PaceKind)); got != name || k.String() != name {
			t.Errorf("pace %d is %q and %q, want %q", i, got, k, name)
		}
	}
	k, m := retry.JitterFull, retry.HintAmz
	for _, err := range []error{k.UnmarshalText([]byte("Full")), m.UnmarshalText([]byte("Full")),
		new(retry.PaceKind).UnmarshalText([]byte("Full"))} {
		var e *retry.UnknownNameError
		if !errors.As(err, &e) || e.Name != "Full" || len(e.Known) == 0 || !strings.Contains(err.Error(), `"Full", want one of: none, `) {
			t.Errorf("got %v", err)
		}
	}
	if k != retry.JitterFull || m != retry.HintAmz {
		t.Error("a failed UnmarshalText changed its receiver")
	}
	for _, v := range []encoding.TextMarshaler{retry.JitterKind(200), retry.HintMode(200), retry.BackoffKind(200), retry.PaceKind(200)} {
		if text, err := v.MarshalText(); err == nil {
			t.Errorf("an unknown kind is written as %q", text)
		}
	}
	if got := retry.JitterKind(200).String() + retry.Class(9).String() + retry.Reason(77).String(); got != "jitter(200)class(9)reason(77)" {
		t.Errorf("got %s", got)
	}
}

func roundTrip[T interface {
	comparable
	encoding.TextMarshaler
}](t *testing.T, v T, into encoding.TextUnmarshaler) string {
	t.Helper()
	text, err := v.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	if err := into.UnmarshalText(text); err != nil || *any(into).(*T) != v {
		t.Errorf("%v reads back as %v, %v", v, into, err)
	}
	return string(text)
}

func TestPolicyIsPlainData(t *testing.T) {
	rnd := rand.New(rand.NewPCG(8, 8))
	for range 1000 {
		p := anyPolicy(rnd)
		if err := p.Validate(); err != nil {
			t.Fatalf("%+v: %v", p, err)
		}
		if r := retry.Must(retry.New(p)); r.Policy() != p {
			t.Fatalf("%+v became %+v", p, r.Policy())
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("Must does not panic")
		}
	}()
	retry.Must(retry.New(retry.Policy{}))
}
