package logs

import (
	"fmt"
	"slices"
	"strings"
)

// Reason says why a line is not among the entries.
type Reason uint8

// The reasons. The zero value is that of a line that was taken.
const (
	Taken         Reason = iota
	Blank                // nothing on it
	Comment              // starts with '#'
	Malformed            // not in the log's format
	TooLong              // longer than Options.MaxLine
	NoRequest            // the client sent no request; logged as "-"
	NotHTTP              // the client sent something else than HTTP, such as a TLS handshake
	NotReplayable        // an operation that cannot be replayed
	SecondRecord         // S3's further record of a request that has one: a copy's source, a batch delete's keys
	ServersOwn           // S3's own doing, such as a lifecycle rule's
	reasons
)

// String says the reason in words.
func (r Reason) String() string {
	switch r {
	case Taken:
		return "taken"
	case Blank:
		return "blank"
	case Comment:
		return "comment"
	case Malformed:
		return "not in the log's format"
	case TooLong:
		return "too long"
	case NoRequest:
		return "no request"
	case NotHTTP:
		return "not an HTTP request"
	case NotReplayable:
		return "operation that cannot be replayed"
	case SecondRecord:
		return "second record of a request"
	case ServersOwn:
		return "the server's own doing"
	default:
		return fmt.Sprintf("Reason(%d)", uint8(r))
	}
}

// Bad tells whether lines skipped for this reason count as broken.
func (r Reason) Bad() bool { return r == Malformed || r == TooLong }

// Count is a number of lines or requests that have something in common.
type Count struct {
	Name string
	N    int64
}

// Skip is how many lines were skipped for one reason.
type Skip struct {
	Reason Reason
	Lines  int64
	// Details divides Lines by operation where the reason is about operations,
	// most frequent first. Beyond 64 operations the rest is under "(others)".
	Details []Count
}

// Problem is one broken line.
type Problem struct {
	Name   string // of the log
	Line   int64  // from 1
	Column int    // in bytes, from 1
	Wrong  string // what is wrong there
}

// String returns "name:line:column: what is wrong".
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.Name, p.Line, p.Column, p.Wrong)
}

// Report says what became of the lines of a log. Lines is always Taken plus
// the lines of all Skipped.
type Report struct {
	Name     string
	Format   Format // Auto if the log is empty
	Gzip     bool   // the log was compressed
	Lines    int64
	Taken    int64
	Skipped  []Skip    // in the order of the reasons; without those of no line
	Problems []Problem // the first broken lines
}

// Bad returns how many lines are broken.
func (r Report) Bad() int64 {
	var n int64
	for _, s := range r.Skipped {
		if s.Reason.Bad() {
			n += s.Lines
		}
	}
	return n
}

// String returns the report as a few lines of text, the first of them without
// indentation.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, %d taken (format %s", r.Name, plural(r.Lines, "line"), r.Taken, r.Format)
	if r.Gzip {
		b.WriteString(", gzip")
	}
	b.WriteString(")\n")
	for _, s := range r.Skipped {
		fmt.Fprintf(&b, "  %d skipped: %s", s.Lines, s.Reason)
		if len(s.Details) > 0 {
			fmt.Fprintf(&b, " (%s)", joinCounts(s.Details))
		}
		b.WriteString("\n")
	}
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "  %s\n", p)
	}
	return b.String()
}

// joinCounts returns "a 3, b 1".
func joinCounts(counts []Count) string {
	parts := make([]string, len(counts))
	for i, c := range counts {
		parts[i] = fmt.Sprintf("%s %d", c.Name, c.N)
	}
	return strings.Join(parts, ", ")
}

// maxDetails bounds the operations of a Skip: what a client can make up must
// not fill the memory.
const maxDetails = 64

// others stands for the operations beyond that bound.
const others = "(others)"

// tally counts what becomes of the lines of one log.
type tally struct {
	lines, taken int64
	skipped      [reasons]int64
	details      [reasons]map[string]int64
	problems     []Problem
}

// skip counts a line that is not taken.
func (t *tally) skip(o outcome) {
	t.skipped[o.reason]++
	if o.detail == "" {
		return
	}
	if t.details[o.reason] == nil {
		t.details[o.reason] = make(map[string]int64)
	}
	m := t.details[o.reason]
	if _, seen := m[o.detail]; !seen && len(m) >= maxDetails {
		o.detail = others
	}
	m[o.detail]++
}

func (t *tally) bad() int64 { return t.skipped[Malformed] + t.skipped[TooLong] }

// content returns how many lines are neither blank nor comments.
func (t *tally) content() int64 { return t.lines - t.skipped[Blank] - t.skipped[Comment] }

// skips returns the counts as the report has them.
func (t *tally) skips() []Skip {
	var out []Skip
	for r := Blank; r < reasons; r++ {
		if t.skipped[r] > 0 {
			out = append(out, Skip{Reason: r, Lines: t.skipped[r], Details: sortedCounts(t.details[r])})
		}
	}
	return out
}

// sortedCounts returns the counts, most frequent first, ties by name.
func sortedCounts(m map[string]int64) []Count {
	var out []Count
	for name, n := range m {
		out = append(out, Count{name, n})
	}
	slices.SortFunc(out, func(a, b Count) int {
		if a.N != b.N {
			return int(min(max(b.N-a.N, -1), 1))
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}
