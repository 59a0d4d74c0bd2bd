package retry

import (
	"context"
	"math"
)

// Ancestry is where a call stands among calls that run inside each other's
// attempts. The zero value is a call inside of no other.
type Ancestry struct {
	// Depth is how many calls are around, from 0 to 255.
	Depth int
	// Attempts is the product of the numbers of their attempts that are
	// running: 6 in the second attempt of a call in the third attempt of
	// another. It is 0 at depth 0, and stays at MaxInt32 when it gets there.
	Attempts int
}

// WithDepth makes each attempt carry its place in its context, so that calls
// inside it know where they are: they tell their observers ([Event].Depth and
// Around) and can stand down ([WithStandDown]). It costs an allocation of 48
// bytes for each attempt. Without this option only retriers do so whose attempts
// have a context of their own anyway: those with an AttemptTimeout or a Limit,
// and the calls of [Hedge].
func WithDepth() Option { return func(r *Retrier) { r.announces = true } }

// WithStandDown makes calls inside the attempt of another call leave retrying
// to it: one attempt, and then the error, with the reason [StoodDown]. The call
// around judges by the error inside, so it retries what it would have retried
// without a call between. Where there is no call around, or none that says so
// (see [WithDepth]), the policy goes as it is.
//
// Three layers of three attempts send up to 27 requests for one; with an
// outermost layer that has WithDepth, and WithStandDown in the others, three.
// Nobody looks for a call around before an attempt has failed, unless there is
// an observer.
func WithStandDown() Option { return func(r *Retrier) { r.standsDown = true } }

// AncestryOf returns where a call stands that is made with ctx.
func AncestryOf(ctx context.Context) Ancestry {
	a, _ := ctx.Value(ancestryKey{}).(*attemptContext)
	if a == nil {
		return Ancestry{}
	}
	return Ancestry{Depth: int(a.depth), Attempts: int(a.attempts)}
}

// SetAncestry tells the call where it stands. [Do] sets it from its context.
// Numbers out of range are brought into it.
func (c *Call) SetAncestry(a Ancestry) {
	c.depth = uint8(min(max(a.Depth, 0), math.MaxUint8))
	c.around = int32(min(max(a.Attempts, 0), math.MaxInt32))
}

// Context returns ctx for the next attempt of the call, with the attempt's
// place in it. Attempts of [Do] get such a context where [WithDepth] says so.
func (c *Call) Context(ctx context.Context) context.Context {
	return c.contextOf(ctx, int(c.failures)+1)
}

func (c *Call) contextOf(ctx context.Context, attempt int) context.Context {
	if c.depth == 0 {
		c.SetAncestry(AncestryOf(ctx))
	}
	around := int64(max(1, c.around)) * int64(attempt)
	return &attemptContext{
		Context:  ctx,
		depth:    uint8(min(int(c.depth)+1, math.MaxUint8)),
		attempts: int32(min(around, math.MaxInt32)),
	}
}

type ancestryKey struct{}

// attemptContext is the context of an attempt that says where it stands. It is
// not changed once it is made: a goroutine that outlives its attempt may ask it.
type attemptContext struct {
	context.Context
	attempts int32
	depth    uint8
}

// Value returns the context itself to [AncestryOf].
func (a *attemptContext) Value(key any) any {
	if key == (ancestryKey{}) {
		return a
	}
	return a.Context.Value(key)
}
