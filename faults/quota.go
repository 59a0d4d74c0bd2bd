package faults

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/squall-sim/squall/sim"
)

// Limits are what a healthy backend refuses because of who asks, for what, and
// how often. They are plain data; the zero value limits nothing. A [Limiter]
// applies them.
type Limits struct {
	// Quotas all hold: a request that any of them refuses is refused, and takes
	// no token of the others.
	Quotas []Quota
	// Prefixes is S3's request rate per partitioned prefix; nil: none.
	Prefixes *Prefixes
}

// Sharing says which requests draw on one token bucket of a [Quota].
type Sharing string

// The ways to share a quota.
const (
	PerAll    Sharing = "all"    // all that the quota is for
	PerClient Sharing = "client" // those of one client
	PerPrefix Sharing = "prefix" // those of one bucket and key prefix, up to a slash: see Quota.Depth
	PerKey    Sharing = "key"    // those of one bucket and key, or path
)

// Sharings lists the ways to share a quota.
func Sharings() []Sharing { return []Sharing{PerAll, PerClient, PerPrefix, PerKey} }

// Access tells reads from writes, as S3 counts them: GET and HEAD (and OPTIONS)
// are reads, lists among them, all else is a write.
type Access string

// The sorts of access.
const (
	AnyAccess   Access = ""
	ReadAccess  Access = "reads"
	WriteAccess Access = "writes"
)

// TellWait says how a refusal tells when to come back.
type TellWait string

// The ways to tell.
const (
	TellNothing    TellWait = "none"        // as S3
	TellRetryAfter TellWait = "retry-after" // Retry-After: whole seconds, rounded up
	TellAmz        TellWait = "amz"         // x-amz-retry-after: milliseconds, rounded up
)

// Quota bounds a rate with token buckets: a request takes a token or is refused,
// tokens come at Rate, and Burst of them can be saved. In no stretch of time t
// are more than Burst + Rate·t requests let through. The arithmetic is in whole
// numbers and exact.
type Quota struct {
	On    QuotaOn
	Per   Sharing // which requests share a bucket
	Depth int     // (PerPrefix) how many parts of the key make its prefix; 0: all but what follows the last slash
	Rate  Rate
	Burst int64 // 1 or more
	// Effect is the answer to a request that is refused: an error of S3 or a
	// status. It comes after [TurnedAwayAfter], unless it says after=.
	Effect Effect
	// Hint is how the answer tells what the bucket needs until its next token:
	// a client that is alone and waits so long is let through. "" is
	// TellNothing.
	Hint TellWait
}

// QuotaOn chooses requests; the zero value chooses all.
type QuotaOn struct {
	Op     string // as in a [Selector]
	Key    string // as in a [Selector]
	Access Access
}

// MaxDepth bounds Quota.Depth.
const MaxDepth = 1000

// TurnedAwayAfter is how fast a server turns a request away that it has no room
// or no quota for.
const TurnedAwayAfter = time.Millisecond

// String returns the quota in one line, such as
// "writes raw/** 100/s burst=200 per client: SlowDown".
func (q Quota) String() string {
	var parts []string
	for _, s := range []string{q.On.Op, string(q.On.Access), q.On.Key} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	parts = append(parts, q.Rate.String())
	if q.Burst != q.Rate.DefaultBurst() {
		parts = append(parts, "burst="+strconv.FormatInt(q.Burst, 10))
	}
	if q.Per != PerAll {
		parts = append(parts, "per", string(q.Per))
		if q.Depth > 0 {
			parts = append(parts, "depth="+strconv.Itoa(q.Depth))
		}
	}
	return strings.Join(parts, " ") + ": " + q.Effect.String()
}

// Keyed reports whether the limits depend on the keys of requests.
func (l Limits) Keyed() bool {
	return l.Prefixes != nil || slices.ContainsFunc(l.Quotas, func(q Quota) bool { return q.On.Key != "" || q.Per == PerPrefix || q.Per == PerKey })
}

// Slowdown is what a number of other requests in flight adds to the service time
// of one: slope each, at most [sim.Never].
func Slowdown(slope time.Duration, others int) time.Duration {
	if slope <= 0 || others <= 0 {
		return 0
	}
	if slope > sim.Never/time.Duration(others) {
		return sim.Never
	}
	return slope * time.Duration(others)
}

// Validate returns nil, or an [*InvalidError] that holds every problem, with
// paths such as "quotas[1].on.key".
func (l Limits) Validate() error {
	var c checker
	for i, q := range l.Quotas {
		c.quota("quotas["+strconv.Itoa(i)+"].", q)
	}
	if l.Prefixes != nil {
		c.prefixes("prefixes.", *l.Prefixes)
	}
	return c.err("limits")
}

func (c *checker) quota(path string, q Quota) {
	if op := q.On.Op; op != "" && !known(op) {
		c.add(path+"on.op", "unknown operation "+quote(op), opHint(op))
	} else if a := q.On.Access; op != "" && (a == ReadAccess || a == WriteAccess) && access(Method(op)) != a {
		c.add(path+"on.access", op+" is none of the "+string(a), "leave access out, or op")
	}
	if q.On.Key != "" && !doublestar.ValidatePattern(q.On.Key) {
		c.add(path+"on.key", quote(q.On.Key)+" is not a glob", "close its brackets, write \\[ for a bracket itself, and end it with no backslash")
	}
	if a := q.On.Access; a != AnyAccess && a != ReadAccess && a != WriteAccess {
		c.add(path+"on.access", "unknown access "+quote(string(a)), "write reads or writes, or leave it out for both")
	}
	if p := q.Per; p != PerAll && p != PerClient && p != PerPrefix && p != PerKey {
		c.add(path+"per", "nothing is called "+quote(string(p))+" to have a quota of its own", "write all, client, prefix or key")
	}
	if q.Depth < 0 || q.Depth > MaxDepth {
		c.add(path+"depth", strconv.Itoa(q.Depth)+" is out of bounds", "write 1 to "+strconv.Itoa(MaxDepth))
	} else if q.Depth > 0 && q.Per != PerPrefix {
		c.add(path+"depth", "only prefixes have a depth", "write per: prefix, or leave depth out")
	}
	c.quotaRate(path, q)
	c.quotaAnswer(path, q)
}

func (c *checker) quotaRate(path string, q Quota) {
	if message, hint := rateProblem(q.Rate); message != "" {
		c.add(path+"rate", message, hint)
		return
	}
	if q.Burst < 1 || q.Burst > MaxRate {
		c.add(path+"burst", "a burst of "+strconv.FormatInt(q.Burst, 10)+" is not possible", "write 1 to "+strconv.Itoa(MaxRate)+", or leave it out: what comes in a second")
	} else if _, ok := newMeter(q.Rate, q.Burst); !ok {
		c.add(path+"burst", "a burst of "+strconv.FormatInt(q.Burst, 10)+" at "+q.Rate.String()+" is too large to be counted", "write a smaller one, or a rate with fewer digits")
	}
}

func (c *checker) quotaAnswer(path string, q Quota) {
	if message, hint := refusalProblem(q.Effect); message != "" {
		c.add(path+"effect", message, hint)
	} else {
		c.effect(path+"effect", q.Effect)
	}
	switch q.Hint {
	case TellRetryAfter, TellAmz:
		if q.Effect.RetryAfter.Given && q.Hint == TellRetryAfter || q.Effect.AmzRetryAfter.Given && q.Hint == TellAmz {
			c.add(path+"hint", "the effect has a hint of its own", "take it off the effect: the quota tells what the bucket needs")
		}
	case TellNothing, "":
	default:
		c.add(path+"hint", "unknown hint "+quote(string(q.Hint)), "write none, retry-after or amz")
	}
}

// refusalProblem says why a backend cannot refuse with an effect.
func refusalProblem(e Effect) (message, hint string) {
	if e.RetryDate.Given {
		return "a backend that has no room tells no date", "write retry-after"
	}
	if e.Kind == S3Error || e.Kind == Status && e.Status >= 400 {
		return "", ""
	}
	return "a backend that has no room answers, " + quote(e.String()) + " does not say with what", "write an error of S3 such as SlowDown, or a status such as 429"
}

// CheckRefusal says what is wrong with an effect as the answer of a backend that
// has no room: it must be an error of S3 or a status. nil: nothing; else an
// [*InvalidError].
func CheckRefusal(e Effect) error {
	var c checker
	if message, hint := refusalProblem(e); message != "" {
		c.add("", message, hint)
	} else {
		c.effect("", e)
	}
	return c.err("effect")
}

// access tells a method's sort.
func access(method string) Access {
	switch method {
	case "GET", "HEAD", "OPTIONS":
		return ReadAccess
	}
	return WriteAccess
}
