package faults

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/squall-sim/squall/sim"
)

// Prefixes is S3's request rate per partitioned prefix, and how partitions
// split while they stay hot.
//
// AWS documents that a partitioned prefix serves at least 3,500 PUT, COPY, POST
// and DELETE or 5,500 GET and HEAD requests a second, that no resources are set
// aside for a prefix in advance, that S3 scales in the background while a higher
// rate is sustained, and that it answers 503 SlowDown until it has ("Best practices design patterns: optimizing
// Amazon S3 performance"; re:Post, "Troubleshoot HTTP 5xx errors from Amazon
// S3"). That this takes 30 to 60 minutes is said in a comment on re:Post ("How
// do I scale my request rate to Amazon S3").
//
// How S3 splits is not documented. The rest is our model:
//
//   - a bucket begins as one partition, a partition is a range of keys, and has a
//     token bucket for reads and one for writes, with a burst of one second's;
//   - a partition is hot from the first request that it refuses until it has refused
//     nothing for a quarter of SplitAfter. One that has been hot for SplitAfter is
//     split in two at the key that halves what it refused meanwhile. Both begin with
//     what tokens it had. So keys that spread over prefixes scale, doubling
//     once in SplitAfter; one hot key never does, nor do keys that grow
//     (times, counters), which all fall into the last part;
//   - partitions that have cooled stay: that and when S3 merges them is not
//     documented.
type Prefixes struct {
	Writes, Reads Rate          // of each partition
	SplitAfter    time.Duration // positive
}

// The documented rates, and the shortest documented time of a split.
var (
	DefaultPrefixWrites = Rate{N: 3500, Per: time.Second}
	DefaultPrefixReads  = Rate{N: 5500, Per: time.Second}
)

// DefaultSplitAfter is the lower end of 30 to 60 minutes.
const DefaultSplitAfter = 30 * time.Minute

// MaxSplitAfter bounds Prefixes.SplitAfter.
const MaxSplitAfter = 1000 * time.Hour

// DefaultPrefixes are S3's.
func DefaultPrefixes() Prefixes {
	return Prefixes{Writes: DefaultPrefixWrites, Reads: DefaultPrefixReads, SplitAfter: DefaultSplitAfter}
}

func (c *checker) prefixes(path string, p Prefixes) {
	for _, one := range []struct {
		name string
		rate Rate
	}{{"writes", p.Writes}, {"reads", p.Reads}} {
		message, hint := rateProblem(one.rate)
		c.addIf(path+one.name, message, hint)
		if message != "" {
			continue
		}
		if _, ok := newMeter(one.rate, one.rate.DefaultBurst()); !ok {
			c.add(path+one.name, "the rate "+one.rate.String()+" has too many digits to be counted", "write fewer")
		}
	}
	if p.SplitAfter <= 0 || p.SplitAfter > MaxSplitAfter {
		c.add(path+"split_after", "a partition cannot split after "+p.SplitAfter.String(), "write how long it stays hot before, such as 30m")
	}
}

// Split is the moment at which one partition became two.
type Split struct {
	At     time.Duration
	Bucket string
	Key    string // where: the first key of the upper part may be this or begin with it
	Count  int    // partitions of all buckets from then on
}

// Bounds of what is kept.
const (
	maxPartitions = 1024 // of all buckets; there are no more splits then
	maxPartBucket = 256  // buckets; the others share one
	sampled       = 128  // keys of a partition, to find where to split
)

// partitions are the partitioned prefixes of all buckets.
type partitions struct {
	Prefixes
	answers       refusals
	writes, reads meter
	byBucket      map[string][]*partition // sorted by low
	draws         sim.Stream
	splits        []Split
	count         int // partitions, once a bucket has been seen

	asked, refused [2]uint64 // writes, reads
}

// partition is the keys from low up to the low of the next.
type partition struct {
	low           string
	writes, reads bucket
	hot           bool
	since, last   time.Duration // (hot) of the first and of the last refusal
	sample        []sampledKey  // of refused requests, by draw: a fair choice of them
}

// sampledKey is the key of a request that was refused, and the draw that keeps
// it: those with the least draws stay.
type sampledKey struct {
	draw uint64
	key  string
}

func newPartitions(p Prefixes) *partitions {
	out := &partitions{Prefixes: p, byBucket: make(map[string][]*partition), draws: sim.NewStream(0, "s3 partitions")}
	out.answers = newRefusals(Effect{Kind: S3Error, Code: "SlowDown"}, TellNothing)
	out.writes, _ = newMeter(p.Writes, p.Writes.DefaultBurst()) // validated
	out.reads, _ = newMeter(p.Reads, p.Reads.DefaultBurst())
	return out
}

// meet finds the bucket of tokens that a request needs, and how long it must
// wait for one. Requests that are about no key are not limited. open says that
// nobody else refuses the request: only then does a refusal heat the partition.
func (ps *partitions) meet(at time.Duration, r *Request, open bool) (met, time.Duration) {
	if ps == nil || !aboutKeys(r) {
		return met{}, 0
	}
	p := ps.find(at, r)
	m, class := met{&ps.writes, &p.writes}, 0
	if access(r.method()) == ReadAccess {
		m, class = met{&ps.reads, &p.reads}, 1
	}
	ps.asked[class]++
	m.meter.fill(m.bucket, at)
	wait := m.meter.wait(m.bucket)
	if wait > 0 {
		ps.refused[class]++
		if open {
			ps.heat(at, r, p)
		}
	}
	return m, wait
}

// aboutKeys reports whether a request is about an object, or lists them.
func aboutKeys(r *Request) bool {
	return r.Key != "" || r.Op == "ListObjectsV2" || r.Op == "ListObjects" || r.Op == "ListObjectVersions" || r.Op == "ListMultipartUploads" || r.Op == "DeleteObjects"
}

// find returns the partition of a request's key.
func (ps *partitions) find(at time.Duration, r *Request) *partition {
	list, ok := ps.byBucket[r.Bucket]
	if !ok {
		name := r.Bucket
		if len(ps.byBucket) >= maxPartBucket {
			name = "" // no bucket has this name
		}
		if list, ok = ps.byBucket[name]; !ok {
			list = []*partition{{writes: *ps.writes.newBucket(at), reads: *ps.reads.newBucket(at)}}
			ps.byBucket[strings.Clone(name)] = list
			ps.count++
		}
	}
	i, found := slices.BinarySearchFunc(list, r.Key, func(p *partition, key string) int { return cmp.Compare(p.low, key) })
	if !found {
		i--
	}
	return list[i]
}

// heat notes a refusal, and splits the partition where it has been hot for long
// enough.
func (ps *partitions) heat(at time.Duration, r *Request, p *partition) {
	if !p.hot || at-p.last > ps.SplitAfter/4 {
		p.hot, p.since, p.sample = true, at, p.sample[:0]
	}
	p.last = max(p.last, at)
	p.keep(ps.draws.Sub(r.Client).Uint64(r.Call, uint64(r.Attempt), uint64(at)), r.Key)
	if at-p.since < ps.SplitAfter {
		return
	}
	p.hot = false
	if key, ok := p.middle(); ok && ps.count < maxPartitions {
		ps.split(at, r.Bucket, p, key)
	}
}

// keep puts a key into the sample if its draw is among the least.
func (p *partition) keep(draw uint64, key string) {
	if len(p.sample) == sampled && draw >= p.sample[sampled-1].draw {
		return
	}
	i, _ := slices.BinarySearchFunc(p.sample, draw, func(s sampledKey, draw uint64) int { return cmp.Compare(s.draw, draw) })
	if len(p.sample) == sampled {
		p.sample = p.sample[:sampled-1]
	}
	p.sample = slices.Insert(p.sample, i, sampledKey{draw, strings.Clone(key)})
}

// middle finds the shortest key that parts the sample into halves, as nearly as
// can be; ok is false where all of it is one key.
func (p *partition) middle() (key string, ok bool) {
	keys := make([]string, len(p.sample))
	for i, s := range p.sample {
		keys[i] = s.key
	}
	slices.Sort(keys)
	best := 0
	for i := 1; i < len(keys); i++ {
		if keys[i] != keys[i-1] && (best == 0 || distance(2*i, len(keys)) < distance(2*best, len(keys))) {
			best = i
		}
	}
	if best == 0 {
		return "", false
	}
	below, above := keys[best-1], keys[best]
	n := 0
	for n < len(below) && below[n] == above[n] { // above is the greater, so it is not a part of below
		n++
	}
	return above[:n+1], true
}

func distance(a, b int) int { return max(a-b, b-a) }

func (ps *partitions) split(at time.Duration, bucket string, p *partition, key string) {
	if _, ok := ps.byBucket[bucket]; !ok {
		bucket = ""
	}
	list := ps.byBucket[bucket]
	upper := &partition{low: strings.Clone(key), writes: p.writes, reads: p.reads}
	i, _ := slices.BinarySearchFunc(list, key, func(p *partition, key string) int { return cmp.Compare(p.low, key) })
	ps.byBucket[bucket] = slices.Insert(list, i, upper)
	ps.count++
	ps.splits = append(ps.splits, Split{At: at, Bucket: bucket, Key: upper.low, Count: ps.count})
}

// counts are those of writes and reads.
func (ps *partitions) counts() []LimitCount {
	if ps == nil {
		return nil
	}
	return []LimitCount{
		{Text: "writes of a partitioned prefix " + ps.Writes.String(), Prefix: true, Asked: ps.asked[0], Refused: ps.refused[0]},
		{Text: "reads of a partitioned prefix " + ps.Reads.String(), Prefix: true, Asked: ps.asked[1], Refused: ps.refused[1]},
	}
}
