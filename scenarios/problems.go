package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Problem is one mistake in a scenario or its trace.
type Problem struct {
	// File is the name given to Parse or Open; empty for a Scenario built in Go.
	File string `json:"file,omitempty"`
	// Line and Column count from 1, columns in characters; 0 without a place.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Path is the place in the scenario: "phases[1].for",
	// `thresholds["call_duration{phase:burst}"][0]`. Empty: the whole file.
	Path string `json:"path,omitempty"`
	// Message says what is wrong.
	Message string `json:"message"`
	// Hint says what would be right. It may be empty.
	Hint string `json:"hint,omitempty"`
	// Source is the line of the file, shortened around the column where it is
	// long.
	Source string `json:"source,omitempty"`

	caret int // column within Source
}

// Error gives the problem as "file:line:column: path: message; hint", and below
// it the source line with a caret under the column.
func (p Problem) Error() string {
	var b strings.Builder
	p.write(&b)
	return b.String()
}

func (p Problem) write(b *strings.Builder) {
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			b.WriteString(":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column))
		}
		b.WriteString(": ")
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString("; " + p.Hint)
	}
	if p.Source == "" || p.Line == 0 {
		return
	}
	number := strconv.Itoa(p.Line)
	fmt.Fprintf(b, "\n  %s | %s\n  %s | ", number, p.Source, strings.Repeat(" ", len(number)))
	at := p.caret
	for _, r := range p.Source {
		if at <= 1 {
			break
		}
		at--
		if r != '\t' { // a tab is as wide above as below
			r = ' '
		}
		b.WriteRune(r)
	}
	b.WriteString("^")
}

// Problems is every mistake found in one scenario: the error of Parse, Open and
// Validate. It is never empty. errors.As finds a Problem in it.
type Problems struct {
	List []Problem `json:"problems"` // by file, line and column
}

// maxPrinted bounds the problems that Error spells out: the list has all.
const maxPrinted = 50

// Error gives the problems one after another, and only counts those after the
// first 50.
func (p *Problems) Error() string {
	var b strings.Builder
	for i, one := range p.List {
		if i > 0 {
			b.WriteByte('\n')
		}
		if i == maxPrinted {
			fmt.Fprintf(&b, "and %d more problems", len(p.List)-maxPrinted)
			break
		}
		one.write(&b)
	}
	return b.String()
}

// Unwrap gives the problems one by one to errors.Is and errors.As.
func (p *Problems) Unwrap() []error {
	list := make([]error, len(p.List))
	for i, one := range p.List {
		list[i] = one
	}
	return list
}

// asError gives the problems in their order, or nil without any. Those without
// a place keep the order in which they were found.
func asError(list []Problem) error {
	if len(list) == 0 {
		return nil
	}
	files := make(map[string]int, 2) // in the order of their first problem
	for _, p := range list {
		if _, seen := files[p.File]; !seen {
			files[p.File] = len(files)
		}
	}
	slices.SortStableFunc(list, func(a, b Problem) int {
		// line 0 is without a place, and wraps round to come last
		return cmp.Or(cmp.Compare(files[a.File], files[b.File]), cmp.Compare(uint(a.Line-1), uint(b.Line-1)), cmp.Compare(a.Column, b.Column))
	})
	return &Problems{List: list}
}

// origin is where a Scenario came from.
type origin struct {
	file       string
	hash       string
	thresholds []position         // one for each of Scenario.Thresholds
	sockets    map[string]Problem // by path: where CheckLive finds what it tells of
}

// position is a place in a text; both count from 1, columns in characters.
type position struct{ line, column int }

// text is a file split into lines, to quote from.
type text struct {
	name  string
	lines []string
}

// newText splits a text whose line ends are all \n.
func newText(name, data string) text {
	return text{name: name, lines: strings.Split(data, "\n")}
}

// widest is the longest source line that a Problem quotes whole, in characters.
const widest = 120

// problem makes a Problem at a place, quoting its line.
func (t text) problem(at position, path, message, hint string) Problem {
	p := Problem{File: t.name, Line: at.line, Column: at.column, Path: path, Message: message, Hint: hint}
	if at.line < 1 || at.line > len(t.lines) {
		return p
	}
	p.Source, p.caret = excerpt(t.lines[at.line-1], at.column)
	return p
}

// excerpt cuts a long line around a column, and makes what would disturb a
// terminal visible.
func excerpt(line string, column int) (source string, caret int) {
	const before = 60
	first := 0
	if utf8.RuneCountInString(line) > widest {
		first = max(0, column-1-before)
	}
	var b strings.Builder
	caret = column - first
	if first > 0 {
		b.WriteString("…")
		caret++
	}
	i := 0
	for _, r := range line {
		switch {
		case i < first:
		case i == first+widest:
			b.WriteString("…")
			return b.String(), caret
		case r == '\t' || strconv.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteRune('\uFFFD')
		}
		i++
	}
	return b.String(), caret
}
