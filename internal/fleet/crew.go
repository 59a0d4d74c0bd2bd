package fleet

import (
	"context"
	"fmt"
	"time"

	"github.com/squall-sim/squall/retry"
)

// crew is clients who guard their calls alike: a policy in a run. All clients of a run are
// one, but for the groups that have a policy of their own, whichever is tried.
type crew struct {
	policy   *Policy
	retriers []*retry.Retrier // one for each client, or a single one where the policy holds no state
	breakers breakers
	paced    bool  // the policy holds attempts back
	timeless bool  // the policy's decisions do not depend on the time
	timeout  error // what a client sees when its attempt's time is up
}

// newCrews makes the crew of the policy that is tried, and those of the groups that keep to
// their own. The recorder is there already.
func (r *run) newCrews() (err error) {
	if r.crew, err = r.newCrew(&r.cfg.Policy); err != nil {
		return err
	}
	for i, g := range r.cfg.Load.Groups {
		if g.Policy == nil {
			continue
		}
		own, err := r.newCrew(g.Policy)
		if err != nil {
			return err
		}
		own.breakers.silent = true // the record is about the policy that is tried
		r.groups[i].crew = &own
		r.settled = append(r.settled, &own)
	}
	return nil
}

func (r *run) newCrew(p *Policy) (crew, error) {
	c := crew{
		policy: p, paced: p.Retry.Pace != (retry.Pace{}),
		timeout: &retry.TimeoutError{After: p.Retry.AttemptTimeout, Err: context.DeadlineExceeded},
	}
	n := 1
	if p.Retry.Stateful() { // a quota belongs to one client process
		n = max(r.cfg.Load.Clients, 1)
	}
	for range n {
		one, err := retry.New(p.Retry, r.retryOptions()...)
		if err != nil {
			return crew{}, fmt.Errorf("fleet: policy %s: %w", p.Name, err)
		}
		c.retriers = append(c.retriers, one)
	}
	c.timeless = !c.retriers[0].NeedsTime()
	c.breakers = newBreakers(r.cfg, p, r.clock, &r.recorder, c.retriers[0].Classify)
	c.breakers.shared = newSharing(r, p)
	return c, nil
}

func (r *run) retryOptions() (opts []retry.Option) {
	if r.cfg.observe != nil {
		opts = append(opts, retry.WithObserver(r.cfg.observe))
	}
	return opts
}

// crewOf returns how a client guards its calls.
func (r *run) crewOf(client uint64) *crew {
	if len(r.settled) > 0 {
		if own := r.groups[r.group(client)].crew; own != nil {
			return own
		}
	}
	return &r.crew
}

// now is the time that calls of the crew are told.
func (c *crew) now(r *run) time.Time {
	if c.timeless {
		return time.Time{}
	}
	return r.now()
}

func (c *crew) retrier(client uint64) *retry.Retrier {
	if client >= uint64(len(c.retriers)) { // most often, as one serves all
		client %= uint64(len(c.retriers))
	}
	return c.retriers[client]
}

// renew gives a client that is restarted budgets and limiters that know nothing.
func (r *run) renew(client uint64) {
	c := r.crewOf(client)
	if !c.policy.Retry.Stateful() {
		return
	}
	one, err := retry.New(c.policy.Retry, r.retryOptions()...)
	if err != nil {
		panic(err) // it was made before
	}
	c.retriers[client] = one
}
