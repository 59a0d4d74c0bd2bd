package logs

import (
	"fmt"
	"time"
)

// Bound is a point in a log, as a time or as an offset from the log's first
// request. The zero value is no bound.
type Bound struct {
	time   time.Time
	offset time.Duration
	kind   boundKind
}

type boundKind uint8

const (
	unbound boundKind = iota
	atTime
	atOffset
)

// AtTime returns the bound at a time.
func AtTime(t time.Time) Bound { return Bound{time: t, kind: atTime} }

// AtOffset returns the bound that long after the log's first request.
func AtOffset(d time.Duration) Bound { return Bound{offset: d, kind: atOffset} }

// boundLayouts are the times that [ParseBound] takes; UTC where they have no
// zone.
var boundLayouts = []string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05",
	"2006-01-02T15:04",
	"2006-01-02 15:04:05",
	"2006-01-02 15:04",
	"2006-01-02",
	"02/Jan/2006:15:04:05 -0700", // as the logs have it
}

// ParseBound reads a bound: an offset as [time.ParseDuration] takes it ("36h"),
// or a time ("2015-05-18T06:00:00Z", "2015-05-18 06:00", "2015-05-18", or as
// the logs have it: "18/May/2015:06:00:00 +0000"). A time without a zone is
// UTC. The empty text is no bound.
func ParseBound(text string) (Bound, error) {
	if text == "" {
		return Bound{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil {
		return AtOffset(d), nil
	}
	for _, layout := range boundLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return AtTime(t), nil
		}
	}
	return Bound{}, fmt.Errorf("logs: %q is neither an offset nor a time; such as 36h or 2015-05-18T06:00:00Z would be right", text)
}

// String returns the bound as [ParseBound] reads it.
func (b Bound) String() string {
	switch b.kind {
	case atTime:
		return b.time.UTC().Format(time.RFC3339Nano)
	case atOffset:
		return b.offset.String()
	default:
		return ""
	}
}

// IsZero tells whether there is no bound.
func (b Bound) IsZero() bool { return b.kind == unbound }

// since returns the bound as an offset from start, or def if there is none.
// start is itself at an offset from the first request, which offsets count
// from. Far away times give the largest or smallest duration.
func (b Bound) since(start time.Time, skipped, def time.Duration) time.Duration {
	switch b.kind {
	case atTime:
		return b.time.Sub(start)
	case atOffset:
		return b.offset - skipped // cannot overflow: neither is negative
	default:
		return def
	}
}
