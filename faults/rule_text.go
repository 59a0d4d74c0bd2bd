package faults

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// RuleError says why a text is not a rule, and where.
type RuleError struct {
	Text    string // what was parsed
	Offset  int    // in bytes, of the part that is wrong; len(Text) where something is missing
	Message string // what is wrong
	Hint    string // what would be right
	Err     error  // the cause, where the effect is wrong: an *EffectError; else nil
}

// Error returns the message, the place and the hint in one line.
func (e *RuleError) Error() string {
	s := fmt.Sprintf("faults: rule %s, at byte %d: %s", quote(e.Text), e.Offset, e.Message)
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// Unwrap returns Err.
func (e *RuleError) Unwrap() error { return e.Err }

// String returns the rule in one line, such as "PutObject raw/** p=0.9 SlowDown",
// which [ParseRule] reads back to an equal rule if the rule is valid. Parts that
// choose everything are left out.
func (r Rule) String() string {
	var w ruleWriter
	if r.On.Op != "" {
		w.parts = append(w.parts, r.On.Op)
	}
	w.selector(r.On)
	w.shapes(r)
	if e := r.Every; e.N != 0 {
		w.option("every", strconv.Itoa(e.N)+bySuffix(e.Per, ByAll))
	}
	if f := r.First; f.N != 0 {
		name := "first"
		if f.Calls {
			name = "first-calls"
		}
		w.option(name, strconv.Itoa(f.N)+bySuffix(f.Per, defaultBy(f.Calls)))
	}
	switch {
	case r.Ramp.Given:
		w.option("p", formatFloat(r.P)+".."+formatFloat(r.Ramp.To))
	case r.P != 1:
		w.option("p", formatFloat(r.P))
	}
	if r.AtMost != 0 {
		w.option("at-most", strconv.Itoa(r.AtMost))
	}
	if r.Continue {
		w.parts = append(w.parts, "continue")
	}
	return strings.Join(append(w.parts, r.Effect.String()), " ")
}

// defaultBy is what the first requests or calls are counted by unless a text
// says otherwise.
func defaultBy(calls bool) By {
	if calls {
		return ByAll
	}
	return ByCall
}

func bySuffix(per, usual By) string {
	if per == usual {
		return ""
	}
	return "/" + per.String()
}

// ruleWriter collects the words of a rule.
type ruleWriter struct{ parts []string }

func (w *ruleWriter) option(name, value string) { w.parts = append(w.parts, name+"="+value) }

func (w *ruleWriter) selector(s Selector) {
	switch {
	case s.Key == "":
	case !strings.Contains(s.Key, "=") && isPattern(s.Key) && isWord(s.Key):
		w.parts = append(w.parts, s.Key)
	default:
		w.option("key", quoteWord(s.Key))
	}
	if s.Method != "" {
		w.option("method", s.Method)
	}
	if s.Bucket != "" {
		w.option("bucket", quoteWord(s.Bucket))
	}
	for _, h := range s.Headers {
		w.option("header", quoteWord(h.Name+":"+h.Value))
	}
	if s.Clients != nil {
		w.option("client", FormatRanges(s.Clients))
	}
	if s.Attempts != nil {
		w.option("attempt", FormatRanges(s.Attempts))
	}
}

func (w *ruleWriter) shapes(r Rule) {
	if r.From != 0 {
		w.option("from", r.From.String())
	}
	if r.Until != 0 {
		w.option("until", r.Until.String())
	}
	if r.Flap != (Flap{}) {
		w.option("flap", r.Flap.Up.String()+"/"+r.Flap.Down.String())
	}
	if r.Bursts != (Bursts{}) {
		w.option("bursts", r.Bursts.Good.String()+"/"+r.Bursts.Bad.String())
	}
	if o := r.Rolling; o != (Rolling{}) {
		text := strconv.Itoa(o.Nodes) + "/" + o.Down.String() + "/" + o.Gap.String()
		if o.ByClient {
			text += "/client"
		}
		w.option("rolling", text)
	}
}

// isPattern reports whether a word can only be meant as a key: no operation and
// no effect has these characters.
func isPattern(s string) bool { return strings.ContainsAny(s, `/*?[{\`) }

// isWord reports whether a text stands for itself without quotes.
func isWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r == '"' || r == unicode.ReplacementChar || unicode.IsSpace(r) || !unicode.IsPrint(r)
	})
}

// quoteWord puts a text between quotes where it needs them.
func quoteWord(s string) string {
	if isWord(s) {
		return s
	}
	return strconv.Quote(s)
}
