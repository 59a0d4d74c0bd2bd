package reports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrNotSummary is wrapped by the errors of [ReadJSON] for input that is not a
// record of a run at all.
var ErrNotSummary = errors.New("not a squall summary")

// SchemaError tells that a summary was written in a form that this version
// does not read.
type SchemaError struct {
	Got     int    // the file's schema_version
	Version string // the squall_version that wrote it; may be empty
}

// Error names both versions and what to do.
func (e *SchemaError) Error() string {
	by := ""
	if e.Version != "" {
		by = " (written by squall " + e.Version + ")"
	}
	advice := "update squall"
	if e.Got < SchemaVersion {
		advice = "run the scenario again"
	}
	return fmt.Sprintf("reports: the summary has schema_version %d%s, this squall reads %d: %s",
		e.Got, by, SchemaVersion, advice)
}

// WriteJSON writes the run as JSON, indented by two spaces, with arrays of
// numbers on one line each: a series is one line of the file, and a diff of two
// summaries one line per series. A nil slice is written as [], so that readers
// in other languages never meet null. The bytes depend on the run alone.
//
// It fails on a number that JSON cannot hold (NaN, an infinity), and with w.
func WriteJSON(w io.Writer, run *Run) error {
	var plain bytes.Buffer
	enc := json.NewEncoder(&plain)
	enc.SetEscapeHTML(false) // "p(99)<20s", not "p(99)\u003c20s"
	if err := enc.Encode(run); err != nil {
		return fmt.Errorf("reports: encode the summary: %w", err)
	}
	if _, err := w.Write(layOut(plain.Bytes())); err != nil {
		return fmt.Errorf("reports: write the summary: %w", err)
	}
	return nil
}

// ReadJSON reads what [WriteJSON] wrote. Fields that it does not know are
// skipped (newer versions may add some, see [SchemaVersion]); another
// schema_version is a [*SchemaError], something else altogether wraps
// [ErrNotSummary], and a record whose parts do not fit together reports every
// problem, as [Run.Validate] does. It reads r to its end, into memory.
func ReadJSON(r io.Reader) (*Run, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("reports: read the summary: %w", err)
	}
	var head struct {
		Schema  *int   `json:"schema_version"`
		Version string `json:"squall_version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("reports: %w: %w", ErrNotSummary, place(data, err))
	}
	if head.Schema == nil {
		return nil, fmt.Errorf("reports: %w: no schema_version", ErrNotSummary)
	}
	if *head.Schema != SchemaVersion {
		return nil, &SchemaError{Got: *head.Schema, Version: head.Version}
	}
	run := new(Run)
	if err := json.Unmarshal(data, run); err != nil {
		return nil, fmt.Errorf("reports: read the summary: %w", place(data, err))
	}
	if err := run.Validate(); err != nil {
		return nil, fmt.Errorf("reports: the summary is damaged: %w", err)
	}
	return run, nil
}

// place adds line and column to the errors of encoding/json that have an
// offset.
func place(data []byte, err error) error {
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	offset := int64(-1)
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &mismatch):
		offset = mismatch.Offset
	}
	if offset < 0 || offset > int64(len(data)) {
		return err
	}
	before := data[:offset]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n') - 1
	return fmt.Errorf("line %d, column %d: %w", line, max(column, 1), err)
}

// layOut indents compact JSON as WriteJSON promises. The input comes from
// encoding/json: it is valid and has no white space outside of strings.
func layOut(compact []byte) []byte {
	out := make([]byte, 0, 2*len(compact))
	depth := 0
	newLine := func() {
		out = append(out, '\n')
		for range depth {
			out = append(out, "  "...)
		}
	}
	for i := 0; i < len(compact); {
		switch c := compact[i]; c {
		case '"':
			n := stringLength(compact[i:])
			out = append(out, compact[i:i+n]...)
			i += n
			continue
		case '{', '[':
			if n := flatLength(compact[i:]); n > 0 {
				out = appendFlat(out, compact[i:i+n])
				i += n
				continue
			}
			depth++
			out = append(out, c)
			newLine()
		case '}', ']':
			depth--
			newLine()
			out = append(out, c)
		case ',':
			out = append(out, c)
			newLine()
		case ':':
			out = append(out, ':', ' ')
		case 'n': // null: the record has no pointers, so this is a nil slice
			out = append(out, "[]"...)
			i += len("null")
			continue
		default:
			out = append(out, c)
		}
		i++
	}
	return out
}

// stringLength is the length of the JSON string at the start of b, quotes
// included.
func stringLength(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// flatLength is the length of the array of numbers, or of the empty array or
// object, at the start of b; 0 if there is something else.
func flatLength(b []byte) int {
	if b[0] == '{' {
		if b[1] == '}' {
			return 2
		}
		return 0
	}
	for i := 1; i < len(b); i++ {
		switch c := b[i]; {
		case c == ']':
			return i + 1
		case c >= '0' && c <= '9', c == '-', c == '+', c == '.', c == 'e', c == 'E', c == ',':
		default:
			return 0
		}
	}
	return 0
}

// appendFlat copies an array of numbers with a space after each comma.
func appendFlat(out, array []byte) []byte {
	for _, c := range array {
		out = append(out, c)
		if c == ',' {
			out = append(out, ' ')
		}
	}
	return out
}
