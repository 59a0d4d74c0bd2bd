package verify

import (
	"time"

	"github.com/squall-sim/squall/internal/fleet"
)

// book has all calls of a policy's run. It is a fleet.Watcher.
type book struct {
	calls map[callID]*call
	order []callID      // as they ended
	end   time.Duration // of the last call that has an end
}

type callID struct{ client, call uint64 }

// call is one call that has ended, or was given up.
type call struct {
	fleet.CallRecord
	attempts []fleet.AttemptRecord
}

// unfinished is the reason of calls that the end of a run gave up.
const unfinished = "unfinished"

func newBook() *book { return &book{calls: map[callID]*call{}} }

func (b *book) of(client, number uint64) *call {
	id := callID{client, number}
	c := b.calls[id]
	if c == nil {
		c = &call{}
		b.calls[id] = c
		b.order = append(b.order, id)
	}
	return c
}

// Attempt books an attempt.
func (b *book) Attempt(a fleet.AttemptRecord) {
	c := b.of(a.Client, a.Call)
	c.attempts = append(c.attempts, a)
}

// Call books the end of a call.
func (b *book) Call(r fleet.CallRecord) {
	b.of(r.Client, r.Call).CallRecord = r
	if r.Reason != unfinished {
		b.end = max(b.end, r.Ended)
	}
}

// durations are the times of the calls, and of the attempts, that have ended.
func (b *book) durations() (calls, attempts []time.Duration) {
	for _, id := range b.order {
		c := b.calls[id]
		if c.Reason == unfinished {
			continue
		}
		calls = append(calls, c.Ended-c.Start)
		for _, a := range c.attempts {
			attempts = append(attempts, a.Ended-a.Sent)
		}
	}
	return calls, attempts
}
