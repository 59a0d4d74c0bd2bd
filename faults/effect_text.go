package faults

import (
	"fmt"
	"strconv"
	"strings"
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
	for i := range optionTable {
		if o := &optionTable[i]; o.has(&e) || o.need.has(e.Kind) {
			b.WriteString(" " + o.name + "=" + o.text(&e))
		}
	}
	return b.String()
}

// name is the text form without options.
func (e Effect) name() string {
	switch e.Kind {
	case S3Error:
		return e.Code
	case Status:
		return strconv.Itoa(e.Status)
	case ErrorIn200, DeleteErrors:
		return e.Kind.String() + " " + e.Code
	case LostAck, RejectEarly:
		return e.Kind.String() + " " + e.lostText()
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
//	STATUS                    an HTTP status, 200 to 599
//	latency add=DURATION      or a distribution, as sim.ParseDist reads it
//	reset, blackhole, outage  a connection that breaks, hangs, is refused
//	close                     one that is closed instead of an answer
//	garbage, half-headers     one that is closed after bytes that are no answer
//	truncate at=BYTES         an answer that breaks off so far into its body
//	stall at=BYTES            one that stops there, and never goes on
//	malformed-chunk at=BYTES  one in chunks, of which the one there has no size
//	error-in-200 CODE         a status of 200, with an error of S3 for a body
//	lost-ack WHAT             the backend's answer is lost, and WHAT comes in its
//	                          place: a CODE (InternalError without saying), a
//	                          STATUS, reset, close or timeout
//	bandwidth rate=64KiB/s    an answer whose body comes at that rate
//	slow-body add=DURATION    one whose body comes so long after its headers
//	slow-upload rate=64KiB/s  a request whose body is taken at that rate
//	corrupt at=BYTES          an answer of which the byte there is not the backend's
//	stale by=DURATION         a read answered with what there was so long ago
//	clock-skew by=DURATION    RequestTimeTooSkewed, by a server whose clock is so far
//	                          ahead (20m without saying)
//	token-expired             ExpiredToken, until the client has another credential
//	reject-early CODE         an error (or a STATUS) before the body was read
//	headers drop=NAME,…       an answer without these headers; with set=NAME:VALUE
//	                          it has that one, whatever the backend's is
//	delete-errors CODE        a DeleteObjects that leaves keys undeleted, with that error
//
// Options: retry-after (whole seconds), retry-after-date (the same, told as a
// date) and amz-retry-after (milliseconds) for codes and statuses;
// header=NAME:VALUE, as often as there are headers, for these by themselves, and
// body=TEXT for statuses; after for these and for reset, outage, close, garbage, half-headers and
// error-in-200; end=fin or end=reset for truncate; spaces=BYTES for error-in-200; checksum=kept or checksum=matching for
// corrupt; share=NUMBER and keys=GLOB for delete-errors. A value with blanks or
// quotes is written in double quotes, as in Go.
// Durations are those of [time.ParseDuration]. The result is valid; the error
// is an [*EffectError].
func ParseEffect(text string) (Effect, error) {
	p := effectParser{text: text}
	if err := p.parse(); err != nil {
		return Effect{}, err
	}
	return p.effect, nil
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
	words, err := p.parseArgument(words[1:])
	if err != nil {
		return err
	}
	return p.parseOptions(words)
}

// parseArgument reads what the kind has between its name and the options, and
// returns the options.
func (p *effectParser) parseArgument(words []word) ([]word, error) {
	switch p.effect.Kind {
	case ErrorIn200, DeleteErrors:
		if word := p.effect.Kind.String(); len(words) == 0 {
			return nil, p.fail(len(p.text), word+" needs an error code", "write "+word+" InternalError")
		}
		return words[1:], p.parseCode(words[0])
	case LostAck:
		return p.parseLost(words)
	case RejectEarly:
		return p.parseEarly(words)
	case ClockSkew:
		p.effect.Offset = DefaultSkew
	}
	return words, nil
}

func (p *effectParser) parseOptions(words []word) error {
	seen := make([]string, 0, 4)
	for _, w := range words {
		name, value, ok := strings.Cut(w.text, "=")
		if !ok {
			return p.fail(w.at, quote(w.text)+" is not an option", "write key=value; "+optionsHint(p.effect))
		}
		for _, s := range seen {
			if s == name && name != "set" && name != "header" {
				return p.fail(w.at, name+" is given twice", "write it once")
			}
		}
		seen = append(seen, name)
		if err := p.parseOption(w.at, name, word{w.at + len(name) + 1, value}); err != nil {
			return err
		}
	}
	if message, hint := p.effect.conflict(); message != "" {
		return p.fail(len(p.text), message, hint)
	}
	for i := range optionTable {
		if o := &optionTable[i]; o.need.has(p.effect.Kind) && !hasString(seen, o.name) {
			message, hint := o.missing(p.effect)
			return p.fail(len(p.text), message, hint)
		}
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

func (p *effectParser) parseName(w word) error {
	for _, k := range namedKinds {
		if w.text == k.String() {
			p.effect.Kind = k
			return nil
		}
	}
	if isDigits(w.text) {
		p.effect.Kind = Status
		return p.parseStatus(w, 200)
	}
	if _, ok := LookupS3Code(w.text); !ok {
		return p.fail(w.at, "unknown effect "+quote(w.text), didYouMean(w.text, effectNames()))
	}
	p.effect.Kind, p.effect.Code = S3Error, strings.Clone(w.text)
	return nil
}

func (p *effectParser) parseStatus(w word, least int) error {
	status, err := strconv.Atoi(w.text)
	if err != nil || status < least || status > 599 || len(w.text) != 3 {
		message, hint := statusProblem(w.text, least)
		return p.fail(w.at, message, hint)
	}
	p.effect.Status = status
	return nil
}

func (p *effectParser) parseOption(at int, name string, value word) error {
	for i := range optionTable {
		o := &optionTable[i]
		if o.name != name {
			continue
		}
		if !o.fits(p.effect) {
			return p.fail(at, name+" has no meaning for "+p.effect.name(), optionsHint(p.effect))
		}
		if err := o.parse(p, value); err != nil {
			return err
		}
		if message, hint := o.check(&p.effect); message != "" {
			return p.fail(value.at, message, hint)
		}
		return nil
	}
	if hasString(ruleOptions, strings.ReplaceAll(name, "_", "-")) || name == "continue" {
		return p.fail(at, name+" is no option of an effect but of its fault", "write it before the effect, or as a key beside it")
	}
	return p.fail(at, "unknown option "+quote(name), didYouMean(name, optionNames(p.effect)))
}
