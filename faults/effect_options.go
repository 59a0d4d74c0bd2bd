package faults

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/squall-sim/squall/sim"
)

// kindSet is a set of kinds.
type kindSet uint64

func kinds(all ...Kind) kindSet {
	var s kindSet
	for _, k := range all {
		s |= 1 << k
	}
	return s
}

func (s kindSet) has(k Kind) bool { return s>>k&1 == 1 }

// option is one of the form key=value.
type option struct {
	name string
	of   kindSet // the kinds that may have it
	need kindSet // the kinds that must have it
	// has reports whether the effect has it, text writes its value, and parse
	// reads that.
	has   func(e *Effect) bool
	text  func(e *Effect) string
	parse func(p *effectParser, value word) error
	// check says what is wrong with the value of an effect that may have it.
	check func(e *Effect) (message, hint string)
	// missing says that a kind must have it; nil if no kind must.
	missing func(e Effect) (message, hint string)
}

// optionTable has all options, in the order of the text form.
var optionTable = [...]option{
	bytesOption("spaces", kinds(ErrorIn200), 0, MaxSpaces, func(e *Effect) *int64 { return &e.Spaces }),
	{
		name: "add", of: kinds(Latency, SlowBody), need: kinds(Latency, SlowBody),
		has:   func(e *Effect) bool { return e.Add != "" },
		text:  func(e *Effect) string { return e.Add },
		parse: (*effectParser).parseAdd,
		check: func(e *Effect) (string, string) { return checkAdd(*e) },
		missing: func(e Effect) (string, string) {
			return e.name() + " needs how much", "write " + e.name() + " add=2s, or add=lognormal(median=2s,sigma=0.5)"
		},
	},
	{
		name: "rate", of: kinds(Bandwidth, SlowUpload), need: kinds(Bandwidth, SlowUpload),
		has:   func(e *Effect) bool { return e.Rate != 0 },
		text:  func(e *Effect) string { return rateText(e.Rate) },
		parse: (*effectParser).parseRate,
		check: func(e *Effect) (string, string) { return checkRate(e.Rate) },
		missing: func(e Effect) (string, string) {
			return e.name() + " needs a rate", "write " + e.name() + " rate=64KiB/s"
		},
	},
	offsetOption(),
	bytesOption("at", kinds(Truncate, Stall, MalformedChunk, Corrupt), kinds(Truncate, Stall), MaxAt, func(e *Effect) *int64 { return &e.At }),
	{
		name: "end", of: kinds(Truncate),
		has:   func(e *Effect) bool { return e.ByReset },
		text:  func(*Effect) string { return "reset" },
		parse: (*effectParser).parseEnd,
		check: func(*Effect) (string, string) { return "", "" },
	},
	{
		name: "checksum", of: kinds(Corrupt),
		has:   func(e *Effect) bool { return e.Matching },
		text:  func(*Effect) string { return "matching" },
		parse: (*effectParser).parseChecksum,
		check: func(*Effect) (string, string) { return "", "" },
	},
	{
		name: "share", of: kinds(DeleteErrors),
		has:   func(e *Effect) bool { return e.Share != 0 },
		text:  func(e *Effect) string { return strconv.FormatFloat(e.Share, 'g', -1, 64) },
		parse: (*effectParser).parseShare,
		check: func(e *Effect) (string, string) { return checkShare(e.Share) },
	},
	{
		name: "keys", of: kinds(DeleteErrors),
		has:   func(e *Effect) bool { return e.Keys != "" },
		text:  func(e *Effect) string { return wordText(e.Keys) },
		parse: (*effectParser).parseKeys,
		check: func(e *Effect) (string, string) { return checkGlob(e.Keys) },
	},
	{
		name: "drop", of: kinds(Headers),
		has:   func(e *Effect) bool { return e.Drop != "" },
		text:  func(e *Effect) string { return e.Drop },
		parse: (*effectParser).parseDrop,
		check: func(e *Effect) (string, string) { return checkDrop(e.Drop) },
	},
	headerOption("set", kinds(Headers)),
	headerOption("header", kinds(S3Error, Status)),
	{
		name: "body", of: kinds(Status),
		has:   func(e *Effect) bool { return e.Body != Text{} },
		text:  func(e *Effect) string { return wordText(e.Body.Text) },
		parse: (*effectParser).parseBody,
		check: checkBody,
	},
	waitOption("retry-after", kinds(S3Error, Status, LostAck, RejectEarly), time.Second, func(e *Effect) *Wait { return &e.RetryAfter }),
	waitOption("retry-after-date", kinds(S3Error, Status, LostAck, RejectEarly), time.Second, func(e *Effect) *Wait { return &e.RetryDate }),
	waitOption("amz-retry-after", kinds(S3Error, Status, LostAck, RejectEarly), time.Millisecond, func(e *Effect) *Wait { return &e.AmzRetryAfter }),
	waitOption("after", kinds(S3Error, Status, Reset, Outage, Close, Garbage, HalfHeaders, ErrorIn200, ClockSkew, TokenExpired, RejectEarly), time.Nanosecond, func(e *Effect) *Wait { return &e.After }),
}

// headerOption is a header that is set: one field under two names, "set" where
// there are headers already.
func headerOption(name string, of kindSet) option {
	return option{
		name: name, of: of,
		has:   func(e *Effect) bool { return e.Set != "" && (name == "set") == (e.Kind == Headers) },
		text:  func(e *Effect) string { return headersText(name, e.Set) },
		parse: (*effectParser).parseHeader,
		check: func(e *Effect) (string, string) { return checkSet(e.Set) },
	}
}

// bytesOption is a number of bytes of a body.
func bytesOption(name string, of, need kindSet, most int64, field func(*Effect) *int64) option {
	return option{
		name: name, of: of, need: need,
		has:  func(e *Effect) bool { return *field(e) != 0 },
		text: func(e *Effect) string { return strconv.FormatInt(*field(e), 10) },
		parse: func(p *effectParser, value word) error {
			n, err := strconv.ParseInt(value.text, 10, 64)
			if err != nil || !isDigits(value.text) {
				return p.fail(value.at, quote(value.text)+" is no number of bytes", "write "+name+"=1000")
			}
			*field(&p.effect) = n
			return nil
		},
		check: func(e *Effect) (message, hint string) {
			if n := *field(e); n < 0 || n > most {
				return name + "=" + strconv.FormatInt(n, 10) + " is out of range", "write 0 to " + strconv.FormatInt(most, 10) + ", in bytes of the body"
			}
			return "", ""
		},
		missing: func(e Effect) (string, string) {
			return e.name() + " needs where", "write " + e.name() + " " + name + "=1000, in bytes of the body"
		},
	}
}

// waitOption is a duration that goes onto the wire in whole units.
func waitOption(name string, of kindSet, unit time.Duration, field func(*Effect) *Wait) option {
	return option{
		name: name, of: of,
		has:  func(e *Effect) bool { return *field(e) != Wait{} },
		text: func(e *Effect) string { return field(e).For.String() },
		parse: func(p *effectParser, value word) error {
			d, err := p.parseDuration(name, value)
			if err == nil {
				*field(&p.effect) = For(d)
			}
			return err
		},
		check: func(e *Effect) (message, hint string) {
			switch w := field(e); {
			case !w.Given && w.For != 0:
				return name + " is not given but " + w.For.String(), "use For"
			case w.For < 0:
				return name + " is negative: " + w.For.String(), "write 0s or more"
			case w.For%unit != 0:
				return name + "=" + w.For.String() + " is not whole " + unitName(unit), unitHint(unit)
			}
			return "", ""
		},
	}
}

func unitName(unit time.Duration) string {
	if unit == time.Second {
		return "seconds"
	}
	return "milliseconds"
}

func unitHint(unit time.Duration) string {
	if unit == time.Second {
		return "Retry-After counts whole seconds: write 2s, or amz-retry-after for milliseconds"
	}
	return "x-amz-retry-after counts whole milliseconds: write 1500ms"
}

// fits reports whether the effect may have the option.
func (o *option) fits(e Effect) bool {
	if e.Kind == LostAck && !e.answers() {
		return false // what has no answer has no header
	}
	return o.of.has(e.Kind)
}

// options checks the options of e, and reports those that it has no use for.
func (c *checker) options(path string, e Effect) {
	for i := range optionTable {
		o := &optionTable[i]
		switch {
		case o.fits(e):
			message, hint := o.check(&e)
			c.addIf(path, message, hint)
		case o.has(&e):
			c.add(path, o.name+" has no meaning for "+e.name(), optionsHint(e))
		}
	}
}

// optionNames lists the options that the effect may have.
func optionNames(e Effect) []string {
	var names []string
	for i := range optionTable {
		if optionTable[i].fits(e) {
			names = append(names, optionTable[i].name)
		}
	}
	return names
}

// optionsHint says which options the effect may have.
func optionsHint(e Effect) string {
	names := optionNames(e)
	if len(names) == 0 {
		return e.name() + " has no options"
	}
	return "its options are " + strings.Join(names, ", ")
}

func (p *effectParser) parseDuration(name string, value word) (time.Duration, error) {
	d, err := time.ParseDuration(value.text)
	if err == nil {
		return d, nil
	}
	hint := "write a number and a unit, such as 2s or 500ms"
	if isDigits(value.text) {
		hint = "write the unit: " + name + "=" + value.text + "s"
	}
	return 0, p.fail(value.at, quote(value.text)+" is not a duration", hint)
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

// checkAdd says what is wrong with a distribution that may have been built in
// Go: the text must be the one that String would write.
func checkAdd(e Effect) (message, hint string) {
	text := e.Add
	if text == "" {
		return e.name() + " needs how much", "set Add, as AddLatency does"
	}
	d, err := sim.ParseDist(text)
	if err != nil {
		return "add=" + text + " is not a distribution: " + err.Error(), "set it as AddLatency does"
	}
	if canonical := addText(d); canonical != text {
		return "add=" + text + " is not in its plain form", "write add=" + canonical
	}
	return "", ""
}
