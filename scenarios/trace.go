package scenarios

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// TraceRow is one call of a trace.
type TraceRow struct {
	// At is when the call starts, from the start of the run; never negative.
	At time.Duration
	// Client names who calls: an address, an id. Not empty.
	Client string
	// Op is the operation; see Operations.
	Op string
	// Key is the object's key, or the path for an HTTP backend.
	Key string
	// Size is the size of the object or body, in bytes.
	Size Size
}

// TraceHeader is the first line of a trace file.
const TraceHeader = "at,client,op,key,size"

// MaxTraceRows bounds a trace: a run holds all of it in memory.
const MaxTraceRows = 10_000_000

var traceColumns = strings.Split(TraceHeader, ",")

// TraceError is a mistake in one row of a trace.
type TraceError struct {
	Line   int    // from 1, the header's included
	Column int    // in bytes, from 1; 0: the whole line
	Field  string // the name of the column in the header, or empty
	// Message says what is wrong, Hint what would be right.
	Message, Hint string
	Err           error // the cause in the CSV, or nil
}

// Error gives "scenarios: trace line 7: at: what is wrong; what would be right".
func (e *TraceError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "scenarios: trace line %d: ", e.Line)
	if e.Field != "" {
		b.WriteString(e.Field + ": ")
	}
	b.WriteString(e.Message)
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// Unwrap gives the error of the CSV reader, if that is the cause.
func (e *TraceError) Unwrap() error { return e.Err }

// TraceReader reads a trace row by row: CSV (RFC 4180, UTF-8) with the header
// "at,client,op,key,size". at is a duration since the start of the trace with
// its unit ("1.5s", "250us", "1h2m3s"), never before the row above; size is a
// number of bytes, bare or with a unit ("4096", "4KiB"). It holds one row at a
// time and is not for concurrent use.
type TraceReader struct {
	csv    *csv.Reader
	last   time.Duration
	rows   int
	began  bool
	seen   map[string]string // so that rows with the same text share it
	failed error
}

// NewTraceReader reads a trace from r, through a buffer of its own.
func NewTraceReader(r io.Reader) *TraceReader {
	c := csv.NewReader(r)
	c.ReuseRecord = true
	c.FieldsPerRecord = -1 // counted here, to say which are missing
	return &TraceReader{csv: c, seen: make(map[string]string)}
}

// Read gives the next row, or io.EOF after the last one. After a *TraceError
// about one row, the next Read goes on with the row below; other errors are
// final. A trace without any rows is an error.
func (t *TraceReader) Read() (TraceRow, error) {
	if t.failed != nil {
		return TraceRow{}, t.failed
	}
	if !t.began {
		t.began = true
		if err := t.header(); err != nil {
			t.failed = err
			return TraceRow{}, err
		}
	}
	fields, err := t.csv.Read()
	if err == io.EOF && t.rows == 0 {
		err = &TraceError{Line: 1, Message: "the trace has no rows", Hint: "write one below the header, such as " + sampleRow}
		t.failed = err
		return TraceRow{}, err
	}
	if err != nil {
		return TraceRow{}, t.csvError(err)
	}
	t.rows++
	if t.rows > MaxTraceRows {
		t.failed = t.rowError(-1, fmt.Sprintf("the trace has more than %d rows", MaxTraceRows), "cut it into shorter ones")
		return TraceRow{}, t.failed
	}
	return t.row(fields)
}

// sampleRow is a row that is right.
const sampleRow = "1.5s,10.0.0.1,GetObject,raw/a.json,4096"

func (t *TraceReader) header() error {
	fields, err := t.csv.Read()
	if err == io.EOF {
		return &TraceError{Line: 1, Message: "the trace is empty", Hint: "its first line is " + TraceHeader}
	}
	if err != nil {
		return t.csvError(err)
	}
	fields[0] = strings.TrimPrefix(fields[0], "\uFEFF") // a byte order mark, as spreadsheets write
	if strings.Join(fields, ",") != TraceHeader {
		return &TraceError{Line: 1, Column: 1, Message: "the header is " + quote(strings.Join(fields, ",")), Hint: "write " + TraceHeader}
	}
	return nil
}

func (t *TraceReader) row(fields []string) (TraceRow, error) {
	if len(fields) != len(traceColumns) {
		return TraceRow{}, t.rowError(-1, fmt.Sprintf("the row has %d fields", len(fields)),
			fmt.Sprintf("write the %d of %s, such as %s", len(traceColumns), TraceHeader, sampleRow))
	}
	at, err := parseDuration(fields[0])
	switch {
	case err != nil:
		return TraceRow{}, t.fieldError(0, err)
	case at < 0:
		return TraceRow{}, t.rowError(0, quote(fields[0])+" is before the start", "write 0s or later")
	case at > MaxDuration:
		return TraceRow{}, t.rowError(0, quote(fields[0])+" is longer than any run", "write at most "+hours(MaxDuration))
	case at < t.last:
		return TraceRow{}, t.rowError(0, quote(fields[0])+" is before the row above, "+t.last.String(), "sort the rows by at")
	}
	for i, name := range traceColumns[1:4] {
		if fields[i+1] == "" && name != "key" {
			return TraceRow{}, t.rowError(i+1, "empty", "write what the call's "+name+" is, such as "+sampleRow)
		}
		if notText(fields[i+1]) {
			return TraceRow{}, t.rowError(i+1, "a control character, or not UTF-8", "percent-encode it")
		}
	}
	size, err := parseTraceSize(fields[4])
	if err != nil {
		return TraceRow{}, t.fieldError(4, err)
	}
	t.last = at
	return TraceRow{At: at, Client: t.share(fields[1]), Op: t.share(fields[2]), Key: t.share(fields[3]), Size: size}, nil
}

// notText reports what a field may not hold: it would not survive every reader
// of CSV, nor every log.
func notText(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] == 0x7f {
			return true
		}
	}
	return !utf8.ValidString(s)
}

// parseTraceSize takes bare numbers too, as logs count bytes.
func parseTraceSize(text string) (Size, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return ParseSize(text)
	}
	if n < 0 || Size(n) > MaxSize {
		return 0, scalarErr(quote(text)+" is not a possible size", "write 0 to "+strconv.FormatInt(int64(MaxSize), 10)+" bytes")
	}
	return Size(n), nil
}

// share gives one copy of a text to all rows that hold it: a log repeats its
// clients and paths. The first 2¹⁶ different texts are kept, the rest copied.
func (t *TraceReader) share(text string) string {
	if s, ok := t.seen[text]; ok {
		return s
	}
	s := strings.Clone(text)
	if len(t.seen) < 1<<16 {
		t.seen[s] = s
	}
	return s
}

// rowError is about the row just read; field -1 is the whole of it.
func (t *TraceReader) rowError(field int, message, hint string) *TraceError {
	e := &TraceError{Message: message, Hint: hint}
	if field >= 0 {
		e.Field = traceColumns[field]
		e.Line, e.Column = t.csv.FieldPos(field)
		return e
	}
	e.Line, _ = t.csv.FieldPos(0)
	return e
}

func (t *TraceReader) fieldError(field int, err error) *TraceError {
	var s *scalarError
	errors.As(err, &s)
	return t.rowError(field, s.message, s.hint)
}

// csvError tells a mistake in the CSV, after which reading may go on, from a
// failed read, after which it may not.
func (t *TraceReader) csvError(err error) error {
	var p *csv.ParseError
	if !errors.As(err, &p) {
		t.failed = err
		if err != io.EOF {
			t.failed = fmt.Errorf("scenarios: read trace: %w", err)
		}
		return t.failed
	}
	return &TraceError{Line: p.Line, Column: p.Column, Message: p.Err.Error(), Hint: `put a field that holds a comma or quote between quotes: "a,b"`, Err: err}
}

// ReadTrace reads a whole trace. It stops at the first error.
func ReadTrace(r io.Reader) ([]TraceRow, error) {
	var rows []TraceRow
	for t := NewTraceReader(r); ; {
		row, err := t.Read()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
}

// TraceWriter writes a trace that TraceReader reads back. It is not for
// concurrent use.
type TraceWriter struct {
	csv    *csv.Writer
	last   time.Duration
	began  bool
	fields [5]string
}

// NewTraceWriter writes a trace to w, through a buffer: call Flush at the end.
func NewTraceWriter(w io.Writer) *TraceWriter { return &TraceWriter{csv: csv.NewWriter(w)} }

// Write adds a row. Rows come in the order of their times.
func (t *TraceWriter) Write(row TraceRow) error {
	switch {
	case row.At < 0 || row.At > MaxDuration:
		return fmt.Errorf("scenarios: trace row at %v: want 0s to %s", row.At, hours(MaxDuration))
	case row.At < t.last:
		return fmt.Errorf("scenarios: trace row at %v comes after one at %v: want rows sorted by time", row.At, t.last)
	case row.Client == "" || row.Op == "":
		return fmt.Errorf("scenarios: trace row at %v: want a client and an op", row.At)
	case notText(row.Client) || notText(row.Op) || notText(row.Key):
		return fmt.Errorf("scenarios: trace row at %v has control characters or is not UTF-8: want them percent-encoded", row.At)
	case row.Size < 0 || row.Size > MaxSize:
		return fmt.Errorf("scenarios: trace row at %v: size %d: want 0 to %d bytes", row.At, row.Size, MaxSize)
	}
	if err := t.header(); err != nil {
		return err
	}
	t.last = row.At
	t.fields = [5]string{row.At.String(), row.Client, row.Op, row.Key, strconv.FormatInt(int64(row.Size), 10)}
	if err := t.csv.Write(t.fields[:]); err != nil {
		return fmt.Errorf("scenarios: write trace: %w", err)
	}
	return nil
}

func (t *TraceWriter) header() error {
	if t.began {
		return nil
	}
	t.began = true
	if err := t.csv.Write(traceColumns); err != nil {
		return fmt.Errorf("scenarios: write trace: %w", err)
	}
	return nil
}

// Flush writes what is buffered. Call it once after the last row.
func (t *TraceWriter) Flush() error {
	if err := t.header(); err != nil {
		return err
	}
	t.csv.Flush()
	if err := t.csv.Error(); err != nil {
		return fmt.Errorf("scenarios: write trace: %w", err)
	}
	return nil
}
