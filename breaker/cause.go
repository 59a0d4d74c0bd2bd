package breaker

import "time"

// Cause is why a breaker changed its state. The zero value is no cause. The set is
// closed; use String, not the number, in what people read.
type Cause uint8

// The causes of a change.
const (
	// CauseFailures: Config.Failures failures in a row.
	CauseFailures Cause = iota + 1
	// CauseFailureCount: Config.FailureCount.
	CauseFailureCount
	// CauseFailureRate: Config.FailureRate.
	CauseFailureRate
	// CauseSlowRate: Config.SlowRate.
	CauseSlowRate
	// CauseOpenTime: the open time is over, probes may come.
	CauseOpenTime
	// CauseProbeFailed: too many probes failed.
	CauseProbeFailed
	// CauseProbeOverdue: the lease of a probe ran out, and that was one too many.
	CauseProbeOverdue
	// CauseProbesSucceeded: enough probes succeeded.
	CauseProbesSucceeded
	// CauseManual: Trip, Isolate or Reset.
	CauseManual
	// CauseShared: another process changed the state that is shared.
	CauseShared

	causes // one more than the last
)

var causeNames = [causes]string{
	"none", "consecutive failures", "failure count", "failure rate", "slow rate", "open time over",
	"probe failed", "probe overdue", "probes succeeded", "manual", "shared",
}

// String returns the cause in words, such as "failure rate".
func (c Cause) String() string {
	if c >= causes {
		return "unknown"
	}
	return causeNames[c]
}

// Event is one change of state.
type Event struct {
	// Name is the breaker's name, empty without WithName.
	Name string
	// Time is when the state changed, by the breaker's clock. Half-open is
	// entered by the first touch after the cool-down, not by a timer. Where the
	// lease of a probe ran out, it is the end of the lease, and the event comes at
	// the first touch after it.
	Time time.Time
	// From and To are the states before and after; they always differ.
	From, To State
	// Cause is why.
	Cause Cause
	// Counts are those of the stay in From, the outcome that ended it
	// included. All zero when From is Open.
	Counts Counts
	// Seen is what the rule that opened the breaker saw in its window; zero where
	// no such rule did.
	Seen Seen
	// RetryAt is, where To is Open, the first instant at which a probe may be
	// admitted: zero if that is for Reset to say.
	RetryAt time.Time
}

// Seen is what a rule sees in its window.
type Seen struct {
	Calls uint64 // calls in the window; those in flight and overdue too, for SlowRate
	Bad   uint64 // how many of them failed, or were slow
}
