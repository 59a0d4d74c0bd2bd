package faults

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Limiter applies [Limits]. What it decides is a function of the limits, of the
// requests that came before and their times, and of nothing else; requests with
// different keys (and of different clients, where that is what a quota is per)
// do not touch each other. It is safe for concurrent use. Its memory is bounded,
// whatever clients and keys come: see [MaxBuckets]. A nil Limiter limits nothing.
type Limiter struct {
	mu     sync.Mutex
	quotas []*quota
	parts  *partitions // nil: none
	met    []met       // scratch of Meet
}

// MaxBuckets is how many buckets of one quota are kept. Those that are full are
// forgotten when there are too many, which changes nothing, as a new one is
// full; if that is not enough, new keys and clients share one.
const MaxBuckets = 1 << 18

// quota is a compiled [Quota].
type quota struct {
	Quota
	text    string
	key     glob
	meter   meter
	answers refusals
	buckets map[bucketKey]*bucket
	rest    *bucket // of all that there was no room for; nil: never needed
	crowded int     // requests in rest until full ones are looked for again

	asked, refused, shared uint64
}

// bucketKey names a bucket. Only what the quota is per is set.
type bucketKey struct {
	client      uint64
	bucket, key string
}

// met is a bucket that a request needs a token of.
type met struct {
	meter  *meter
	bucket *bucket
}

// NewLimiter returns a limiter whose buckets are full. The error is that of
// Limits.Validate.
func NewLimiter(l Limits) (*Limiter, error) {
	if err := l.Validate(); err != nil {
		return nil, err
	}
	out := &Limiter{}
	for _, q := range l.Quotas {
		c := &quota{Quota: q, text: q.String(), key: compileGlob(q.On.Key), answers: newRefusals(q.Effect, q.Hint), buckets: make(map[bucketKey]*bucket)}
		c.meter, _ = newMeter(q.Rate, q.Burst) // validated
		out.quotas = append(out.quotas, c)
	}
	if l.Prefixes != nil {
		out.parts = newPartitions(*l.Prefixes)
	}
	return out, nil
}

// Meet holds a request that reaches the backend at the given time against the
// limits. v is what the fault plan decided on it: where the backend never sees
// the request, it is returned as it is, and costs nothing. So it is where the
// request is let through. Else the verdict is the refusal: its answer comes
// whole, [TurnedAwayAfter] the request (and after the latency of v), whatever
// else v has in store for the backend's answer.
//
// Times are those of the backend; one that goes back is the latest one.
func (l *Limiter) Meet(at time.Duration, r Request, v Verdict) Verdict {
	if l == nil || !v.Served() {
		return v
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.met = l.met[:0]
	var by *refusals
	var wait time.Duration
	for _, q := range l.quotas {
		if !q.chooses(&r) {
			continue
		}
		q.asked++
		b := q.bucketOf(at, &r)
		q.meter.fill(b, at)
		if w := q.meter.wait(b); w > 0 {
			q.refused++
			wait = max(wait, w)
			if by == nil {
				by = &q.answers
			}
			continue
		}
		l.met = append(l.met, met{&q.meter, b})
	}
	if m, w := l.parts.meet(at, &r, by == nil); w > 0 {
		wait = max(wait, w)
		if by == nil {
			by = &l.parts.answers
		}
	} else if m.bucket != nil {
		l.met = append(l.met, m)
	}
	if by == nil {
		for _, m := range l.met {
			m.meter.take(m.bucket)
		}
		return v
	}
	v.refusal, v.method = by.of(wait), r.method()
	return v
}

// chooses reports whether the quota is for the request.
func (q *quota) chooses(r *Request) bool {
	return (q.On.Op == "" || q.On.Op == r.Op) && (q.On.Access == AnyAccess || q.On.Access == access(r.method())) && q.key.match(r.path())
}

// bucketOf finds the bucket that the request draws on, or makes it.
func (q *quota) bucketOf(at time.Duration, r *Request) *bucket {
	k := q.name(r)
	b, ok := q.buckets[k]
	if ok {
		return b
	}
	if len(q.buckets) >= MaxBuckets && !q.makeRoom(at) {
		q.shared++
		return q.rest
	}
	k.bucket, k.key = strings.Clone(k.bucket), strings.Clone(k.key) // not the whole request
	b = q.meter.newBucket(at)
	q.buckets[k] = b
	return b
}

// name is whose bucket a request draws on.
func (q *quota) name(r *Request) (k bucketKey) {
	switch q.Per {
	case PerClient:
		k.client = r.Client
	case PerPrefix:
		k.bucket, k.key = r.Bucket, prefixOf(r.path(), q.Depth)
	case PerKey:
		k.bucket, k.key = r.Bucket, r.path()
	}
	return k
}

// makeRoom forgets the buckets that are full. It is costly, so where it helped
// little it is not done again at once.
func (q *quota) makeRoom(at time.Duration) bool {
	if q.rest == nil {
		q.rest = q.meter.newBucket(at)
	}
	if q.crowded > 0 {
		q.crowded--
		return false
	}
	for k, b := range q.buckets { // in any order: each is looked at alone
		if q.meter.fill(b, at); b.level == q.meter.full {
			delete(q.buckets, k)
		}
	}
	if len(q.buckets) > MaxBuckets-MaxBuckets/16 {
		q.crowded = MaxBuckets / 16
	}
	return len(q.buckets) < MaxBuckets
}

// prefixOf cuts a key after its last slash, or after part number depth where
// that is less. A path's first slash ends no part.
func prefixOf(key string, depth int) string {
	end := strings.LastIndexByte(key, '/') + 1
	if depth == 0 {
		return key[:end]
	}
	at := 0
	if end > 0 && key[0] == '/' {
		at = 1
	}
	for range depth {
		i := strings.IndexByte(key[at:end], '/')
		if i < 0 {
			return key[:end]
		}
		at += i + 1
	}
	return key[:at]
}

// LimitCount tells what one limit did.
type LimitCount struct {
	Text    string // the quota in one line, or the reads or writes of a partitioned prefix
	Prefix  bool   // it is one of Limits.Prefixes
	Asked   uint64 // requests that it was for
	Refused uint64 // of those, the ones that it refused; one may be refused by several
	Shared  uint64 // of those asked, the ones that shared a bucket with others, as there were too many
}

// Counts returns the counters of every limit: quotas in their order, then the
// writes and the reads of prefixes.
func (l *Limiter) Counts() []LimitCount {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []LimitCount
	for _, q := range l.quotas {
		out = append(out, LimitCount{Text: q.text, Asked: q.asked, Refused: q.refused, Shared: q.shared})
	}
	return append(out, l.parts.counts()...)
}

// Splits returns how partitions of prefixes were split, in order; it is empty
// without [Limits.Prefixes].
func (l *Limiter) Splits() []Split {
	if l == nil || l.parts == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.parts.splits)
}
