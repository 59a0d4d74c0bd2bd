package breaker

import (
	"container/list"
	"fmt"
	"iter"
	"sync"
	"time"
)

// Registry makes and keeps one Breaker per key, all with the same settings: per host,
// per bucket and prefix, per operation. A key is any comparable value, such as a struct
// of these. It holds no more than a bounded number of breakers, and those that nobody
// asks for go. Make it with NewRegistry. It is safe for concurrent use, starts no
// goroutine and needs no closing.
type Registry[K comparable] struct {
	config Config
	limits Limits
	opts   registryOptions[K]
	clock  Clock

	mu      sync.Mutex
	byKey   map[K]*list.Element // of entry[K]
	order   *list.List          // the last one that was asked for is first
	evicted int
}

// Limits bound a Registry. The zero value is valid.
type Limits struct {
	// Max is how many breakers are kept, 0 to 1048576; 0 means 1024. To make room,
	// the one that nobody has asked for for the longest time goes, of the 32 longest
	// those that are closed first: an open one that is forgotten is a closed one when it
	// is asked for again.
	Max int
	// Idle is how long a breaker is kept that nobody asks for, unless it is open: it
	// may go at any time after it, and is gone when a new one is made or Sweep is
	// called. 0 or more; 0 means for ever.
	Idle time.Duration
}

const (
	usualMax   = 1024
	largestMax = 1 << 20
	search     = 32 // how many are looked at for one that is closed
)

// Validate returns nil or every problem, joined, as Config.Validate does.
func (l Limits) Validate() error {
	var c checker
	c.limits(l)
	return c.err()
}

func (c *checker) limits(l Limits) {
	if l.Max < 0 || l.Max > largestMax {
		c.report("Max", l.Max, "a number of breakers from 1 to 1048576, or 0 for 1024")
	}
	if l.Idle < 0 {
		c.report("Idle", l.Idle, "a duration above 0, such as 1h, or 0 for ever")
	}
}

// RegistryOption sets a collaborator of a Registry.
type RegistryOption[K comparable] func(*registryOptions[K])

type registryOptions[K comparable] struct {
	name    func(K) string
	breaker []Option
	sharing *Sharing
}

// WithKeyName sets the name of a key's breaker; nil is fmt.Sprint of the key. It is
// called with the registry's lock held, so that it must not use the registry.
func WithKeyName[K comparable](name func(K) string) RegistryOption[K] {
	return func(o *registryOptions[K]) { o.name = name }
}

// WithEach gives every breaker these options. Its name comes from the key. The clock
// among them is the registry's, too.
func WithEach[K comparable](opts ...Option) RegistryOption[K] {
	return func(o *registryOptions[K]) { o.breaker = append(o.breaker, opts...) }
}

// WithSharing makes every breaker share its state in s, for as long as it is kept. The
// names of two keys must differ; where they do not, only the first is shared.
func WithSharing[K comparable](s *Sharing) RegistryOption[K] {
	return func(o *registryOptions[K]) { o.sharing = s }
}

type entry[K comparable] struct {
	key  K
	b    *Breaker
	used time.Time // when it was last asked for; only with Limits.Idle
}

// NewRegistry returns a Registry without breakers. The error has the problems of c and
// of l.
func NewRegistry[K comparable](c Config, l Limits, opts ...RegistryOption[K]) (*Registry[K], error) {
	var check checker
	check.config(c)
	check.limits(l)
	if err := check.err(); err != nil {
		return nil, err
	}
	r := &Registry[K]{config: c, limits: l, byKey: map[K]*list.Element{}, order: list.New()}
	for _, opt := range opts {
		opt(&r.opts)
	}
	if r.limits.Max == 0 {
		r.limits.Max = usualMax
	}
	r.clock = newOptions(r.opts.breaker).clock
	return r, nil
}

// Get returns the breaker of a key, a new one if there is none. Do not keep it for
// long: one that nobody asks for may be forgotten, and whoever asks then gets another.
func (r *Registry[K]) Get(k K) *Breaker {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, ok := r.byKey[k]; ok {
		r.touch(e)
		return e.Value.(*entry[K]).b
	}
	r.sweep()
	for r.order.Len() >= r.limits.Max {
		r.forget(r.oldest())
	}
	b := new(Breaker)
	b.init(r.config, false, append(r.opts.breaker[:len(r.opts.breaker):len(r.opts.breaker)], WithName(r.nameOf(k))))
	r.add(k, b)
	return b
}

// Look returns the breaker of a key, or nil if there is none. It does not count as
// being asked for.
func (r *Registry[K]) Look(k K) *Breaker {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, ok := r.byKey[k]; ok {
		return e.Value.(*entry[K]).b
	}
	return nil
}

// Forget drops the breaker of a key; calls in flight end with it. It does nothing
// where there is none.
func (r *Registry[K]) Forget(k K) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, ok := r.byKey[k]; ok {
		r.forget(e)
	}
}

// Sweep drops the breakers that have been idle for Limits.Idle and are not open, and
// returns how many were dropped since the registry was made, for whatever reason.
func (r *Registry[K]) Sweep() (dropped int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep()
	return r.evicted
}

// Len returns how many breakers there are.
func (r *Registry[K]) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.order.Len()
}

// All returns the breakers that there are when it is ranged over, the one last asked
// for first. The loop may use the registry.
func (r *Registry[K]) All() iter.Seq2[K, *Breaker] {
	return func(yield func(K, *Breaker) bool) {
		for _, e := range r.entries() {
			if !yield(e.key, e.b) {
				return
			}
		}
	}
}

func (r *Registry[K]) entries() []*entry[K] {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*entry[K], 0, r.order.Len())
	for e := r.order.Front(); e != nil; e = e.Next() {
		all = append(all, e.Value.(*entry[K]))
	}
	return all
}

func (r *Registry[K]) nameOf(k K) string {
	if r.opts.name != nil {
		return r.opts.name(k)
	}
	return fmt.Sprint(k)
}

func (r *Registry[K]) add(k K, b *Breaker) {
	x := &entry[K]{key: k, b: b}
	e := r.order.PushFront(x)
	if k == x.key { // else it is a NaN, which a map neither finds nor lets go
		r.byKey[k] = e
	}
	r.touch(e)
	if r.opts.sharing != nil {
		_ = r.opts.sharing.Add(b) // the names are the caller's to choose
	}
}

func (r *Registry[K]) touch(e *list.Element) {
	r.order.MoveToFront(e)
	if r.limits.Idle > 0 {
		e.Value.(*entry[K]).used = now(r.clock)
	}
}

// sweep drops what is idle. Those that are open stay, but keep nobody else.
func (r *Registry[K]) sweep() {
	if r.limits.Idle == 0 {
		return
	}
	since := now(r.clock).Add(-r.limits.Idle)
	for e := r.order.Back(); e != nil; {
		x := e.Value.(*entry[K])
		if x.used.After(since) {
			return
		}
		before := e.Prev()
		if !x.b.refuses() {
			r.forget(e)
		}
		e = before
	}
}

// oldest is the one to drop: the least recently used that is closed, if it is among
// the last few.
func (r *Registry[K]) oldest() *list.Element {
	e := r.order.Back()
	for n := 0; n < search && e != nil; n++ {
		if e.Value.(*entry[K]).b.phase.Load().state == Closed {
			return e
		}
		e = e.Prev()
	}
	return r.order.Back()
}

// refuses tells whether the open time lasts. Unlike State it changes nothing, so that
// no listener is called with the registry's lock held.
func (g *gate) refuses() bool {
	p := g.phase.Load()
	return p.state == Open && g.elapsed() <= p.until
}

func (r *Registry[K]) forget(e *list.Element) {
	x := r.order.Remove(e).(*entry[K])
	delete(r.byKey, x.key)
	r.evicted++
	if r.opts.sharing != nil {
		r.opts.sharing.Remove(x.b)
	}
}
