package faults

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/squall-sim/squall/sim"
)

// EffectError says why a text is not an effect, and where.
type EffectError struct {
	Text    string // what was parsed
	Offset  int    // in bytes, of the part that is wrong; len(Text) where something is missing
	Message string // what is wrong
	Hint    string // what would be right
	Err     error  // the cause, where a part is of another package: a *sim.ParseError; else nil
}

// Error returns the message, the place and the hint in one line.
func (e *EffectError) Error() string {
	s := fmt.Sprintf("faults: effect %s, at byte %d: %s", quote(e.Text), e.Offset, e.Message)
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// Unwrap returns Err.
func (e *EffectError) Unwrap() error { return e.Err }

// String returns the effect's text form, which [ParseEffect] reads back to an
// equal value if the effect is valid.
func (e Effect) String() string {
	var b strings.Builder
	b.WriteString(e.name())
	if e.Kind == ErrorIn200 {
		b.WriteString(" " + e.Code)
	}
	if e.Spaces != 0 {
		b.WriteString(" spaces=" + strconv.FormatInt(e.Spaces, 10))
	}
	if e.Add != "" {
		b.WriteString(" add=" + e.Add)
	}
	if e.NeedsBody() || e.At != 0 {
		b.WriteString(" at=" + strconv.FormatInt(e.At, 10))
	}
	if e.ByReset {
		b.WriteString(" end=reset")
	}
	for _, o := range []struct {
		name string
		wait Wait
	}{{"retry-after", e.RetryAfter}, {"amz-retry-after", e.AmzRetryAfter}, {"after", e.After}} {
		if o.wait.Given {
			b.WriteString(" " + o.name + "=" + o.wait.For.String())
		}
	}
	return b.String()
}

// name is the first word of the text form.
func (e Effect) name() string {
	switch e.Kind {
	case S3Error:
		return e.Code
	case Status:
		return strconv.Itoa(e.Status)
	}
	return e.Kind.String()
}

// MarshalText returns the text form.
func (e Effect) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText is [ParseEffect].
func (e *Effect) UnmarshalText(text []byte) error {
	parsed, err := ParseEffect(string(text))
	if err == nil {
		*e = parsed
	}
	return err
}

// ParseEffect reads an effect: a name and options of the form key=value, with
// blanks between them.
//
//	CODE                      an S3 error code, such as SlowDown
//	STATUS                    an HTTP status, 400 to 599
//	latency add=DURATION      or a distribution, as sim.ParseDist reads it
//	reset, blackhole, outage  a connection that breaks, hangs, is refused
//	close                     one that is closed instead of an answer
//	garbage, half-headers     one that is closed after bytes that are no answer
//	truncate at=BYTES         an answer that breaks off so far into its body
//	stall at=BYTES            one that stops there, and never goes on
//	error-in-200 CODE         a status of 200, with an error of S3 for a body
//
// Options: retry-after (whole seconds) and amz-retry-after (milliseconds) for
// codes and statuses; after for all of these but latency, blackhole, truncate
// and stall; end=fin or end=reset for truncate; spaces=BYTES for error-in-200.
// Durations are those of [time.ParseDuration]. The result is valid; the error
// is an [*EffectError].
func ParseEffect(text string) (Effect, error) {
	p := effectParser{text: text}
	if err := p.parse(); err != nil {
		return Effect{}, err
	}
	return p.effect, nil
}

// word is a part of the text.
type word struct {
	at   int
	text string
}

type effectParser struct {
	text   string
	effect Effect
}

func (p *effectParser) fail(at int, message, hint string) *EffectError {
	return &EffectError{Text: p.text, Offset: at, Message: message, Hint: hint}
}

func (p *effectParser) parse() error {
	words := split(p.text)
	if len(words) == 0 {
		return p.fail(len(p.text), "no effect", namesHint)
	}
	if err := p.parseName(words[0]); err != nil {
		return err
	}
	words = words[1:]
	if p.effect.Kind == ErrorIn200 {
		if len(words) == 0 {
			return p.fail(len(p.text), "error-in-200 needs an error code", "write error-in-200 InternalError")
		}
		if err := p.parseCode(words[0]); err != nil {
			return err
		}
		words = words[1:]
	}
	return p.parseOptions(words)
}

func (p *effectParser) parseOptions(words []word) error {
	seen := make([]string, 0, 4)
	for _, w := range words {
		name, value, ok := strings.Cut(w.text, "=")
		if !ok {
			return p.fail(w.at, quote(w.text)+" is not an option", "write key=value; "+optionsHint(p.effect.Kind))
		}
		for _, s := range seen {
			if s == name {
				return p.fail(w.at, name+" is given twice", "write it once")
			}
		}
		seen = append(seen, name)
		if err := p.parseOption(w.at, name, word{w.at + len(name) + 1, value}); err != nil {
			return err
		}
	}
	if p.effect.Kind == Latency && p.effect.Add == "" {
		return p.fail(len(p.text), "latency needs how much", "write latency add=2s, or add=lognormal(median=2s,sigma=0.5)")
	}
	if p.effect.NeedsBody() && !hasString(seen, "at") {
		return p.fail(len(p.text), p.effect.name()+" needs where", "write "+p.effect.name()+" at=1000, in bytes of the body")
	}
	return nil
}

// parseCode reads the error code of an ErrorIn200.
func (p *effectParser) parseCode(w word) error {
	if _, ok := LookupS3Code(w.text); !ok {
		return p.fail(w.at, "unknown S3 error code "+quote(w.text), didYouMean(w.text, codeNames()))
	}
	p.effect.Code = strings.Clone(w.text)
	return nil
}

// split cuts the text at blanks outside brackets: distributions may have
// blanks within.
func split(text string) []word {
	var words []word
	start, depth := -1, 0
	for i := 0; i <= len(text); i++ {
		if i == len(text) || (text[i] == ' ' || text[i] == '\t') && depth == 0 {
			if start >= 0 {
				words = append(words, word{start, text[start:i]})
				start = -1
			}
			continue
		}
		if start < 0 {
			start = i
		}
		switch text[i] {
		case '(':
			depth++
		case ')':
			depth = max(0, depth-1)
		}
	}
	return words
}

func (p *effectParser) parseName(w word) error {
	for _, k := range namedKinds {
		if w.text == k.String() {
			p.effect.Kind = k
			return nil
		}
	}
	if isDigits(w.text) {
		return p.parseStatus(w)
	}
	if _, ok := LookupS3Code(w.text); !ok {
		return p.fail(w.at, "unknown effect "+quote(w.text), didYouMean(w.text, effectNames()))
	}
	p.effect.Kind, p.effect.Code = S3Error, strings.Clone(w.text)
	return nil
}

func (p *effectParser) parseStatus(w word) error {
	status, err := strconv.Atoi(w.text)
	if err != nil || status < 400 || status > 599 || len(w.text) != 3 {
		return p.fail(w.at, "the status "+w.text+" is no error", "write 400 to 599")
	}
	p.effect.Kind, p.effect.Status = Status, status
	return nil
}

func (p *effectParser) parseOption(at int, name string, value word) error {
	e := &p.effect
	known := optionsOf(e.Kind)
	if !hasString(known, name) {
		if hasString(allOptions, name) {
			return p.fail(at, name+" has no meaning for "+e.name(), optionsHint(e.Kind))
		}
		return p.fail(at, "unknown option "+quote(name), didYouMean(name, known))
	}
	switch name {
	case "add":
		return p.parseAdd(value)
	case "at":
		return p.parseBytes(name, value, &e.At, MaxAt)
	case "spaces":
		return p.parseBytes(name, value, &e.Spaces, MaxSpaces)
	case "end":
		return p.parseEnd(value)
	}
	w, unit := &e.After, time.Nanosecond
	switch name {
	case "retry-after":
		w, unit = &e.RetryAfter, time.Second
	case "amz-retry-after":
		w, unit = &e.AmzRetryAfter, time.Millisecond
	}
	d, err := time.ParseDuration(value.text)
	if err != nil {
		hint := "write a number and a unit, such as 2s or 500ms"
		if isDigits(value.text) {
			hint = "write the unit: " + name + "=" + value.text + "s"
		}
		return p.fail(value.at, quote(value.text)+" is not a duration", hint)
	}
	*w = For(d)
	var c checker
	c.wait("", name, *w, unit)
	if len(c.problems) > 0 {
		return p.fail(value.at, c.problems[0].Message, c.problems[0].Hint)
	}
	return nil
}

func (p *effectParser) parseAdd(value word) error {
	d, err := sim.ParseDist(value.text)
	if err == nil {
		p.effect.Add = addText(d)
		return nil
	}
	out := p.fail(value.at, "not a distribution", "write add=2s, or add=lognormal(median=2s,sigma=0.5)")
	out.Err = err
	var cause *sim.ParseError
	if errors.As(err, &cause) {
		out.Offset, out.Message, out.Hint = value.at+cause.Offset, cause.Message, ""
	}
	return out
}

func (p *effectParser) parseBytes(name string, value word, to *int64, most int64) error {
	n, err := strconv.ParseInt(value.text, 10, 64)
	if err != nil || !isDigits(value.text) {
		return p.fail(value.at, quote(value.text)+" is no number of bytes", "write "+name+"=1000")
	}
	*to = n
	if message, hint := checkBytes(name, n, most); message != "" {
		return p.fail(value.at, message, hint)
	}
	return nil
}

// checkBytes says what is wrong with a number of bytes.
func checkBytes(name string, n, most int64) (message, hint string) {
	if n < 0 || n > most {
		return name + "=" + strconv.FormatInt(n, 10) + " is out of range", "write 0 to " + strconv.FormatInt(most, 10) + ", in bytes of the body"
	}
	return "", ""
}

func (p *effectParser) parseEnd(value word) error {
	switch value.text {
	case "fin":
	case "reset":
		p.effect.ByReset = true
	default:
		return p.fail(value.at, "no connection ends by "+quote(value.text), "write end=fin, which goes without saying, or end=reset")
	}
	return nil
}

// checkAdd says what is wrong with the distribution of a Latency that may have
// been built in Go: the text must be the one that String would write.
func checkAdd(text string) (message, hint string) {
	if text == "" {
		return "latency needs how much", "set Add, or use AddLatency"
	}
	d, err := sim.ParseDist(text)
	if err != nil {
		return "add=" + text + " is not a distribution: " + err.Error(), "use AddLatency"
	}
	if canonical := addText(d); canonical != text {
		return "add=" + text + " is not in its plain form", "write add=" + canonical
	}
	return "", ""
}
