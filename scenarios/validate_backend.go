package scenarios

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/squall-sim/squall/faults"
)

func (c *checker) backend(p *path) {
	b := c.sc.Backend
	if len(Operations(b.Kind)) == 0 {
		c.report(p.key("kind"), "the backend has no kind", "write kind: s3 or kind: http")
	}
	c.dist(p.key("latency"), b.Latency)
	if b.Network != nil {
		c.dist(p.key("network"), *b.Network)
	}
	if b.Capacity != nil {
		c.capacity(p.key("capacity"), b.Capacity)
	}
	c.limits(p)
	switch {
	case b.Kind == KindS3:
		c.refuse(p.key("bucket"), checkBucket(b.Bucket))
	case b.Kind == KindHTTP && b.Bucket != "":
		c.report(p.key("bucket"), "an http backend has no bucket", "leave it out")
	}
	c.routes(p.key("routes"), b)
}

func (c *checker) capacity(p *path, k *Capacity) {
	bounded := k.MaxInFlight > 0 || k.Slowdown > 0
	if k.Workers < 0 || k.Workers == 0 && !bounded {
		c.report(p.key("workers"), "nobody does the work", "write workers: 1 or more, or leave capacity out: unlimited")
	}
	switch {
	case k.Queue < Unbounded:
		c.report(p.key("queue"), fmt.Sprintf("the queue of %d is not possible", k.Queue), "write 0 or more, or leave it out: unbounded")
	case k.Queue != Unbounded && k.Workers == 0:
		c.report(p.key("queue"), "nobody waits where every request is served at once", "write workers as well, or max_in_flight in place of queue")
	}
	switch {
	case k.MaxInFlight < 0:
		c.report(p.key("max_in_flight"), fmt.Sprintf("the bound of %d is not possible", k.MaxInFlight), "write 1 or more, or leave it out: unbounded")
	case k.MaxInFlight > 0 && k.Workers > 0 && k.Queue != Unbounded && k.MaxInFlight > k.Workers+k.Queue:
		c.report(p.key("max_in_flight"), fmt.Sprintf("the bound of %d is never reached, as workers and queue hold %d", k.MaxInFlight, k.Workers+k.Queue),
			"write a smaller one, or leave it out")
	}
	c.stations(p, k)
	if k.Slowdown < 0 || k.Slowdown > MaxDuration {
		c.report(p.key("slowdown"), fmt.Sprintf("the slowdown of %v is not possible", k.Slowdown), "write what each request in flight adds to the others' time, such as 1ms")
	}
	c.invalid(p.key("full"), faults.CheckRefusal(k.Full))
}

// limits asks the faults package for what is wrong with quotas and prefixes.
func (c *checker) limits(p *path) {
	b := c.sc.Backend
	c.invalid(p, b.Limits().Validate())
	if b.Prefixes != nil && b.Kind == KindHTTP {
		c.report(p.key("prefixes"), "an http backend has no partitioned prefixes", "write a quota that is per: prefix")
	}
}

// quotaOps reports quotas on operations that the load does not make.
func (c *checker) quotaOps(p *path) {
	b := c.sc.Backend
	for i, q := range b.Quotas {
		c.served(p.at(i).key("on").key("op"), q.On.Op, "the quota would limit nothing")
		if op := q.On.Op; op != "" && c.ops != nil && !c.ops[op] {
			c.report(p.at(i).key("on").key("op"), "no call of the load is a "+quote(op)+", so the quota would limit nothing", didYouMean(op, c.opNames()))
		}
	}
}

// invalid reports what another package found wrong.
func (c *checker) invalid(p *path, err error) {
	var wrong *faults.InvalidError
	if !errors.As(err, &wrong) {
		return
	}
	for _, one := range wrong.Problems {
		c.report(p.fields(one.Path), one.Message, one.Hint)
	}
}

// checkBucket applies S3's rules for the names of buckets.
func checkBucket(name string) *scalarError {
	if faults.IsBucketName(name) {
		return nil
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return scalarErr(quote(name)+" cannot name a bucket", "write no IP address, but a name such as "+DefaultBucket)
	}
	return scalarErr(quote(name)+" cannot name a bucket", "write 3 to 63 lower-case letters, digits, dots and dashes, beginning and ending with a letter or digit")
}
