package scenarios

import (
	"errors"
	"fmt"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/retry"
)

func (c *checker) policies(p *path) {
	if len(c.sc.Policies) == 0 && !c.sc.ServedOnly() {
		c.report(p, "there is no policy", "write at least one, such as shipped: {retry: s3}; or no load either, for a scenario that is only served")
	}
	if len(c.sc.Policies) > maxPolicies {
		c.report(p, fmt.Sprintf("there are %d policies", len(c.sc.Policies)), fmt.Sprintf("write at most %d", maxPolicies))
		return
	}
	seen := make(map[string]bool, len(c.sc.Policies))
	for _, pol := range c.sc.Policies {
		at := p.key(pol.Name)
		if err := checkLabel("policy", pol.Name); err != nil {
			c.refuse(at.itself(), err)
		} else if seen[pol.Name] {
			c.report(at.itself(), "two policies have this name", "give each its own")
		}
		seen[pol.Name] = true
		c.retry(at.key("retry"), pol.Retry)
		if pol.Breaker != nil {
			c.breaker(at.key("breaker"), *pol.Breaker)
		}
	}
}

// retryKeys are the keys of a scenario file for the fields of a retry policy
// that are not called the same.
var retryKeys = map[string]string{
	"backoff.base": "base", "backoff.multiplier": "multiplier", "backoff.cap": "cap", "backoff.throttle_base": "throttle_base",
	"hint.mode": "hint", "hint.max": "max_hint",
}

// retry asks the retry package for what is wrong.
func (c *checker) retry(p *path, pol retry.Policy) {
	var wrong *retry.PolicyError
	if err := pol.Validate(); errors.As(err, &wrong) {
		for _, one := range wrong.Problems {
			key, renamed := retryKeys[one.Field]
			if !renamed {
				key = one.Field
			}
			c.told(p.fields(key), one.Text)
		}
	} else if err != nil {
		c.told(p, err.Error())
	}
}

// told reports what another package says: "is -1s, want 0 or more".
func (c *checker) told(p *path, text string) {
	message, hint := split(text)
	c.report(p, message, hint)
}

// breaker asks the breaker package for what is wrong.
func (c *checker) breaker(p *path, b Breaker) {
	switch err := b.Config.Validate().(type) {
	case nil:
	case interface{ Unwrap() []error }:
		for _, one := range err.Unwrap() {
			var field *breaker.FieldError
			if errors.As(one, &field) {
				c.report(breakerField(p, field.Field), field.Value+" is not possible", "write "+breakerWords.Replace(field.Want))
			} else {
				c.told(p, one.Error())
			}
		}
	default:
		c.told(p, err.Error())
	}
	if b.Scope != ScopeOperation && b.Scope != ScopeClient && b.Scope != ScopeFleet {
		c.report(p.key("scope"), "unknown scope "+quote(string(b.Scope)), "write operation, client or fleet")
	}
}
