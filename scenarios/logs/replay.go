package logs

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"time"
)

// Row is one arrival of a replay.
type Row struct {
	At     time.Duration // since the start of the replay
	Client uint64        // 0, 1, 2 … in order of appearance
	Op     string
	Key    string
	Size   int64 // bytes, ≥ 0
}

// Replay is a recorded load: arrivals in the order of their time. It does not
// change and is safe for concurrent use.
type Replay struct {
	rows    []packed
	keys    []string
	ops     []string
	summary Summary
}

// Len returns the number of rows.
func (r *Replay) Len() int { return len(r.rows) }

// Row returns row i, from 0.
func (r *Replay) Row(i int) Row {
	p := &r.rows[i]
	return Row{
		At:     time.Duration(p.at),
		Client: uint64(p.client),
		Op:     r.ops[p.op],
		Key:    r.keys[p.key],
		Size:   p.size,
	}
}

// Rows returns the rows in order: At never goes back, and rows of the same time
// are in the order of the logs.
func (r *Replay) Rows() iter.Seq[Row] {
	return func(yield func(Row) bool) {
		for i := range r.rows {
			if !yield(r.Row(i)) {
				return
			}
		}
	}
}

// Ops returns the operations of the replay in order of appearance.
func (r *Replay) Ops() []string { return slices.Clone(r.ops) }

// Summary returns what the replay is like.
func (r *Replay) Summary() Summary {
	s := r.summary
	s.Ops, s.Statuses = slices.Clone(s.Ops), slices.Clone(s.Statuses)
	return s
}

// number gives clients and operations their numbers in order of appearance, so
// that they do not depend on what is left out.
func (r *Replay) number(c *Collector) {
	clients, ops := newRenumber(len(c.clients.names)), newRenumber(len(c.ops.names))
	for i := range r.rows {
		p := &r.rows[i]
		p.client = clients.of(p.client)
		op := ops.of(uint32(p.op))
		if int(op) == len(r.ops) {
			r.ops = append(r.ops, c.ops.names[p.op])
		}
		p.op = uint16(op)
	}
}

// renumber maps numbers to others in order of appearance.
type renumber struct {
	to   []uint32
	next uint32
}

func newRenumber(n int) *renumber {
	r := &renumber{to: make([]uint32, n)}
	for i := range r.to {
		r.to[i] = math.MaxUint32
	}
	return r
}

func (r *renumber) of(n uint32) uint32 {
	if r.to[n] == math.MaxUint32 {
		r.to[n] = r.next
		r.next++
	}
	return r.to[n]
}

// pace turns offsets into those of the replay.
func (r *Replay) pace(from time.Duration, speed float64) {
	for i := range r.rows {
		r.rows[i].at = int64(scale(time.Duration(r.rows[i].at)-from, speed))
	}
}

// scale returns the time that d takes at a speed. The collector has made sure
// that it fits.
func scale(d time.Duration, speed float64) time.Duration {
	if speed == 1 {
		return d // also where a float64 would round it
	}
	return time.Duration(float64(d) / speed)
}

// Summary is what a replay is like.
type Summary struct {
	First, Last   time.Time     // of the requests in it, in the log's time, UTC
	Span          time.Duration // of the replay: no At is beyond it
	Requests      int64
	Outside       int64 // requests that the bounds leave out
	Unsorted      int64 // requests in the logs that are earlier than the one before
	Clients, Keys int   // distinct ones
	Bytes         int64 // sum of the sizes
	Ops           []Count
	Statuses      []Count // by class: "2xx"; "none" where the log has none
	Minutes       int64   // whole minutes of the log's time with a request in them
	BusiestMinute Minute
}

// Minute is how many requests a minute has.
type Minute struct {
	Start    time.Time // a whole minute, UTC
	Requests int64
}

// String returns the summary as a few lines of text.
func (s Summary) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %s for %s, %s\n", plural(s.Requests, "request"), plural(int64(s.Clients), "client"), plural(int64(s.Keys), "key"), plural(s.Bytes, "byte"))
	fmt.Fprintf(&b, "from %s to %s, replayed in %v\n", s.First.Format(time.RFC3339), s.Last.Format(time.RFC3339), s.Span)
	fmt.Fprintf(&b, "operations: %s\n", joinCounts(s.Ops))
	fmt.Fprintf(&b, "statuses: %s\n", joinCounts(s.Statuses))
	fmt.Fprintf(&b, "%s with requests, the busiest %s with %d\n", plural(int64(s.Minutes), "minute"), s.BusiestMinute.Start.Format(time.RFC3339), s.BusiestMinute.Requests)
	fmt.Fprintf(&b, "out of order: %d; outside the bounds: %d\n", s.Unsorted, s.Outside)
	return b.String()
}

// plural writes how many there are of something.
func plural(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// summarize looks at the rows while their times are offsets in the log.
func (c *Collector) summarize(r *Replay, w window) Summary {
	s := Summary{
		Span:     scale(w.to-w.from, c.o.Speed),
		Requests: int64(len(r.rows)),
		Outside:  c.requests - int64(len(r.rows)),
		Unsorted: c.unsorted,
	}
	keys, clients := make([]bool, len(c.keys.names)), make([]bool, len(c.clients.names))
	ops, statuses := make(map[string]int64), make(map[string]int64)
	var minute Minute
	for i := range r.rows {
		p := &r.rows[i]
		second := w.base + p.at/int64(time.Second)
		if start := time.Unix(second-mod(second, 60), 0).UTC(); i == 0 || !start.Equal(minute.Start) {
			minute = Minute{Start: start}
			s.Minutes++
		}
		if minute.Requests++; minute.Requests > s.BusiestMinute.Requests {
			s.BusiestMinute = minute
		}
		count(keys, p.key, &s.Keys)
		count(clients, p.client, &s.Clients)
		ops[c.ops.names[p.op]]++
		statuses[statusClass(p.status)]++
		s.Bytes += min(p.size, math.MaxInt64-s.Bytes)
		if i == 0 {
			s.First = time.Unix(second, 0).UTC()
		}
		s.Last = time.Unix(second, 0).UTC()
	}
	s.Ops, s.Statuses = sortedCounts(ops), sortedCounts(statuses)
	return s
}

// count counts the first appearance of n.
func count(seen []bool, n uint32, distinct *int) {
	if !seen[n] {
		seen[n] = true
		*distinct++
	}
}

// mod returns a modulo m, which is not negative.
func mod(a, m int64) int64 { return ((a % m) + m) % m }

// statusClass returns the class of a status.
func statusClass(status uint16) string {
	if status < 100 {
		return "none"
	}
	return string('0'+byte(status/100)) + "xx"
}
