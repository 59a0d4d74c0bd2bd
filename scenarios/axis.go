package scenarios

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Axis is a range of values for one place of a scenario: of a number, duration,
// rate or size. It is made by ParseAxis.
type Axis struct {
	// Path is the place, as in Setting.
	Path string
	// From and To are the ends, From ≤ To, in the axis's unit: for durations
	// seconds, for sizes bytes, for what has another unit its number.
	From, To float64
	// List holds the values where they were listed one by one, ascending; else nil.
	List []float64
	// Steps is how many values were asked for between From and To, both included; 0:
	// that is for the reader to choose.
	Steps int
	// Log says that equal ratios are equal steps: for ranges of a factor of 50 or more.
	Log bool
	// Whole says that only whole numbers have a place.
	Whole bool
	// Unit is "s" for durations, "B" for sizes, "/s" and its like for rates, "%" for
	// shares, "x" for multiples, and empty for plain numbers.
	Unit string
}

// AxisError tells why a text is no axis.
type AxisError struct{ Message, Hint string }

// Error gives the message and the hint.
func (e *AxisError) Error() string { return "scenarios: " + e.Message + "; " + e.Hint }

func axisErr(message, hint string) *AxisError { return &AxisError{message, hint} }

// logFrom is the ratio of the ends from which an axis is logarithmic.
const logFrom = 50

// maxSteps bounds the values of an axis.
const maxSteps = 1000

// ParseAxis reads PATH=A..B, PATH=A..B:N for N values, or PATH=A,B,C, for a place of
// sc: "load.rate=20/s..60/s", "policies.p.retry.attempts=1..5". A number without a unit
// has that of the scenario's own value. The first name policy stands for policies and
// the one called policy. The ends must be values that the scenario can have. The
// error is an *AxisError, or a *SettingError for values that it cannot have.
func ParseAxis(sc *Scenario, policy, text string) (Axis, error) {
	path, values, found := strings.Cut(text, "=")
	if !found || path == "" || values == "" {
		return Axis{}, axisErr(quote(text)+" is not an axis", "write a place and its values, such as load.rate=20/s..60/s")
	}
	path = FullPath(policy, path)
	a := Axis{Path: path}
	var parts []string
	if from, to, isRange := strings.Cut(values, ".."); isRange {
		to, steps, counted := strings.Cut(to, ":")
		if counted {
			n, err := strconv.Atoi(steps)
			if err != nil || n < 2 || n > maxSteps {
				return Axis{}, axisErr(quote(steps)+" is not a number of values", fmt.Sprintf("write from 2 to %d of them, as in %s=%s..%s:8", maxSteps, path, from, to))
			}
			a.Steps = n
		}
		parts = []string{from, to}
	} else {
		parts = strings.Split(values, ",")
		if len(parts) > maxSteps {
			return Axis{}, axisErr(fmt.Sprintf("%d values are too many", len(parts)), fmt.Sprintf("write at most %d", maxSteps))
		}
		a.List = make([]float64, len(parts))
	}
	if err := a.read(sc, parts); err != nil {
		return Axis{}, err
	}
	return a, a.settle(sc)
}

// read reads the values, which share one unit.
func (a *Axis) read(sc *Scenario, parts []string) error {
	numbers := make([]quantity, len(parts))
	unit := ""
	for i, part := range parts {
		q, ok := parseQuantity(part)
		if !ok {
			return axisErr(quote(part)+" is not a value for an axis", "write a number, duration, rate or size, such as 5, 200ms, 20/s or 64KiB")
		}
		numbers[i] = q
		if q.unit == "" || unit == "" {
			unit = max(unit, q.unit)
			continue
		}
		if q.unit != unit {
			return axisErr(quote(part)+" has another unit than "+quote(parts[0]), "write all values of an axis in one unit")
		}
	}
	var own quantity
	if text, known := sc.Value(a.Path); known && unit == "" {
		own, _ = parseQuantity(text)
		unit = own.unit
	}
	a.Unit = unit
	for i, q := range numbers {
		if q.unit == "" && unit != "" {
			if own.scale == 0 { // the first that has one says which: 20..60/s
				own = numbers[slices.IndexFunc(numbers, func(q quantity) bool { return q.unit != "" })]
			}
			q.value *= own.scale
		}
		numbers[i] = q
	}
	a.From, a.To = numbers[0].value, numbers[len(numbers)-1].value
	for i := range a.List {
		a.List[i] = numbers[i].value
	}
	return nil
}

// settle checks the ends, and finds out what else there is to know.
func (a *Axis) settle(sc *Scenario) error {
	if a.List != nil {
		slices.Sort(a.List)
		a.List = slices.Compact(a.List)
		a.From, a.To = a.List[0], a.List[len(a.List)-1]
	}
	if a.From >= a.To && a.List == nil {
		return axisErr(fmt.Sprintf("the range from %s to %s is empty", a.Text(a.From), a.Text(a.To)), "write two ends, the smaller first; --set takes a single value")
	}
	for _, v := range append([]float64{a.From, a.To}, a.List...) {
		if _, err := sc.With(a.Setting(v)); err != nil {
			return err
		}
	}
	if a.Unit == "" && a.From == math.Trunc(a.From) && a.To == math.Trunc(a.To) {
		_, err := sc.With(a.Setting(a.From + 0.5))
		a.Whole = err != nil
	}
	a.Log = a.From > 0 && a.To/a.From >= logFrom
	return nil
}

// Setting is the setting of one value.
func (a *Axis) Setting(v float64) Setting { return Setting{Path: a.Path, Value: a.Text(v)} }

// Text writes a value as a scenario's file has it.
func (a *Axis) Text(v float64) string {
	switch a.Unit {
	case "s":
		return durationText(time.Duration(math.Round(v * 1e9)))
	case "B":
		return Size(math.Round(v)).String()
	}
	return strconv.FormatFloat(v, 'f', -1, 64) + a.Unit
}

// Round gives a value four significant digits, and no more than its unit has.
func (a *Axis) Round(v float64) float64 {
	if a.Whole || a.Unit == "B" {
		return math.Round(v)
	}
	short, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64)
	if err != nil {
		return v
	}
	return short
}

// Values returns the values of the axis, ascending: those that were listed or asked
// for; about so many of a range that leaves it open, all whole numbers where
// there are no more than that.
func (a *Axis) Values(about int) []float64 {
	if a.List != nil {
		return a.List
	}
	n := a.Steps
	if n == 0 {
		n = max(about, 2)
		if all := int(min(a.To-a.From, maxSteps)) + 1; a.Whole && all <= max(n, 12) {
			n = all
		}
	}
	var list []float64
	list = append(list, a.From) // the ends are not rounded
	for i := 1; i < n-1; i++ {
		v := a.Round(a.between(float64(i) / float64(n-1)))
		if last := list[len(list)-1]; v > last && v < a.To {
			list = append(list, v)
		}
	}
	return append(list, a.To)
}

// Middle returns a value half way between two others, and whether there is one that
// differs from both by more than a share of the whole range.
func (a *Axis) Middle(lo, hi, share float64) (float64, bool) {
	m := (lo + hi) / 2
	wide := hi-lo > share*(a.To-a.From)
	if a.Log {
		m = math.Sqrt(lo * hi)
		wide = math.Log(hi/lo) > share*math.Log(a.To/a.From)
	}
	m = a.Round(m)
	return m, wide && m > lo && m < hi
}

// between is the value at a share of the way from From to To.
func (a *Axis) between(share float64) float64 {
	if a.Log {
		return a.From * math.Pow(a.To/a.From, share)
	}
	return a.From + float64(share*(a.To-a.From))
}

// quantity is a number with a unit.
type quantity struct {
	value float64 // in the axis's unit
	unit  string  // the axis's
	scale float64 // of the unit that it was written in
}

// parseQuantity reads a number, duration, rate, size or share.
func parseQuantity(text string) (quantity, bool) {
	text = strings.TrimSpace(text)
	if v, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
		return quantity{v, "", 1}, true
	}
	number, unit := splitUnit(text)
	if i := strings.IndexByte(text, '/'); i > 0 {
		number, unit = text[:i], text[i:]
	}
	one := "1" + unit
	v, err := strconv.ParseFloat(number, 64)
	plain := err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
	if d, err := time.ParseDuration(text); err == nil {
		scale, _ := time.ParseDuration(one)
		return quantity{d.Seconds(), "s", scale.Seconds()}, true
	}
	if _, err := ParseRate(text); err == nil {
		return quantity{v, unit, 1}, plain
	}
	if s, err := ParseSize(text); err == nil {
		scale, _ := ParseSize(one)
		return quantity{float64(s), "B", float64(scale)}, true
	}
	return quantity{v, unit, 1}, plain && (unit == "%" || unit == "x")
}
