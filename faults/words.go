package faults

import (
	"strconv"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// word is a part of the text of an effect.
type word struct {
	at   int
	text string
}

// split cuts the text at blanks outside brackets and quotes: distributions may
// have blanks within.
func split(text string) []word {
	var words []word
	start, depth, quoted := -1, 0, false
	for i := 0; i <= len(text); i++ {
		if i == len(text) || (text[i] == ' ' || text[i] == '\t') && depth == 0 && !quoted {
			if start >= 0 {
				words = append(words, word{start, text[start:i]})
				start = -1
			}
			continue
		}
		if start < 0 {
			start = i
		}
		switch c := text[i]; {
		case c == '\\' && quoted:
			i = min(i+1, len(text)-1)
		case c == '"':
			quoted = !quoted && i > 0 && text[i-1] == '='
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth = max(0, depth-1)
		}
	}
	return words
}

// wordText writes a value so that split takes it for one word.
func wordText(s string) string {
	if s == "" || strings.ContainsAny(s, "\"()\\") || strconv.Quote(s) != `"`+s+`"` || strings.Contains(s, " ") {
		return strconv.Quote(s)
	}
	return s
}

// parseWord reads what wordText writes.
func (p *effectParser) parseWord(value word) (string, error) {
	if !strings.HasPrefix(value.text, `"`) {
		return strings.Clone(value.text), nil
	}
	s, err := strconv.Unquote(value.text)
	if err != nil {
		return "", p.fail(value.at, quote(value.text)+" is not a value in quotes", `close the quotes, and write \" and \\ for these within`)
	}
	return s, nil
}

func (p *effectParser) parseKeys(value word) (err error) {
	if p.effect.Keys, err = p.parseWord(value); err == nil && p.effect.Keys == "" {
		err = p.fail(value.at, "keys is empty", "write a glob, or leave it out for every key")
	}
	return err
}

// checkGlob says what is wrong with a glob.
func checkGlob(text string) (message, hint string) {
	if text != "" && !doublestar.ValidatePattern(text) {
		return quote(text) + " is not a glob", globHint
	}
	return "", ""
}

const globHint = "close its brackets, write \\[ for a bracket itself, and end it with no backslash"
