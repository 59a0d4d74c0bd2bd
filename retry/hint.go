package retry

import (
	"strings"
	"time"
)

// Hint says what a policy makes of a server's word on when to come back. It is
// plain data; the zero value ignores hints.
type Hint struct {
	// Mode says which hint is read and how.
	Mode HintMode
	// Max is the longest hint that the call waits for: a longer one ends it at
	// once with [ServerStop] and the time to come back at, which beats holding
	// a goroutine for an hour. Zero means no maximum.
	Max time.Duration
	// Trim takes a hint that is longer than Max for Max, instead of ending the
	// call, and so comes back before the server asked. (urllib3's
	// retry_after_max.)
	Trim bool
	// Reset starts the backoff anew after a delay that a hint was heard for:
	// the next one without a hint is the first of the schedule again.
	Reset bool
}

// HintMode names a server hint and what is made of it.
type HintMode uint8

const (
	// HintNone ignores hints.
	HintNone HintMode = iota
	// HintRetryAfter reads Retry-After (RFC 9110, section 10.2.3) from an
	// error's RetryAfter method. The hint raises the floor of the delay and
	// the jitter comes on top of it: the call never returns earlier than the
	// server asked, and clients that were all told "10 s" do not return in
	// step. The backoff's cap does not cut a hint; Max is for that.
	HintRetryAfter
	// HintAmz reads x-amz-retry-after, in milliseconds, from an error's
	// AmzRetryAfter method and clamps it to [t, t+5s], where t is the policy's
	// own delay with its jitter: AWS Retry Behavior 2.1
	// (aws-sdk-go-v2@v1.48.0, aws/retry/middleware.go).
	HintAmz
	// HintExact reads Retry-After as [HintRetryAfter] does and waits exactly
	// that long, be it less than the policy's own delay and without jitter: all
	// clients that were told "10 s" return in step. It is what most libraries
	// do; new policies are better off with HintRetryAfter.
	HintExact
	// HintPushback reads gRPC's grpc-retry-pushback-ms from an error's
	// RetryPushback method: the call waits exactly that long and its backoff
	// starts anew; a negative one ends the call with [ServerStop]. (gRPC
	// proposal A6; google.golang.org/grpc@v1.85.0, stream.go.)
	HintPushback

	hintModes // how many there are
)

// amzSpan is how far past the policy's own delay x-amz-retry-after can reach.
const amzSpan = 5 * time.Second

var hintNames = [hintModes]string{"none", "retry-after", "amz", "exact", "pushback"}

// HintModes returns the text of every mode, in order.
func HintModes() []string { return append([]string(nil), hintNames[:]...) }

// String returns the mode's text, such as "retry-after".
func (m HintMode) String() string { return nameOf(hintNames[:], int(m), "hint") }

// MarshalText returns the mode's text. An unknown mode is an error.
func (m HintMode) MarshalText() ([]byte, error) { return marshalName(hintNames[:], int(m), "hint") }

// UnmarshalText reads what MarshalText wrote; the error is an [*UnknownNameError].
func (m *HintMode) UnmarshalText(text []byte) error {
	i, err := parseName(hintNames[:], string(text), "hint")
	if err == nil {
		*m = HintMode(i)
	}
	return err
}

// heard returns the hint that the mode listens to. It is negative only as a
// pushback.
func (h *Hint) heard(f *facts) (time.Duration, bool) {
	switch h.Mode {
	case HintRetryAfter, HintExact:
		return f.after, f.hasAfter
	case HintAmz:
		return f.amz, f.hasAmz
	case HintPushback:
		return f.push, f.hasPush
	}
	return 0, false
}

func (h *Hint) check(c *check) {
	c.that(h.Mode < hintModes, "hint.mode", "is %d, want one of: %s", h.Mode, strings.Join(hintNames[:], ", "))
	c.notNegative(h.Max, "hint.max")
	c.that(!h.Trim || h.Max != 0, "hint.trim", "is set, want a hint.max to trim to")
}
