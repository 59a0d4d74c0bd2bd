package retry

import (
	"fmt"
	"math"
	"sync"
	"time"
)

// Ratio bounds retries by a share of the calls of the last while, and so many
// a second beyond: Finagle's RetryBudget (com.twitter.finagle.service.
// RetryBudget, com.twitter.util.TokenBucket.newLeakyBucket; its defaults are
// 20 %, 10 a second and 10 s). Each call deposits 1000 tokens that expire
// after about Window, a retry withdraws 1000/Share, and PerSecond·Window
// retries are held in reserve. It is plain data; the zero value is no budget.
//
// Calls that fail deposit, too: in an outage Share of all calls are retried.
type Ratio struct {
	// Share is how many retries each call deposits, 0 to 1000.
	Share float64
	// PerSecond is the retries a second that need no deposit, 0 to 10^6.
	PerSecond int
	// Window is how long a deposit counts, 1 s to 60 s in whole seconds; zero
	// means 10 s.
	Window time.Duration
}

// String describes the budget, as in "20% of the calls of 10s, +10 a second".
func (r Ratio) String() string {
	return fmt.Sprintf("%s of the calls of %v, +%d a second", percent(r.Share), r.window(), r.PerSecond)
}

func (r *Ratio) check(c *check) {
	c.within(r.Share, 0, 1000, "budget.ratio.share")
	c.that(r.PerSecond >= 0 && r.PerSecond <= 1e6, "budget.ratio.per_second", "is %d, want 0 to 1000000", r.PerSecond)
	c.that(r.Window == 0 || r.Window >= time.Second && r.Window <= time.Minute && r.Window%time.Second == 0,
		"budget.ratio.window", "is %v, want 1s to 1m0s in whole seconds (0 means 10s)", r.Window)
	c.that(r.Share > 0 || r.PerSecond > 0, "budget.ratio.share", "is %v without a per_second, want one of them above 0", r.Share)
}

func (r *Ratio) window() time.Duration {
	if r.Window == 0 {
		return 10 * time.Second
	}
	return r.Window
}

// RatioBudget is the state of a [Ratio]. It is safe for concurrent use; a lock
// is held for a few additions.
type RatioBudget struct {
	plan     Ratio
	deposit  int64
	withdraw int64
	reserve  int64
	begin    origin

	mu  sync.Mutex
	sum slices
}

// NewRatio returns a budget with its reserve, or a [*PolicyError] with every
// problem of r.
func NewRatio(r Ratio) (*RatioBudget, error) {
	var c check
	if r.check(&c); len(c) > 0 {
		return nil, c.err("")
	}
	return newRatioBudget(r), nil
}

func newRatioBudget(r Ratio) *RatioBudget {
	b := &RatioBudget{plan: r, withdraw: 1}
	if r.Share > 0 {
		b.deposit, b.withdraw = 1000, max(1, int64(math.Min(1000/r.Share, 1e9)))
	}
	b.reserve = int64(r.PerSecond) * int64(r.window()/time.Second) * b.withdraw
	b.sum.length = int64(r.window()) / sliceCount
	return b
}

// Tokens returns how many retries can be made at now.
func (b *RatioBudget) Tokens(now time.Time) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return int(max(0, b.sum.total(b.begin.since(now))+b.reserve) / b.withdraw)
}

// Charge implements [Budget]. A refusal's Refill is when withdrawals will have
// expired, at the soonest; new calls may deposit sooner.
func (b *RatioBudget) Charge(now time.Time, _ Class) Receipt {
	at := b.begin.since(now)
	b.mu.Lock()
	defer b.mu.Unlock()
	have := b.sum.total(at) + b.reserve
	if have < b.withdraw {
		r := Receipt{Cost: 1}
		if b.plan.PerSecond > 0 {
			r.Refill = time.Duration(b.sum.refill(at, b.withdraw-b.reserve))
		}
		return r
	}
	b.sum.add(at, -b.withdraw)
	return Receipt{Paid: true, Cost: 1, Tokens: int((have - b.withdraw) / b.withdraw)}
}

// Succeeded implements [Budget]. It does nothing: it is calls that deposit.
func (b *RatioBudget) Succeeded(time.Time, int) {}

// Refund implements [RefundBudget]. The withdrawal is undone where it would have
// gone on counting: in the present slice of the window.
func (b *RatioBudget) Refund(now time.Time, _ int) {
	at := b.begin.since(now)
	b.mu.Lock()
	b.sum.add(at, b.withdraw)
	b.mu.Unlock()
}

// CallBegan implements [CallBudget]: it makes the deposit.
func (b *RatioBudget) CallBegan(now time.Time) {
	at := b.begin.since(now)
	b.mu.Lock()
	b.sum.add(at, b.deposit)
	b.mu.Unlock()
}

// CallEnded implements [CallBudget]. It does nothing.
func (b *RatioBudget) CallEnded(time.Time) {}

// RetryEnded implements [CallBudget]. It does nothing.
func (b *RatioBudget) RetryEnded(time.Time) {}

// sliceCount is how many slices of time a window has: com.twitter.util.
// TokenBucket's 10, one of them running and the rest kept.
const sliceCount = 10

// slices is a sum over a sliding window, kept by slices of time:
// com.twitter.util.WindowedAdder, to the letter. A slice begins when the first
// addition or question comes after the end of the one before.
type slices struct {
	length  int64 // of a slice, in ns
	began   int64 // the running slice
	running int64
	kept    [sliceCount - 1]int64 // a ring; next is the oldest
	next    int
}

func (s *slices) add(at, x int64) {
	s.roll(at)
	s.running += x
}

func (s *slices) total(at int64) int64 {
	s.roll(at)
	sum := s.running
	for _, x := range s.kept {
		sum += x
	}
	return sum
}

func (s *slices) roll(at int64) {
	if at-s.began < s.length {
		return
	}
	s.push(s.running)
	s.running = 0
	for skipped := min((at-s.began)/s.length-1, int64(len(s.kept))); skipped > 0; skipped-- {
		s.push(0)
	}
	s.began = at
}

func (s *slices) push(x int64) {
	s.kept[s.next] = x
	s.next = (s.next + 1) % len(s.kept)
}

// refill returns how long it takes until so many slices have expired that the
// total is at least want, if nothing is added meanwhile; 0: never.
func (s *slices) refill(at, want int64) int64 {
	ahead, then := *s, at
	for range sliceCount + 1 {
		then = ahead.began + ahead.length
		if ahead.total(then) >= want {
			return then - at
		}
	}
	return 0
}
