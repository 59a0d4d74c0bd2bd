package retry

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Policy says how a call is retried. It is plain data: comparable with ==,
// printable, and without a pointer in it, so that it can be kept in a
// configuration file, compared in a test and sent to a simulator. What has
// state or behaviour (clock, chance, budget, classifier, observer) is given to
// [New] as an [Option].
//
// The zero value is not valid: Attempts must be at least 1. Start from a
// preset, such as [S3] or [API], or see the package documentation.
type Policy struct {
	// Name labels the policy in errors, events and reports. It may be empty.
	Name string
	// Attempts is how many attempts a call makes at most, the first one
	// included: 1 never retries, [Unlimited] never stops for their number.
	Attempts int
	// Backoff is the delay between attempts, before jitter.
	Backoff Backoff
	// Jitter spreads the delay.
	Jitter Jitter
	// AttemptTimeout bounds each attempt. An attempt that it ends is an error
	// of class [Timeout] and is retried. Zero: attempts are bounded by the
	// caller's context only, and a server that never answers is waited for.
	AttemptTimeout time.Duration
	// Limit bounds the call, attempts and delays together. The call ends as
	// soon as the next attempt would start at or after it, and cuts an attempt
	// that is still running. Zero: none. Unlike a deadline on the caller's
	// context it does not end what the caller does besides this call.
	Limit time.Duration
	// Classifier names the table that tells what is worth another attempt:
	// "" is squall's own, "aws" that of AWS Retry Behavior 2.1, "any" retries
	// everything that is not marked otherwise. See [Classifiers].
	Classifier string
	// Hint says what is made of a server's word on when to come back.
	Hint Hint
	// Quota bounds the retries of all calls together, as the AWS SDKs do.
	// Each [Retrier] has one [Bucket] of its own. Zero: none.
	Quota Quota
	// Budget bounds the retries of all calls together in one of the other
	// known ways. Each [Retrier] has a budget of its own; to share one, see
	// [Policy.NewBudget]. Zero: none. Only one of Quota and Budget can be set.
	Budget BudgetPlan
	// Pace holds attempts back before they start, the first of a call
	// included. Each [Retrier] has a limiter of its own. Zero: none.
	Pace Pace
}

// Unlimited as a policy's Attempts means that their number never ends a call.
// Something else must: a Limit, a deadline, a budget, an error that is not
// worth another attempt.
const Unlimited = math.MaxInt32

// Stateful reports whether retriers of the policy keep state from call to call
// (a Quota, a Budget or a Pace), so that it makes a difference whether clients
// share a retrier or have one each.
func (p Policy) Stateful() bool {
	return p.Quota != (Quota{}) || p.Budget != (BudgetPlan{}) || p.Pace != (Pace{})
}

// NewBudget returns a new budget as the policy's Quota or Budget describes it,
// and nil if it has neither: for retriers that share one, through
// [WithBudget]. The error is a [*PolicyError].
func (p Policy) NewBudget() (Budget, error) {
	if p.Quota != (Quota{}) {
		b, err := NewBucket(p.Quota)
		if err != nil {
			return nil, err
		}
		return b, nil
	}
	return p.Budget.New()
}

// Problem is one thing that is wrong with a policy.
type Problem struct {
	Field string // the field, as in "backoff.cap"
	Text  string // what it is and what would be right, as in "is -1s, want 0 or more"
}

// Error returns the field and the text.
func (p *Problem) Error() string { return p.Field + " " + p.Text }

// PolicyError lists everything that is wrong with a policy.
type PolicyError struct {
	Policy   string     // the policy's name
	Problems []*Problem // at least one, in the order of the policy's fields
}

// Error lists every problem.
func (e *PolicyError) Error() string {
	var b strings.Builder
	b.WriteString("retry: ")
	if e.Policy != "" {
		fmt.Fprintf(&b, "policy %q: ", e.Policy)
	}
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(p.Error())
	}
	return b.String()
}

// Unwrap returns the problems, so that errors.As finds a [*Problem].
func (e *PolicyError) Unwrap() []error {
	errs := make([]error, len(e.Problems))
	for i, p := range e.Problems {
		errs[i] = p
	}
	return errs
}

// Validate returns nil, or a [*PolicyError] with every problem of the policy.
func (p Policy) Validate() error {
	var c check
	c.that(p.Attempts >= 1 && p.Attempts <= math.MaxInt32, "attempts",
		"is %d, want 1 to %d (the first attempt counts)", p.Attempts, math.MaxInt32)
	p.Backoff.check(&c)
	p.Jitter.check(&c, p.Backoff.Cap)
	c.notNegative(p.AttemptTimeout, "attempt_timeout")
	c.notNegative(p.Limit, "limit")
	if _, err := tableNamed(p.Classifier); err != nil {
		c.that(false, "classifier", "is %q, want one of: %s", p.Classifier, quoted(Classifiers()))
	}
	p.Hint.check(&c)
	if p.Quota != (Quota{}) {
		p.Quota.check(&c)
	}
	p.Budget.check(&c)
	c.that(p.Quota == (Quota{}) || p.Budget == (BudgetPlan{}), "budget", "is set beside a quota, want one of them")
	p.Pace.check(&c)
	return c.err(p.Name)
}

func (b *Backoff) check(c *check) {
	c.that(b.Kind < backoffKinds, "backoff.kind", "is %d, want one of: %s", b.Kind, strings.Join(backoffNames[:], ", "))
	if b.Kind == BackoffSchedule {
		b.Schedule.check(c)
	}
	c.notNegative(b.Base, "backoff.base")
	c.that(b.Multiplier == 0 || b.Multiplier >= 1 && !math.IsInf(b.Multiplier, 0), "backoff.multiplier",
		"is %v, want 1 or more (0 means 2)", b.Multiplier)
	c.notNegative(b.Cap, "backoff.cap")
	c.notNegative(b.ThrottleBase, "backoff.throttle_base")
	c.that(b.Cap <= 0 || b.Base <= b.Cap, "backoff.base",
		"is %v, want at most the cap of %v", b.Base, b.Cap)
}

func (j *Jitter) check(c *check, limit time.Duration) {
	c.that(j.Kind < jitterKinds, "jitter.kind", "is %d, want one of: %s", j.Kind, strings.Join(jitterNames[:], ", "))
	switch j.Kind {
	case JitterAdditive, JitterAdditiveClipped, JitterPlusMinus:
		c.that(j.Amount > 0, "jitter.amount", "is %v, want more than 0 for %v jitter", j.Amount, j.Kind)
		c.that(limit <= 0 || j.Amount <= limit, "jitter.amount", "is %v, want at most the cap of %v", j.Amount, limit)
	case JitterProportion, JitterProportionClipped, JitterProportionPastCap:
		c.that(j.Proportion > 0 && j.Proportion <= 1, "jitter.proportion",
			"is %v, want more than 0 and at most 1", j.Proportion)
		c.that(j.Above >= 0 && j.Above <= 10, "jitter.above", "is %v, want 0 to 10 (0 means the proportion)", j.Above)
	}
}

// check collects problems.
type check []*Problem

func (c *check) that(ok bool, field, format string, args ...any) {
	if !ok {
		*c = append(*c, &Problem{Field: field, Text: fmt.Sprintf(format, args...)})
	}
}

func (c *check) notNegative(d time.Duration, field string) {
	c.that(d >= 0, field, "is %v, want 0 or more", d)
}

func (c *check) err(policy string) error {
	if len(*c) == 0 {
		return nil
	}
	return &PolicyError{Policy: policy, Problems: *c}
}

func quoted(names []string) string {
	q := make([]string, len(names))
	for i, n := range names {
		q[i] = strconv.Quote(n)
	}
	return strings.Join(q, ", ")
}
