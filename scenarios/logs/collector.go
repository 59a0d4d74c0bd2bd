package logs

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"
)

// The bounds of [ReplayOptions.Speed].
const (
	MinSpeed = 1e-6
	MaxSpeed = 1e6
)

// maxSpan is how much time may lie between the requests of a replay. Anything
// above is a wrong clock, and nanoseconds end at 292 years.
const maxSpan = 100 * 365 * 24 * time.Hour

// ReplayOptions say what of the logs is replayed, and how fast. The zero value
// replays all of it at its own pace.
type ReplayOptions struct {
	// From is the first moment that is replayed and To the first one that is
	// not. A zero From is the first request; a zero To is after the last.
	From, To Bound
	// Speed is how many times faster than recorded the replay is: 10 plays an
	// hour in six minutes, 0.5 plays it in two hours. From MinSpeed to
	// MaxSpeed; zero: 1.
	Speed float64
	// Bunched leaves arrivals on the whole seconds that the logs have, all of
	// one second at once. Without it, the k requests of a second are spread
	// over it, in the order of the log: at 0, 1/k, 2/k … of the second. Real
	// clients do not all arrive on the second, and a replay in which they did
	// would show queues that never were.
	Bunched bool
}

// Validate reports every problem of o at once.
func (o ReplayOptions) Validate() error {
	var errs []error
	if o.Speed != 0 && !(o.Speed >= MinSpeed && o.Speed <= MaxSpeed) {
		errs = append(errs, fmt.Errorf("logs: speed is %v; it must be from %v to %v", o.Speed, MinSpeed, MaxSpeed))
	}
	for _, b := range []struct {
		name string
		Bound
	}{{"from", o.From}, {"to", o.To}} {
		if b.kind == atOffset && b.offset < 0 {
			errs = append(errs, fmt.Errorf("logs: %s is %v; an offset must not be negative", b.name, b.offset))
		}
	}
	if o.From.kind == o.To.kind && !o.From.IsZero() && !before(o.From, o.To) {
		errs = append(errs, fmt.Errorf("logs: to is %v; it must be after from, %v", o.To, o.From))
	}
	return errors.Join(errs...)
}

// before tells whether a is before b, which is of the same kind.
func before(a, b Bound) bool {
	if a.kind == atOffset {
		return a.offset < b.offset
	}
	return a.time.Before(b.time)
}

// packed is a request as it is collected: 32 bytes, so that 10^7 of them fit
// into 320 MB. Strings are numbers into tables.
type packed struct {
	at     int64 // seconds since 1970; nanoseconds of the replay when it is built
	size   int64
	key    uint32
	client uint32
	seq    uint32 // order of collection
	op     uint16
	status uint16
}

// table numbers strings in order of appearance.
type table struct {
	number map[string]uint32
	names  []string
}

// intern returns the number of a name. It copies a name only when it is new.
func (t *table) intern(name []byte) uint32 {
	if n, ok := t.number[string(name)]; ok {
		return n
	}
	if t.number == nil {
		t.number = make(map[string]uint32)
	}
	n := uint32(len(t.names))
	s := string(name)
	t.number[s] = n
	t.names = append(t.names, s)
	return n
}

// Collector gathers the entries of one or many logs, which need not be sorted
// and may overlap, and makes a [Replay] of them. It holds 32 bytes for each
// request (up to twice that while it grows), and each key and client once. It
// is for one goroutine.
type Collector struct {
	o        ReplayOptions
	rows     []packed
	keys     table
	clients  table
	ops      table
	requests int64 // added, also those that were left out at once
	first    int64 // earliest second of them
	last     int64 // latest second of them
	previous int64 // second of the last one added
	unsorted int64
}

// NewCollector returns an empty collector, or the errors of
// [ReplayOptions.Validate].
func NewCollector(o ReplayOptions) (*Collector, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if o.Speed == 0 {
		o.Speed = 1
	}
	return emptyCollector(o), nil
}

func emptyCollector(o ReplayOptions) *Collector {
	return &Collector{o: o, first: math.MaxInt64, last: math.MinInt64}
}

// Collect adds the entries that are left in a log and returns the scanner's
// error.
func (c *Collector) Collect(s *Scanner) error {
	for s.Scan() {
		c.add(&s.p.rec)
	}
	return s.Err()
}

// Add adds one entry, whatever it is from. Fractions of its second are not
// kept.
func (c *Collector) Add(e Entry) {
	c.add(&record{
		unix:   e.Time.Unix(),
		client: []byte(e.Client),
		op:     e.Op,
		key:    []byte(e.Key),
		size:   e.Size,
		status: e.Status,
	})
}

func (c *Collector) add(r *record) {
	c.requests++
	c.first, c.last = min(c.first, r.unix), max(c.last, r.unix)
	if c.requests > 1 && r.unix < c.previous {
		c.unsorted++
	}
	c.previous = r.unix
	// What a time bounds out need not be held in memory until the end. Whole
	// seconds stay whole, as spreading looks at all requests of a second.
	if c.o.From.kind == atTime && r.unix < c.o.From.time.Unix() ||
		c.o.To.kind == atTime && r.unix > c.o.To.time.Unix() {
		return
	}
	c.rows = append(c.rows, packed{
		at:     r.unix,
		size:   max(r.size, 0),
		key:    c.keys.intern(r.key),
		client: c.clients.intern(r.client),
		seq:    uint32(len(c.rows)),
		op:     uint16(min(c.ops.intern([]byte(r.op)), math.MaxUint16)),
		status: uint16(min(max(r.status, 0), 999)),
	})
}

// Replay returns the replay of all entries so far and empties the collector.
// The error wraps [ErrEmpty] if there is nothing to replay, or says that the
// bounds or the times make no sense.
func (c *Collector) Replay() (*Replay, error) {
	if int64(len(c.rows)) > math.MaxUint32 || len(c.ops.names) > math.MaxUint16 {
		return nil, fmt.Errorf("logs: %d requests of %d operations are too many; at most %d of %d can be replayed",
			len(c.rows), len(c.ops.names), uint32(math.MaxUint32), math.MaxUint16)
	}
	w, err := c.window()
	if err != nil {
		return nil, err
	}
	slices.SortFunc(c.rows, func(a, b packed) int {
		if a.at != b.at {
			return cmp.Compare(a.at, b.at)
		}
		return cmp.Compare(a.seq, b.seq)
	})
	c.place(w.base)
	kept := c.rows[:0]
	for _, r := range c.rows {
		if at := time.Duration(r.at); at >= w.from && at < w.to {
			kept = append(kept, r)
		}
	}
	if len(kept) == 0 {
		return nil, fmt.Errorf("logs: %w from %s to %s: all %d requests are outside", ErrEmpty, w.moment(w.from), w.moment(w.to), c.requests)
	}
	r := &Replay{rows: kept, keys: c.keys.names}
	r.summary = c.summarize(r, w)
	r.number(c)
	r.pace(w.from, c.o.Speed)
	*c = *emptyCollector(c.o)
	return r, nil
}

// window is the part of the logs that is replayed.
type window struct {
	base     int64         // seconds since 1970, what from and to count from
	from, to time.Duration // ≥ 0; from < to
}

// window returns the part between the bounds. It never reaches beyond what the
// logs know: from their first second to the end of their last.
func (c *Collector) window() (window, error) {
	if c.requests == 0 {
		return window{}, fmt.Errorf("logs: %w in the logs", ErrEmpty)
	}
	// Times bound first, as a request with a wrong clock may be too far away
	// for offsets from it.
	w, last := window{base: c.first}, c.last
	if c.o.From.kind == atTime {
		w.base = max(w.base, c.o.From.time.Unix())
	}
	if c.o.To.kind == atTime {
		last = min(last, c.o.To.time.Unix())
	}
	start := time.Unix(w.base, 0)
	end := time.Unix(last, 0).Add(time.Second).Sub(start)
	skipped := start.Sub(time.Unix(c.first, 0)) // offsets count from the first request
	w.from = max(c.o.From.since(start, skipped, 0), 0)
	w.to = min(c.o.To.since(start, skipped, end), end)
	switch length := w.to - w.from; {
	case w.to <= w.from:
		return w, fmt.Errorf("logs: %w between the bounds: the logs are from %s to %s", ErrEmpty, clock(c.first), clock(c.last))
	case length > maxSpan:
		return w, fmt.Errorf("logs: the requests are from %s to %s, more than 100 years; bounds can leave out those of a wrong clock", clock(w.base), clock(last))
	case float64(length)/c.o.Speed > maxSpan.Seconds()*1e9:
		return w, fmt.Errorf("logs: at speed %v the replay of %v would take more than 100 years", c.o.Speed, length)
	}
	return w, nil
}

// moment returns the time at an offset, for errors.
func (w window) moment(offset time.Duration) string {
	return time.Unix(w.base, 0).UTC().Add(offset).Format(time.RFC3339)
}

// clock returns a time in seconds since 1970, for errors.
func clock(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }

// place turns the rows' seconds into nanoseconds since base, spread over their
// second unless they are to stay bunched.
func (c *Collector) place(base int64) {
	for i := 0; i < len(c.rows); {
		k := i + 1
		for k < len(c.rows) && c.rows[k].at == c.rows[i].at {
			k++
		}
		second, n := nanoseconds(c.rows[i].at-base), int64(k-i)
		for j := range n {
			c.rows[i].at = second
			if !c.o.Bunched {
				c.rows[i].at += j * int64(time.Second) / n
			}
			i++
		}
	}
}

// nanoseconds converts seconds. What does not fit is outside of any window and
// only has to stay so, with room for the second that spreading may add.
func nanoseconds(seconds int64) int64 {
	const most = math.MaxInt64/int64(time.Second) - 1
	return min(seconds, most) * int64(time.Second)
}

// Import reads one log to its end and returns what there is to replay. The
// report tells what became of its lines, also when there is an error.
func Import(r io.Reader, o Options, ro ReplayOptions) (*Replay, Report, error) {
	c, err := NewCollector(ro)
	if err != nil {
		return nil, Report{}, err
	}
	s, err := NewScanner(r, o)
	if err != nil {
		return nil, Report{}, err
	}
	if err := c.Collect(s); err != nil {
		return nil, s.Report(), err
	}
	replay, err := c.Replay()
	return replay, s.Report(), err
}
