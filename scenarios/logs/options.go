package logs

import (
	"errors"
	"fmt"
)

// The values that the zero [Options] stand for.
const (
	DefaultMaxLine  = 1 << 20 // bytes of a line
	DefaultMaxBad   = 0.10    // share of lines that may be broken
	DefaultProblems = 10      // broken lines that are told one by one
)

// maxMaxLine bounds what one line may hold in memory.
const maxMaxLine = 1 << 30

// Options say how a log is read. The zero value detects the format and reads
// as the constants above say.
type Options struct {
	// Name stands for the log in reports and errors, usually the file's name.
	// Empty: "log".
	Name string
	// Format is the log's format. Zero: detected from the first lines.
	Format Format
	// KeepQuery keeps "?…" at the end of an HTTP log's keys. Queries may
	// hold tokens and names, so they are dropped by default.
	KeepQuery bool
	// MaxLine is the longest line that is read, in bytes without its end, up to
	// 1 GiB; a longer one counts as broken ([TooLong]). Zero: DefaultMaxLine.
	MaxLine int
	// MaxBad is the share of lines, blank ones and comments not counted, that
	// may be broken before the log is refused, from 0 to 1.
	// Zero: DefaultMaxBad; negative: none may.
	MaxBad float64
	// Problems is how many broken lines are told one by one.
	// Zero: DefaultProblems; negative: none.
	Problems int
	// Replayable says whether the replay can do an operation (see [S3Ops] and
	// [HTTPOps] for what it is asked); entries of others are skipped and
	// counted. Nil: it can do all.
	Replayable func(op string) bool
}

// Validate reports every problem of o at once.
func (o Options) Validate() error {
	var errs []error
	if o.Format > S3 {
		errs = append(errs, fmt.Errorf("logs: unknown format %d", o.Format))
	}
	if o.MaxLine < 0 || o.MaxLine > maxMaxLine {
		errs = append(errs, fmt.Errorf("logs: the longest line is %d bytes; it must be from 0 (the default) to %d", o.MaxLine, maxMaxLine))
	}
	if !(o.MaxBad <= 1) { // true for NaN as well
		errs = append(errs, fmt.Errorf("logs: the share of broken lines is %v; it must be at most 1", o.MaxBad))
	}
	return errors.Join(errs...)
}

// withDefaults returns o with the zero values replaced by what they stand for.
func (o Options) withDefaults() Options {
	if o.Name == "" {
		o.Name = "log"
	}
	if o.MaxLine == 0 {
		o.MaxLine = DefaultMaxLine
	}
	switch {
	case o.MaxBad == 0:
		o.MaxBad = DefaultMaxBad
	case o.MaxBad < 0:
		o.MaxBad = 0
	}
	switch {
	case o.Problems == 0:
		o.Problems = DefaultProblems
	case o.Problems < 0:
		o.Problems = 0
	}
	return o
}
