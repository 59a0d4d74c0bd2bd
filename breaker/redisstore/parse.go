package redisstore

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/squall-sim/squall/breaker"
)

// CorruptError tells that a key holds something that this package has not put there. It
// is left alone: find out whose it is, and delete it or choose another Config.Prefix.
type CorruptError struct {
	Key   string // with its prefix
	Found string // what is there, such as: a list
}

// Error names the key, and says what was found and what would be right.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("redisstore: key %q holds %s, want the record of a breaker: delete it, or use another prefix", e.Key, e.Found)
}

// The parts of a script's answer.
const (
	partKind = iota
	partNow
	partVersion
	partOpen
	partIsolated
	partLeft
	partAt
	partTrips
	partBy
	parts
)

// fieldNames are what the parts are called in the hash.
var fieldNames = [parts]string{partKind: "TYPE", partNow: "TIME", partVersion: "version", partOpen: "open", partIsolated: "isolated",
	partLeft: "left", partAt: "at", partTrips: "trips", partBy: "by"}

// parse reads the answer of a script about key. Any error is a *CorruptError.
func parse(key string, answer []any) (breaker.Record, error) {
	p := parser{key: key, answer: answer}
	switch kind := p.text(partKind); {
	case p.err != nil:
		return breaker.Record{}, p.err
	case kind == "none":
		return breaker.Record{}, nil
	case kind != "hash":
		p.fail("a " + kind)
		return breaker.Record{}, p.err
	}
	r := breaker.Record{
		Version:  p.unsigned(partVersion, math.MaxUint64),
		Open:     p.unsigned(partOpen, 1) == 1,
		Isolated: p.unsigned(partIsolated, 1) == 1,
		Left:     time.Duration(p.signed(partLeft)),
		Trips:    p.count(partTrips),
		By:       p.text(partBy),
	}
	from, to := p.unsigned(partAt, math.MaxInt64), p.unsigned(partNow, math.MaxInt64)
	if p.err != nil {
		return breaker.Record{}, p.err
	}
	if r.Open && !r.Isolated && to > from {
		r.Left = less(r.Left, to-from)
	}
	return r, nil
}

// less is d less so many microseconds, or the shortest Duration where that cannot be
// told.
func less(d time.Duration, us uint64) time.Duration {
	if us > math.MaxInt64/1000 {
		return math.MinInt64
	}
	elapsed := time.Duration(us) * time.Microsecond
	if d < math.MinInt64+elapsed {
		return math.MinInt64
	}
	return d - elapsed
}

// parser reads parts of an answer. Only the first error counts.
type parser struct {
	key    string
	answer []any
	err    error
}

func (p *parser) fail(found string) {
	if p.err == nil {
		p.err = &CorruptError{Key: p.key, Found: found}
	}
}

// text is a part as it is.
func (p *parser) text(part int) string {
	if part >= len(p.answer) {
		p.fail(fmt.Sprintf("something of which there is an answer of %d parts", len(p.answer)))
		return ""
	}
	switch v := p.answer[part].(type) {
	case string:
		return v
	case nil:
		p.fail(fmt.Sprintf("a hash without %q", fieldNames[part]))
	default:
		p.fail(fmt.Sprintf("something whose %q is of the type %T", fieldNames[part], v))
	}
	return ""
}

// Numbers have the one form in which they are written: versions are compared as text, so
// that 07 would never be 7.

func (p *parser) unsigned(part int, most uint64) uint64 {
	text := p.text(part)
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n > most || strconv.FormatUint(n, 10) != text {
		p.garbage(part, text)
	}
	return n
}

func (p *parser) signed(part int) int64 {
	text := p.text(part)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != text {
		p.garbage(part, text)
	}
	return n
}

// count is a number that is an int here, though it may not have been where it was
// written.
func (p *parser) count(part int) int {
	return int(min(max(p.signed(part), math.MinInt), math.MaxInt))
}

func (p *parser) garbage(part int, text string) {
	const most = 40
	if len(text) > most {
		text = text[:most] + "…"
	}
	p.fail(fmt.Sprintf("a hash with %q as %q", text, fieldNames[part]))
}
