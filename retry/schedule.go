package retry

import (
	"fmt"
	"strings"
	"time"
)

// MostDelays is how many delays a [Schedule] can hold.
const MostDelays = 16

// Schedule is a short list of delays, the last of which repeats. It is a value
// that can be compared, as all of a [Policy] is; make one with [Delays] or
// from its text, "1s 5s 30s". The zero value is no delays.
type Schedule struct {
	n      int // more than MostDelays: too many were given
	delays [MostDelays]time.Duration
}

// Delays returns the schedule of these delays. [Policy.Validate] refuses one
// of none, of more than [MostDelays], or with a negative delay.
func Delays(d ...time.Duration) Schedule {
	s := Schedule{n: len(d)}
	copy(s.delays[:], d)
	return s
}

// Len returns how many delays there are.
func (s Schedule) Len() int { return min(s.n, MostDelays) }

// At returns the delay after the n-th failed attempt, n from 1: the last delay
// for every n beyond it, and 0 if there are none.
func (s Schedule) At(n int) time.Duration { return s.at(max(n, 1)) }

func (s *Schedule) at(n int) time.Duration {
	if s.n == 0 {
		return 0
	}
	return s.delays[min(n, s.n, MostDelays)-1]
}

// String returns the delays with spaces between them, as in "1s 5s 30s".
func (s Schedule) String() string {
	var b strings.Builder
	for i, d := range s.delays[:s.Len()] {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(d.String())
	}
	return b.String()
}

// MarshalText returns String's text.
func (s Schedule) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote. The error names the first delay
// that is not one, or says that there are too many.
func (s *Schedule) UnmarshalText(text []byte) error {
	fields := strings.Fields(string(text))
	if len(fields) > MostDelays {
		return fmt.Errorf("retry: a schedule of %d delays, want at most %d", len(fields), MostDelays)
	}
	var read Schedule
	for i, f := range fields {
		d, err := time.ParseDuration(f)
		if err != nil || d < 0 {
			return fmt.Errorf("retry: delay %d of the schedule is %q, want a duration such as 500ms", i+1, f)
		}
		read.delays[i] = d
	}
	read.n = len(fields)
	*s = read
	return nil
}

func (s *Schedule) check(c *check) {
	c.that(s.n >= 1 && s.n <= MostDelays, "backoff.schedule", "has %d delays, want 1 to %d", s.n, MostDelays)
	for i, d := range s.delays[:s.Len()] {
		c.that(d >= 0, "backoff.schedule", "delay %d is %v, want 0 or more", i+1, d)
	}
}
