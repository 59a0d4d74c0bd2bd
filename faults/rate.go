package faults

import (
	"math/big"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// Rate is a number of events for each stretch of time, such as 100 a second.
// It is a fraction, not a float: sums of it over time are exact, and the same
// on every machine.
type Rate struct {
	N   int64         // 1 to MaxRate
	Per time.Duration // 1ns to MaxRatePer
}

// Bounds of a [Rate]. 1000 h is a little less than 42 days.
const (
	MaxRate    = 1_000_000_000
	MaxRatePer = 1000 * time.Hour
)

// String returns the rate as [ParseRate] reads it: "100/s", "10/m", "1/7s".
func (r Rate) String() string {
	unit := r.Per.String()
	switch r.Per {
	case time.Second:
		unit = "s"
	case time.Minute:
		unit = "m"
	case time.Hour:
		unit = "h"
	}
	return strconv.FormatInt(r.N, 10) + "/" + unit
}

// RateError is why a text is no rate.
type RateError struct {
	Message string // what is wrong
	Hint    string // what would be right
}

// Error returns the message and the hint.
func (e *RateError) Error() string { return "faults: " + e.Message + "; " + e.Hint }

const rateHint = "write a number and a unit, such as 200/s, 10/m or 1/7s"

// ParseRate reads a number of events, a slash, and s, m, h or a duration:
// "100/s", "0.5/h", "1/7s". A number that is not whole is kept exactly: "2.5/s"
// is 5 in 2 s. The error is a *[RateError].
func ParseRate(text string) (Rate, error) {
	number, unit, found := strings.Cut(strings.TrimSpace(text), "/")
	number, unit = strings.TrimSpace(number), strings.TrimSpace(unit)
	n, ok := decimal(number)
	switch {
	case !ok:
		return Rate{}, &RateError{quote(text) + " is not a rate", rateHint}
	case !found:
		number = strings.TrimPrefix(number, "-")
		return Rate{}, &RateError{quote(text) + " has no unit", "write " + number + "/s (or " + number + "/m, " + number + "/h)"}
	case n.Sign() <= 0:
		return Rate{}, &RateError{quote(text) + " lets nothing through", "write a number above 0, such as 200/s"}
	}
	per, ok := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[unit]
	if !ok {
		var err error
		if per, err = time.ParseDuration(unit); err != nil || per <= 0 {
			return Rate{}, &RateError{quote(text) + " has the unknown unit " + quote(unit), "write /s, /m, /h or a duration, such as 1/7s"}
		}
	}
	span := new(big.Int).Mul(n.Denom(), big.NewInt(int64(per)))
	if !n.Num().IsInt64() || n.Num().Int64() > MaxRate || !span.IsInt64() || span.Int64() > int64(MaxRatePer) {
		return Rate{}, &RateError{quote(text) + " is out of bounds", "write 1/1000h to 1000000000/s, with no more digits than that"}
	}
	return Rate{N: n.Num().Int64(), Per: time.Duration(span.Int64())}, nil
}

// decimal reads digits with at most one dot, of a length that nobody regrets.
func decimal(s string) (*big.Rat, bool) {
	const longest = 30
	if s == "" || len(s) > longest || strings.Trim(s, "0123456789.-") != "" {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

// rateProblem says what is wrong with a rate, and what would be right.
func rateProblem(r Rate) (message, hint string) {
	if r == (Rate{}) {
		return "there is no rate", rateHint
	}
	if r.N < 1 || r.N > MaxRate || r.Per < 1 || r.Per > MaxRatePer {
		return "the rate " + r.String() + " is not possible", rateHint
	}
	return "", ""
}

// meter is a rate with a burst, in whole units of which a token costs as many as
// the rate's time has nanoseconds, and of which each nanosecond adds as many as
// the rate has events. So nothing is ever rounded.
type meter struct {
	add  uint64 // units a nanosecond
	cost uint64 // units of a token
	full uint64 // units of a full bucket
}

// mostUnits bounds what a bucket holds, so that sums do not overflow.
const mostUnits = 1 << 62

// newMeter makes the meter of a valid rate; ok is false where the burst, at
// least 1, is too large to be counted.
func newMeter(r Rate, burst int64) (m meter, ok bool) {
	a, b := uint64(r.N), uint64(r.Per)
	for b != 0 {
		a, b = b, a%b
	}
	m = meter{add: uint64(r.N) / a, cost: uint64(r.Per) / a}
	hi, full := bits.Mul64(m.cost, uint64(burst))
	m.full = full
	return m, hi == 0 && full <= mostUnits
}

// DefaultBurst is what comes at once where nobody says: what the rate lets
// through in a second, and at least 1.
func (r Rate) DefaultBurst() int64 {
	hi, lo := bits.Mul64(uint64(max(r.N, 0)), uint64(time.Second))
	if r.Per < 1 || hi >= uint64(r.Per) {
		return 1
	}
	n, _ := bits.Div64(hi, lo, uint64(r.Per))
	return int64(max(1, min(n, MaxRate)))
}

// bucket is what is left of a meter's burst at a moment.
type bucket struct {
	level uint64
	at    time.Duration
}

func (m *meter) newBucket(at time.Duration) *bucket { return &bucket{level: m.full, at: at} }

// fill adds what has come since; time that goes back adds nothing.
func (m *meter) fill(b *bucket, at time.Duration) {
	if at <= b.at {
		return
	}
	hi, lo := bits.Mul64(uint64(at-b.at), m.add)
	if hi != 0 || lo >= m.full-b.level {
		b.level = m.full
	} else {
		b.level += lo
	}
	b.at = at
}

// wait is how long a filled bucket needs until it has a token; 0: it has one.
func (m *meter) wait(b *bucket) time.Duration {
	if b.level >= m.cost {
		return 0
	}
	return time.Duration((m.cost - b.level + m.add - 1) / m.add)
}

func (m *meter) take(b *bucket) { b.level -= m.cost }
