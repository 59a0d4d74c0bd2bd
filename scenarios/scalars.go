package scenarios

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/squall-sim/squall/internal/nearest"
)

// Rate is a number of events a second. In a scenario file it is written
// "200/s", "10/m" or "0.5/h".
type Rate float64

// rateUnits are the units of a Rate, and their lengths in seconds.
var rateUnits = []struct {
	name    string
	seconds float64
}{{"s", 1}, {"m", 60}, {"h", 3600}}

// String gives the rate as ParseRate reads it: a second, unless its digits are
// fewer by the minute or hour. "200/s", "10/m".
func (r Rate) String() string {
	const short = 6 // digits that need no other unit
	best := ""
	for _, u := range rateUnits {
		text := strconv.FormatFloat(float64(r)*u.seconds, 'g', -1, 64)
		back, err := ParseRate(text + "/" + u.name)
		if u.seconds > 1 && (err != nil || back != r) {
			continue // rounding would change it
		}
		if best == "" || len(text)+2 < len(best) {
			best = text + "/" + u.name
		}
		if len(text) <= short {
			break
		}
	}
	return best
}

// ParseRate reads a rate such as "200/s", "10/m" or "0.5/h". It must be finite
// and not negative. A text error says what would be right.
func ParseRate(text string) (Rate, error) {
	number, unit, found := strings.Cut(strings.TrimSpace(text), "/")
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if !found {
		if err == nil {
			return 0, scalarErr(quote(text)+" has no unit", sampleUnits(number, "/s", "/m", "/h"))
		}
		return 0, scalarErr(quote(text)+" is not a rate", "write a number and a unit, such as 200/s or 10/m")
	}
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, scalarErr(quote(text)+" is not a rate", "write a number and a unit, such as 200/s or 10/m")
	}
	if math.IsNaN(n) || math.IsInf(n, 0) || n < 0 {
		return 0, scalarErr(quote(text)+" is not a possible rate", "write a number from 0 up, such as 200/s")
	}
	for _, u := range rateUnits {
		if strings.TrimSpace(unit) == u.name {
			return Rate(n / u.seconds), nil
		}
	}
	return 0, scalarErr(quote(text)+" has the unknown unit "+quote(unit), "write /s, /m or /h")
}

// Size is a number of bytes. In a scenario file it is written with a unit:
// "512B", "64KiB", "1.5MiB", "1MB".
type Size int64

// sizeUnits are the units of a Size, largest first within each family.
var sizeUnits = []struct {
	name  string
	bytes int64
}{
	{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"KB", 1e3}, {"B", 1},
}

// MaxSize is the largest object: what S3 allows, 5 TiB.
const MaxSize Size = 5 << 40

// String gives the size as ParseSize reads it, in the largest unit of which it
// is a whole number: "64KiB", "1MB", "100B".
func (s Size) String() string {
	for _, u := range sizeUnits {
		if int64(s)%u.bytes == 0 && s != 0 {
			return strconv.FormatInt(int64(s)/u.bytes, 10) + u.name
		}
	}
	return "0B"
}

// ParseSize reads a size such as "512B", "64KiB" (1024 bytes each), "1MB"
// (10⁶ bytes each) or "1.5MiB". It must be a whole number of bytes from 0 to
// MaxSize. A text error says what would be right.
func ParseSize(text string) (Size, error) {
	t := strings.TrimSpace(text)
	i := strings.IndexFunc(t, func(r rune) bool { return (r < '0' || r > '9') && r != '.' && r != '-' && r != '+' })
	if i < 0 {
		if _, err := strconv.ParseFloat(t, 64); err == nil {
			return 0, scalarErr(quote(text)+" has no unit", sampleUnits(t, "B", "KiB", "MB"))
		}
		i = 0
	}
	n, err := strconv.ParseFloat(t[:i], 64)
	if err != nil {
		return 0, scalarErr(quote(text)+" is not a size", "write a number and a unit, such as 64KiB or 1MB")
	}
	unit := strings.TrimSpace(t[i:])
	for _, u := range sizeUnits {
		if unit != u.name {
			continue
		}
		b := n * float64(u.bytes)
		switch {
		case b < 0 || b > float64(MaxSize):
			return 0, scalarErr(quote(text)+" is not a possible size", "write 0B to "+MaxSize.String())
		case b != math.Trunc(b):
			return 0, scalarErr(quote(text)+" is not a whole number of bytes", "write "+Size(math.Ceil(b)).String())
		}
		return Size(b), nil
	}
	names := make([]string, 0, len(sizeUnits))
	for _, u := range sizeUnits {
		names = append(names, u.name)
	}
	hint := "write B, KiB, MiB, GiB, kB, MB or GB"
	if near := nearest.Word(unit, names); near != "" {
		hint = "did you mean " + t[:i] + near + "?"
	}
	return 0, scalarErr(quote(text)+" has the unknown unit "+quote(unit), hint)
}

// parseDuration reads a duration as Go writes it, and says what would be right
// for the ways in which others write it: a bare number, "30 s", "2d".
func parseDuration(text string) (time.Duration, error) {
	t := strings.TrimSpace(text)
	if _, err := strconv.ParseFloat(t, 64); err == nil {
		return 0, scalarErr(text+" has no unit", sampleUnits(t, "s", "ms", "m"))
	}
	d, err := time.ParseDuration(t)
	if err == nil {
		return d, nil
	}
	number, unit := splitUnit(t)
	n, nerr := strconv.ParseFloat(number, 64)
	if nerr != nil || math.Abs(n) > 1e6 {
		return 0, scalarErr(quote(text)+" is not a duration", "write a number and a unit, such as 500ms, 30s, 5m or 1h30m")
	}
	return 0, scalarErr(quote(text)+" is not a duration", durationHint(number, unit, n))
}

// sampleUnits shows how a bare number would be right: with one of three units, and
// not below zero, which none of them may be.
func sampleUnits(number, usual, small, large string) string {
	n := strings.TrimPrefix(number, "-")
	return "write " + n + usual + " (or " + n + small + ", " + n + large + ")"
}

// durationHint rewrites a number with a unit that Go does not know.
func durationHint(number, unit string, n float64) string {
	hours := map[string]float64{"d": 24, "day": 24, "days": 24, "w": 168, "week": 168, "weeks": 168}
	if h, ok := hours[unit]; ok {
		return "write " + strconv.FormatFloat(n*h, 'f', -1, 64) + "h"
	}
	known := map[string]string{
		"sec": "s", "secs": "s", "second": "s", "seconds": "s", "S": "s", "s": "s", "ms": "ms", "h": "h", "m": "m",
		"min": "m", "mins": "m", "minute": "m", "minutes": "m", "M": "m", "H": "h", "hr": "h", "hrs": "h",
		"hour": "h", "hours": "h", "msec": "ms", "millis": "ms", "milliseconds": "ms", "MS": "ms",
	}
	if u, ok := known[unit]; ok {
		return "write " + number + u
	}
	return "write a unit that is one of ms, s, m, h (or us, ns), such as " + number + "s"
}

// splitUnit cuts "2 days" into "2" and "days".
func splitUnit(t string) (number, unit string) {
	i := strings.LastIndexAny(t, "0123456789.") + 1
	return strings.TrimSpace(t[:i]), strings.TrimSpace(t[i:])
}

// scalarError is why a scalar's text was refused, in the two parts of a
// Problem.
type scalarError struct{ message, hint string }

func scalarErr(message, hint string) *scalarError { return &scalarError{message, hint} }

// Error gives both parts.
func (e *scalarError) Error() string { return "scenarios: " + e.message + "; " + e.hint }

// quote puts text between double quotes, cut where it grows long: problems
// quote what a file holds, and a file may hold anything.
func quote(text string) string {
	const most = 60
	if r := []rune(text[:min(len(text), 4*most+4)]); len(r) > most {
		text = string(r[:most]) + "…"
	}
	return strconv.Quote(text)
}

// formatNumber writes a number for a hint, without the digits that only
// floating point adds.
func formatNumber(v float64) string { return strconv.FormatFloat(v, 'g', 12, 64) }
