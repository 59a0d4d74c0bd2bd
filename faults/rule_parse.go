package faults

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/squall-sim/squall/internal/nearest"
)

// ruleOptions are the options of a rule's text form, in its order.
var ruleOptions = []string{"key", "method", "bucket", "header", "client", "attempt", "from", "until", "flap", "bursts", "rolling",
	"every", "first", "first-calls", "p", "at-most"}

// ParseRule reads a rule: words with blanks between them, the effect last.
//
//	[OPERATION] [KEY] [OPTION=VALUE ...] [continue] EFFECT
//
// OPERATION is one of [Operations] or an HTTP method, KEY a glob with a slash or
// a wildcard in it, EFFECT what [ParseEffect] reads. The options, each but header
// at most once, are
//
//	key=GLOB                 any key
//	method=GET, bucket=GLOB, header=NAME:VALUE (several), client=0-4,9, attempt=1-2
//	from=10s, until=20s      times since the phase began
//	flap=UP/DOWN, bursts=GOOD/BAD, rolling=NODES/DOWN/GAP[/client]
//	every=N[/PER]            PER is all (without saying so), key, client or call
//	first=N[/PER]            requests; per call without saying so
//	first-calls=N[/PER]      calls; all without saying so
//	p=0.9 or p=0..0.9        0..0.9 is a ramp
//	at-most=N
//
// A value with blanks or quotes in it is quoted as in Go. Without p every request
// that the rule is for is hit. The result is valid; the error is a [*RuleError].
func ParseRule(text string) (Rule, error) {
	p := ruleParser{text: text, rule: Rule{P: 1}, at: map[string]int{}}
	err := p.parse()
	if err == nil {
		err = p.check()
	}
	if err != nil {
		return Rule{}, err
	}
	return p.rule, nil
}

type ruleParser struct {
	text string
	pos  int
	rule Rule
	at   map[string]int // where each option begins, by the path of its problems
}

func (p *ruleParser) fail(at int, message, hint string) error {
	return &RuleError{Text: p.text, Offset: at, Message: message, Hint: hint}
}

func (p *ruleParser) parse() error {
	if !utf8.ValidString(p.text) {
		return p.fail(0, "the text is not UTF-8", "")
	}
	for bare := 0; ; {
		p.pos += len(p.text[p.pos:]) - len(strings.TrimLeft(p.text[p.pos:], " \t"))
		w := word{p.pos, p.text[p.pos:]}
		if i := strings.IndexAny(w.text, " \t"); i >= 0 {
			w.text = w.text[:i]
		}
		name, _, isOption := strings.Cut(w.text, "=")
		switch {
		case isOption && isToken(name):
			if err := p.option(w.at, name); err != nil {
				return err
			}
			bare = 2
			continue
		case bare == 0 && known(w.text):
			p.rule.On.Op, p.at["on.op"] = strings.Clone(w.text), w.at
			bare = 1
		case bare < 2 && isPattern(w.text):
			p.rule.On.Key, p.at["on.key"] = strings.Clone(w.text), w.at
			bare = 2
		case w.text == "continue" && !p.rule.Continue:
			p.rule.Continue, p.at["continue"] = true, w.at
			bare = 2
		default:
			return p.effect(w, bare)
		}
		p.pos += len(w.text)
	}
}

// effect reads the rest of the text, which begins with the word.
func (p *ruleParser) effect(w word, bare int) error {
	var err error
	p.at["effect"] = w.at
	p.rule.Effect, err = ParseEffect(p.text[w.at:])
	var bad *EffectError
	if !errors.As(err, &bad) {
		return nil
	}
	out := &RuleError{Text: p.text, Offset: w.at + bad.Offset, Message: bad.Message, Hint: bad.Hint, Err: bad}
	if bad.Offset == 0 && w.text != "" {
		near := ""
		if bare == 0 {
			near = nearest.Word(w.text, opNames())
		}
		if near != "" {
			out.Message, out.Hint = quote(w.text)+" is neither an operation nor an effect", "did you mean "+near+"?"
		} else if isPattern(w.text) {
			out.Message, out.Hint = quote(w.text)+" is no effect", "write the key before the options, and once"
		}
	}
	return out
}

// check validates the rule, and tells the first problem at its place.
func (p *ruleParser) check() error {
	var bad *InvalidError
	if !errors.As(p.rule.Validate(), &bad) {
		return nil
	}
	first := bad.Problems[0]
	for path := first.Path; ; path = path[:strings.LastIndexByte(path, '.')] {
		if at, ok := p.at[path]; ok {
			return p.fail(at, first.Message, first.Hint)
		}
		if !strings.Contains(path, ".") {
			return p.fail(0, first.Message, first.Hint)
		}
	}
}

// option reads name=value, which begins at the place.
func (p *ruleParser) option(at int, name string) error {
	p.pos = at + len(name) + 1
	if !slices.Contains(ruleOptions, name) {
		return p.fail(at, "unknown option "+quote(name), suggest(strings.ReplaceAll(name, "_", "-"), ruleOptions, "known: "+strings.Join(ruleOptions, ", ")))
	}
	if other := p.path(name); name != "header" {
		if _, twice := p.at[other]; twice {
			return p.fail(at, name+" is there twice", "keep one of the two")
		}
	}
	p.at[p.path(name)] = at
	v := word{p.pos, p.text[p.pos:]}
	if strings.HasPrefix(v.text, `"`) {
		quoted, err := strconv.QuotedPrefix(v.text)
		if err != nil || !strings.HasPrefix(p.text[v.at+len(quoted):]+" ", " ") {
			return p.fail(v.at, "the quotes do not end", `write a quote within as \"`)
		}
		p.pos += len(quoted)
		v.text, _ = strconv.Unquote(quoted) // a QuotedPrefix
	} else {
		if i := strings.IndexAny(v.text, " \t"); i >= 0 {
			v.text = v.text[:i]
		}
		p.pos += len(v.text)
		v.text = strings.Clone(v.text)
	}
	if v.text == "" {
		return p.fail(v.at, "no value for "+name, "write one after the =")
	}
	if message, hint := p.set(name, v.text); message != "" {
		return p.fail(v.at, message, hint)
	}
	return nil
}

// path is how the problems of an option are labelled.
func (p *ruleParser) path(option string) string {
	switch option {
	case "key", "method", "bucket", "header", "client", "attempt":
		return "on." + option
	case "first-calls":
		return "first"
	case "at-most":
		return "at_most"
	}
	return option
}

// set takes the value of an option.
func (p *ruleParser) set(name, value string) (message, hint string) {
	r := &p.rule
	switch name {
	case "key":
		r.On.Key = value
	case "method":
		r.On.Method = value
	case "bucket":
		r.On.Bucket = value
	case "header":
		header, pattern, _ := strings.Cut(value, ":")
		r.On.Headers = append(r.On.Headers, HeaderMatch{header, pattern})
	case "client":
		return setRanges(&r.On.Clients, value)
	case "attempt":
		return setRanges(&r.On.Attempts, value)
	case "from":
		return setDurations(name, value, &r.From)
	case "until":
		return setDurations(name, value, &r.Until)
	case "flap":
		return setDurations(name, value, &r.Flap.Up, &r.Flap.Down)
	case "bursts":
		return setDurations(name, value, &r.Bursts.Good, &r.Bursts.Bad)
	case "rolling":
		return setRolling(&r.Rolling, value)
	case "every":
		return setCount(name, value, &r.Every.N, &r.Every.Per, ByAll)
	case "first", "first-calls":
		r.First.Calls = name == "first-calls"
		return setCount(name, value, &r.First.N, &r.First.Per, defaultBy(r.First.Calls))
	case "p":
		return setChance(r, value)
	case "at-most":
		return setCount(name, value, &r.AtMost, nil, ByAll)
	}
	return "", ""
}

func setRanges(to *[]Range, value string) (message, hint string) {
	var ok bool
	if *to, ok = ParseRanges(value); !ok {
		return quote(value) + " is no number or range", "write one such as 1, 0-4, 2- or 0-4,7"
	}
	return "", ""
}

// forms are the values of options that are made of several parts.
var forms = map[string]string{"from": "10s", "until": "20s", "flap": "5s/2s, which is up and down", "bursts": "20s/2s, which is good and bad",
	"rolling": "4/10s/5s, which is nodes, down and gap, or 4/10s/5s/client"}

// setDurations reads durations with slashes between them.
func setDurations(name, value string, to ...*time.Duration) (message, hint string) {
	hint = "write " + name + "=" + forms[name]
	parts := strings.Split(value, "/")
	if len(parts) != len(to) {
		return quote(value) + " is not " + strconv.Itoa(len(to)) + " durations", hint
	}
	for i, part := range parts {
		d, err := time.ParseDuration(part)
		if err != nil {
			return quote(part) + " is not a duration", hint
		}
		*to[i] = d
	}
	if name == "until" && *to[0] == 0 {
		return "the fault would end before it begins", hint
	}
	return "", ""
}

func setRolling(r *Rolling, value string) (message, hint string) {
	hint = "write rolling=" + forms["rolling"]
	nodes, rest, _ := strings.Cut(value, "/")
	n, err := strconv.Atoi(nodes)
	if err != nil || !isDigits(nodes) {
		return quote(nodes) + " is no number of nodes", hint
	}
	r.Nodes = n
	rest, r.ByClient = strings.CutSuffix(rest, "/client")
	message, _ = setDurations("rolling", rest, &r.Down, &r.Gap)
	return message, hint
}

// setCount reads a number, and what it is counted by where per is not nil.
func setCount(name, value string, n *int, per *By, usual By) (message, hint string) {
	number, by, counted := strings.Cut(value, "/")
	v, err := strconv.Atoi(number)
	if err != nil || !isDigits(number) || v == 0 || counted && per == nil {
		return quote(value) + " is no number from 1 up", "write one such as " + name + "=3"
	}
	*n = v
	if per == nil {
		return "", ""
	}
	if *per = usual; counted {
		var ok bool
		if *per, ok = ParseBy(by); !ok {
			return "nothing is counted per " + quote(by), didYouMean(by, byWords[:])
		}
	}
	return "", ""
}

func setChance(r *Rule, value string) (message, hint string) {
	from, to, ramp := strings.Cut(value, "..")
	p, err := parseChance(from)
	if err == nil && ramp {
		r.Ramp.Given = true
		r.Ramp.To, err = parseChance(to)
	}
	if err != nil {
		return quote(value) + " is no probability", "write p=0.9, or p=0..0.9 for one that grows"
	}
	r.P = p
	return "", ""
}

func parseChance(s string) (float64, error) {
	if strings.ContainsAny(s, "xX_pPnN") {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(s, 64)
}
