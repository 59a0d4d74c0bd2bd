package reports

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// FormatDuration writes a measured duration with three significant digits up
// to a minute ("850ns", "12.3ms", "1.24s"), and with two units above ("2m05s",
// "3h07m", "4d02h"). Halves round away from zero; zero is "0s". The arithmetic
// is that of integers, so it rounds alike everywhere.
func FormatDuration(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	if d < 0 {
		if d == math.MinInt64 {
			d++
		}
		return "-" + FormatDuration(-d)
	}
	for _, u := range smallUnits {
		if s, ok := threeDigits(int64(d), int64(u.size), int64(u.limit)); ok {
			return s + u.name
		}
	}
	for _, u := range largeUnits {
		// Rounding up may reach the next unit: 59m59.9s is "1h00m".
		if n := rounded(d, u.minor); n < u.limit {
			per := int64(u.major / u.minor)
			return strconv.FormatInt(n/per, 10) + u.majorName + twoDigits(n%per) + u.minorName
		}
	}
	return FormatCount(uint64(rounded(d, 24*time.Hour))) + "d"
}

// rounded is d in units, halves up; no d overflows it.
func rounded(d, unit time.Duration) int64 {
	n := int64(d / unit)
	if d%unit >= unit/2 {
		n++
	}
	return n
}

// smallUnits are printed with three significant digits, below their limit.
var smallUnits = []struct {
	name        string
	size, limit time.Duration
}{
	{"ns", time.Nanosecond, time.Microsecond},
	{"µs", time.Microsecond, time.Millisecond},
	{"ms", time.Millisecond, time.Second},
	{"s", time.Second, time.Minute},
}

// largeUnits are printed as two whole numbers; limit counts minor units.
var largeUnits = []struct {
	major, minor         time.Duration
	majorName, minorName string
	limit                int64
}{
	{time.Minute, time.Second, "m", "s", 60 * 60},
	{time.Hour, time.Minute, "h", "m", 24 * 60},
	{24 * time.Hour, time.Hour, "d", "h", 100 * 24},
}

// threeDigits divides v by size and keeps three significant digits; ok is
// false when the rounded result does not stay below limit.
func threeDigits(v, size, limit int64) (s string, ok bool) {
	if v >= limit {
		return "", false
	}
	if size == 1 {
		return strconv.FormatInt(v, 10), true
	}
	for decimals, step := 2, size/100; decimals >= 0; decimals, step = decimals-1, step*10 {
		n := (v + step/2) / step // in units of the last digit shown
		if n > 999 {
			continue
		}
		if n*step >= limit {
			return "", false
		}
		return decimalPoint(n, decimals), true
	}
	return "", false
}

// decimalPoint writes n divided by 10^decimals.
func decimalPoint(n int64, decimals int) string {
	s := strconv.FormatInt(n, 10)
	for len(s) <= decimals {
		s = "0" + s
	}
	if decimals == 0 {
		return s
	}
	return s[:len(s)-decimals] + "." + s[len(s)-decimals:]
}

func twoDigits(n int64) string {
	if n < 10 {
		return "0" + strconv.FormatInt(n, 10)
	}
	return strconv.FormatInt(n, 10)
}

// FormatExact writes a duration that somebody chose, as a phase's length: every
// digit, without the zeros of [time.Duration.String] ("1m", not "1m0s").
func FormatExact(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// FormatCount writes a count with thousands separators ("12,345"); from 10^10
// on, where digits stop helping, with three significant ones ("1.84e19").
func FormatCount(n uint64) string {
	if n >= 1e10 {
		s := strconv.FormatFloat(float64(n), 'e', 2, 64)
		return strings.Replace(s, "e+", "e", 1)
	}
	digits := strconv.FormatUint(n, 10)
	var b strings.Builder
	for i, c := range []byte(digits) {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(c)
	}
	return b.String()
}

// FormatNumber writes a plain number with three significant digits, and with
// thousands separators when it has more before the point ("0.0523", "12.3",
// "1,235"). What is not a finite number is "-".
func FormatNumber(x float64) string {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return "-"
	case x < 0:
		return "-" + FormatNumber(-x)
	case x == 0:
		return "0"
	case x < 1e-4:
		return strconv.FormatFloat(x, 'e', 1, 64)
	case x >= 1e18:
		return strings.Replace(strconv.FormatFloat(x, 'e', 2, 64), "e+", "e", 1)
	case x >= 99.95:
		return FormatCount(uint64(math.Round(x)))
	case x >= 9.995:
		return strconv.FormatFloat(x, 'f', 1, 64)
	case x >= 0.9995:
		return strconv.FormatFloat(x, 'f', 2, 64)
	}
	decimals := 3
	for limit := 0.09995; x < limit; limit /= 10 {
		decimals++
	}
	return strconv.FormatFloat(x, 'f', decimals, 64)
}

// FormatShare writes a share from 0 to 1 in percent with two decimals. Only 1
// is "100%" and only 0 is "0%": one lost call in a million is "99.99%", never
// rounded away. What is not a number is "-".
func FormatShare(x float64) string {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return "-"
	case x == 0:
		return "0%"
	case x == 1:
		return "100%"
	}
	percent := x * 100
	if x > 0 && x < 1 {
		percent = min(max(percent, 0.01), 99.99)
	}
	return strconv.FormatFloat(percent, 'f', 2, 64) + "%"
}

// percent is FormatShare with one decimal, for running text.
func percent(x float64) string {
	if !(x > 0 && x < 1) {
		return FormatShare(x)
	}
	return strconv.FormatFloat(min(max(x*100, 0.1), 99.9), 'f', 1, 64) + "%"
}

// share is part / whole, 0 of nothing.
func share(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// OneLine makes text from a scenario or a file safe for one line of a terminal
// or of an XML document: line ends and tabs become spaces, control characters
// and invalid UTF-8 U+FFFD.
func OneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r == utf8.RuneError || !unicode.IsPrint(r):
			return '\uFFFD'
		}
		return r
	}, s)
}
