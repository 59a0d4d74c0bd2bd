package breaker

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// share is a rate as a fraction of whole numbers: num of den. A float64 such as 0.07
// is taken for the decimal number that it is written as, so that 7 of 100 reach it.
type share struct{ num, den uint64 }

// maxDigits after the point are kept, so that den fits in 64 bits.
const maxDigits = 18

// shareOf is the share of a rate above 0 and at most 1.
func shareOf(rate float64) share {
	text := strconv.FormatFloat(rate, 'f', -1, 64)
	_, digits, _ := strings.Cut(text, ".")
	if len(digits) > maxDigits {
		text = strconv.FormatFloat(rate, 'f', maxDigits, 64)
		_, digits, _ = strings.Cut(text, ".")
	}
	s := share{den: 1}
	for range digits {
		s.den *= 10
	}
	s.num, _ = strconv.ParseUint(strings.Replace(text, ".", "", 1), 10, 64)
	s.num = max(s.num, 1)
	return s
}

// reached tells whether bad of calls are the share or more.
func (s share) reached(bad, calls uint64) bool {
	hi, lo := bits.Mul64(bad, s.den)
	needHi, needLo := bits.Mul64(calls, s.num)
	return hi > needHi || hi == needHi && lo >= needLo
}

// least is the smallest number of bad calls among calls, of which there is at least
// one, that reaches the share; for more calls it is no smaller.
func (s share) least(calls uint64) uint64 {
	hi, lo := bits.Mul64(calls, s.num)
	if hi >= s.den {
		return math.MaxUint64
	}
	quotient, rest := bits.Div64(hi, lo, s.den)
	if rest > 0 {
		quotient++
	}
	return quotient
}
