package logs

import (
	"errors"
	"fmt"
	"strings"
)

// FormatError says that none of the formats fits a log's first lines.
type FormatError struct {
	Name  string
	First Problem // of the first line, had it been the format that came closest
}

// Error tells the formats that would have been right.
func (e *FormatError) Error() string {
	return fmt.Sprintf("logs: %s is in no known format (%s); Apache's or nginx's common or combined format or an S3 server access log would be right", e.Name, e.First)
}

// BadShareError says that more of a log's lines are broken than
// [Options.MaxBad] allows.
type BadShareError struct {
	Name       string
	Format     Format
	Bad, Lines int64 // broken lines of all lines but blank ones and comments
	Max        float64
	Problems   []Problem // the first broken lines; at most Options.Problems
}

// Error tells the share and the first broken line.
func (e *BadShareError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "logs: %d of %d lines of %s are broken (format %s), %.1f %% where at most %.1f %% may be",
		e.Bad, e.Lines, e.Name, e.Format, 100*float64(e.Bad)/float64(e.Lines), 100*e.Max)
	if len(e.Problems) > 0 {
		fmt.Fprintf(&b, "; the first is %s", e.Problems[0])
	}
	return b.String()
}

// ReadError says that the input failed in the middle of a log. It wraps the
// cause, such as io.ErrUnexpectedEOF of a gzip file that was cut off.
type ReadError struct {
	Name string
	Line int64 // lines read in whole before it
	Err  error
}

// Error tells after which line it happened.
func (e *ReadError) Error() string {
	return fmt.Sprintf("logs: reading %s after line %d: %v", e.Name, e.Line, e.Err)
}

// Unwrap returns the cause.
func (e *ReadError) Unwrap() error { return e.Err }

// ErrEmpty says that there is no request to replay: none in the logs, or none
// between the bounds. Errors that wrap it tell which.
var ErrEmpty = errors.New("no requests to replay")
