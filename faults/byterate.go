package faults

import (
	"math"
	"strconv"
	"strings"
)

// rateUnits are those of rates, the greatest first.
var rateUnits = [...]struct {
	name  string
	bytes int64
}{
	{"GiB/s", 1 << 30}, {"MiB/s", 1 << 20}, {"KiB/s", 1 << 10},
	{"GB/s", 1e9}, {"MB/s", 1e6}, {"KB/s", 1e3}, {"kB/s", 1e3}, {"B/s", 1},
}

// rateText writes a rate in the greatest unit of which it is a whole number, of
// KiB and its kin.
func rateText(rate int64) string {
	for _, u := range rateUnits[:3] {
		if rate%u.bytes == 0 && rate != 0 {
			return strconv.FormatInt(rate/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(rate, 10) + "B/s"
}

// parseRate reads a rate: a number, which may have a fraction, and a unit.
func (p *effectParser) parseRate(value word) error {
	for _, u := range rateUnits {
		number, ok := strings.CutSuffix(value.text, u.name)
		if !ok {
			continue
		}
		f, err := strconv.ParseFloat(number, 64)
		bytes := f * float64(u.bytes)
		if err != nil || strings.Trim(number, "0123456789.") != "" || bytes != math.Trunc(bytes) {
			break
		}
		p.effect.Rate = int64(min(bytes, 2*MaxBandwidth))
		return nil
	}
	hint := "write a whole number of bytes a second, such as rate=64KiB/s or rate=1.5MB/s"
	if isDigits(value.text) {
		hint = "write the unit: rate=" + value.text + "KiB/s"
	}
	return p.fail(value.at, quote(value.text)+" is not a rate", hint)
}

// checkRate says what is wrong with a rate.
func checkRate(rate int64) (message, hint string) {
	if rate < 1 || rate > MaxBandwidth {
		return "rate=" + rateText(rate) + " is out of range", "write 1B/s to " + rateText(MaxBandwidth)
	}
	return "", ""
}
