package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"time"

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
	switch at := p.key("sync_every"); {
	case b.Scope == ScopeShared && b.SyncEvery == 0:
		c.report(at, "nobody says how often the breakers are compared", "write how long it takes for a verdict to spread, such as sync_every: 5s")
	case b.Scope == ScopeShared && (b.SyncEvery < MinSync || b.SyncEvery > MaxDuration):
		c.report(at, b.SyncEvery.String()+" between two comparisons is not possible", "write "+MinSync.String()+" or more")
	case b.Scope == ScopeShared && c.comparisons(b.SyncEvery) > maxComparisons:
		c.report(at, fmt.Sprintf("the clients would compare their breakers %.2g times in all", c.comparisons(b.SyncEvery)), "write a longer time, such as sync_every: 5s, or fewer clients")
	case b.Scope != ScopeShared && b.SyncEvery != 0:
		c.report(at, "sync_every means nothing to breakers of scope "+string(b.Scope), "leave it out, or write scope: shared")
	}
	if !slices.Contains(Scopes(), b.Scope) {
		c.report(p.key("scope"), "unknown scope "+quote(string(b.Scope)), "write operation, client, key, fleet or shared")
	}
}

// maxComparisons bounds what shared breakers cost: each takes about a microsecond.
const maxComparisons = 1e9

// comparisons is how often the clients of a run compare their breakers with a store.
func (c *checker) comparisons(every time.Duration) float64 {
	return float64(c.sc.Load.Clients) * float64(c.sc.length()) / float64(every)
}
