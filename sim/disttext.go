package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// field is one field of a Dist in its text form.
type field struct {
	name string
	text string
	set  bool // not zero
}

// fields returns d's fields in the order of the struct.
func (d Dist) fields() []field {
	duration := func(name string, v time.Duration) field { return field{name, v.String(), v != 0} }
	number := func(name string, v float64) field {
		return field{name, strconv.FormatFloat(v, 'g', -1, 64), v != 0}
	}
	points := make([]string, len(d.Percentiles))
	for i, p := range d.Percentiles {
		points[i] = "p" + strconv.FormatFloat(p.P, 'g', -1, 64) + "=" + p.Value.String()
	}
	return []field{
		duration("value", d.Value), duration("lower", d.Lower), duration("upper", d.Upper),
		duration("median", d.Median), number("sigma", d.Sigma), duration("mean", d.Mean),
		duration("min", d.Min), number("alpha", d.Alpha), duration("max", d.Max),
		{"percentiles", strings.Join(points, ","), len(points) > 0},
	}
}

// String returns d's text form: "lognormal(median=30ms,sigma=0.6,max=5s)".
// For a valid d, [ParseDist] reads it back to an equal value. Of an invalid
// one it shows the fields that are set.
func (d Dist) String() string {
	needs := fieldsOf[d.Kind].needs
	var parts []string
	for _, f := range d.fields() {
		switch {
		case !f.set && !slices.Contains(needs, f.name):
		case f.name == "percentiles":
			parts = append(parts, f.text)
		default:
			parts = append(parts, f.name+"="+f.text)
		}
	}
	return d.Kind + "(" + strings.Join(parts, ",") + ")"
}

// ParseError says why a text is not a distribution, and where.
type ParseError struct {
	Text    string // what was parsed
	Offset  int    // in bytes, of the part that is wrong
	Message string // what is wrong and what would be right
	Err     error  // the *InvalidError where the text reads well but its values do not fit; else nil
}

// Error returns the message with the text and the place.
func (e *ParseError) Error() string {
	return fmt.Sprintf("sim: distribution %q, at byte %d: %s", e.Text, e.Offset, e.Message)
}

// Unwrap returns Err.
func (e *ParseError) Unwrap() error { return e.Err }

// ParseDist reads the text form of a distribution: a kind with its fields in
// brackets, in any order, such as
//
//	lognormal(median=30ms,sigma=0.6,max=5s)
//	uniform(lower=1ms, upper=2ms)
//	empirical(p0=1ms,p50=30ms,p99.9=2s,p100=5s)
//
// or a duration alone, which is short for fixed. Durations are those of
// [time.ParseDuration]. The result is valid; the error is a *[ParseError].
func ParseDist(text string) (Dist, error) {
	p := distParser{text: text}
	d, err := p.parse()
	if err != nil {
		return Dist{}, err
	}
	return d, nil
}

// distParser reads one text. Offsets of fields are kept so that a problem
// found by Validate can be shown at its place.
type distParser struct {
	text string
	dist Dist
	seen []string // field names
	at   []int    // offset of each one's value
}

func (p *distParser) fail(offset int, format string, args ...any) error {
	return &ParseError{Text: p.text, Offset: offset, Message: fmt.Sprintf(format, args...)}
}

func (p *distParser) parse() (Dist, error) {
	open := strings.IndexByte(p.text, '(')
	if open < 0 {
		return p.parseBare()
	}
	start, end := trim(p.text, 0, open)
	p.dist.Kind = p.text[start:end]
	if _, known := fieldsOf[p.dist.Kind]; !known {
		return Dist{}, p.fail(start, "%s", unknownKind(p.dist.Kind))
	}
	_, end = trim(p.text, open+1, len(p.text))
	if end <= open+1 || p.text[end-1] != ')' {
		return Dist{}, p.fail(end, "the closing bracket is missing")
	}
	if err := p.parseFields(open+1, end-1); err != nil {
		return Dist{}, err
	}
	return p.check()
}

// parseBare reads a text without brackets: a duration.
func (p *distParser) parseBare() (Dist, error) {
	start, end := trim(p.text, 0, len(p.text))
	word := p.text[start:end]
	if _, known := fieldsOf[word]; known {
		return Dist{}, p.fail(end, "want brackets with %s after %s", strings.Join(fieldsOf[word].needs, " and "), word)
	}
	v, err := time.ParseDuration(word)
	if err != nil {
		return Dist{}, p.fail(start, "want a duration such as 30ms, or a distribution such as lognormal(median=30ms,sigma=0.6)")
	}
	p.dist = Dist{Kind: Fixed, Value: v}
	p.seen, p.at = []string{"value"}, []int{start}
	return p.check()
}

func (p *distParser) parseFields(from, to int) error {
	if start, end := trim(p.text, from, to); start == end {
		return nil
	}
	for from <= to {
		end := to
		if comma := strings.IndexByte(p.text[from:to], ','); comma >= 0 {
			end = from + comma
		}
		if err := p.parseField(from, end); err != nil {
			return err
		}
		from = end + 1
	}
	return nil
}

// parseField reads "name=value".
func (p *distParser) parseField(from, to int) error {
	start, end := trim(p.text, from, to)
	eq := strings.IndexByte(p.text[start:end], '=')
	if eq < 0 {
		return p.fail(start, "want name=value, such as %s=…", fieldsOf[p.dist.Kind].needs[0])
	}
	_, nameEnd := trim(p.text, start, start+eq)
	name := p.text[start:nameEnd]
	valueStart, valueEnd := trim(p.text, start+eq+1, end)
	value := p.text[valueStart:valueEnd]
	if p.dist.Kind == Empirical {
		return p.parsePercentile(start, name, valueStart, value)
	}
	if slices.Contains(p.seen, name) {
		return p.fail(start, "%s is given twice", name)
	}
	if !p.set(name, value) {
		return p.failField(start, name, valueStart, value)
	}
	p.seen, p.at = append(p.seen, name), append(p.at, valueStart)
	return nil
}

// set parses value into the field called name, and reports whether it could.
func (p *distParser) set(name, value string) bool {
	if duration := p.duration(name); duration != nil {
		v, err := time.ParseDuration(value)
		*duration = v
		return err == nil
	}
	number := p.number(name)
	if number == nil {
		return false
	}
	v, err := strconv.ParseFloat(value, 64)
	*number = v
	return err == nil
}

func (p *distParser) duration(name string) *time.Duration {
	switch name {
	case "value":
		return &p.dist.Value
	case "lower":
		return &p.dist.Lower
	case "upper":
		return &p.dist.Upper
	case "median":
		return &p.dist.Median
	case "mean":
		return &p.dist.Mean
	case "min":
		return &p.dist.Min
	case "max":
		return &p.dist.Max
	}
	return nil
}

func (p *distParser) number(name string) *float64 {
	switch name {
	case "sigma":
		return &p.dist.Sigma
	case "alpha":
		return &p.dist.Alpha
	}
	return nil
}

// failField says why set could not.
func (p *distParser) failField(nameAt int, name string, valueAt int, value string) error {
	f := fieldsOf[p.dist.Kind]
	switch {
	case p.duration(name) != nil:
		return p.fail(valueAt, "want a duration such as 30ms for %s, not %q", name, value)
	case p.number(name) != nil:
		return p.fail(valueAt, "want a number such as 0.5 for %s, not %q", name, value)
	}
	return p.fail(nameAt, "unknown field %q; %s takes %s", name, p.dist.Kind, strings.Join(append(slices.Clone(f.needs), f.may...), ", "))
}

func (p *distParser) parsePercentile(nameAt int, name string, valueAt int, value string) error {
	number, isPoint := strings.CutPrefix(name, "p")
	percent, err := strconv.ParseFloat(number, 64)
	if !isPoint || err != nil {
		return p.fail(nameAt, "want a percentile such as p99=2s, not %q", name)
	}
	v, err := time.ParseDuration(value)
	if err != nil {
		return p.fail(valueAt, "want a duration such as 30ms for %s, not %q", name, value)
	}
	i := len(p.dist.Percentiles)
	p.dist.Percentiles = append(p.dist.Percentiles, Percentile{P: percent, Value: v})
	p.seen, p.at = append(p.seen, "percentiles["+strconv.Itoa(i)+"]"), append(p.at, nameAt)
	return nil
}

// check validates what was read, and points at the first problem.
func (p *distParser) check() (Dist, error) {
	for _, name := range fieldsOf[p.dist.Kind].needs {
		if name != "percentiles" && !slices.Contains(p.seen, name) {
			return Dist{}, p.fail(len(p.text), "%s needs %s", p.dist.Kind, name)
		}
	}
	err := p.dist.Validate()
	if err == nil {
		return p.dist, nil
	}
	first := err.(*InvalidError).Problems[0]
	offset := len(p.text)
	if i := slices.Index(p.seen, first.Field); i >= 0 {
		offset = p.at[i]
	}
	return Dist{}, &ParseError{Text: p.text, Offset: offset, Message: first.String(), Err: err}
}

// trim returns the bounds of text[from:to] without blanks around it.
func trim(text string, from, to int) (start, end int) {
	for from < to && text[from] == ' ' {
		from++
	}
	for to > from && text[to-1] == ' ' {
		to--
	}
	return from, to
}
