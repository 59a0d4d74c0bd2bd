package logs

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"iter"
	"time"
)

// Entry is one request of a log.
type Entry struct {
	Time   time.Time // UTC, whole seconds as the formats have them
	Client string    // remote address; of an S3 log without one: the requester
	Op     string    // see HTTPOps and S3Ops
	Key    string    // path or object; empty for operations on a bucket
	Size   int64     // bytes of the object, part or answer; 0 if the log does not tell
	Status int       // of the response; 0 if the log does not tell
	Line   int64     // in the log, from 1
}

// bufferSize is how much of the input is held at once; the detection sees no
// more than this.
const bufferSize = 256 << 10

// Scanner reads the entries of one log in the order of its lines. Use it as a
// [bufio.Scanner]:
//
//	for s.Scan() {
//		use(s.Entry())
//	}
//	if err := s.Err(); err != nil { … }
//
// A Scanner is for one goroutine.
type Scanner struct {
	o      Options
	in     *bufio.Reader
	format Format
	gzip   bool
	p      parser
	tally  tally
	line   []byte // of more than one buffer
	err    error
	done   bool
}

// NewScanner returns a scanner for the log in r, which may be gzip (of one or
// more members). It reads the first bytes of r. Errors are those of
// [Options.Validate], a [*ReadError], or a [*FormatError] if the format is to
// be detected and cannot be. A log without a line is no error.
func NewScanner(r io.Reader, o Options) (*Scanner, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	s := &Scanner{o: o.withDefaults(), in: bufio.NewReaderSize(r, bufferSize)}
	s.p.keepQuery = o.KeepQuery
	if magic, _ := s.in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(s.in)
		if err != nil {
			return nil, &ReadError{Name: s.o.Name, Err: err}
		}
		s.gzip = true
		s.in = bufio.NewReaderSize(z, bufferSize)
	}
	if bom, _ := s.in.Peek(3); bytes.Equal(bom, []byte("\ufeff")) {
		s.in.Discard(len(bom)) // cannot fail: they are in the buffer
	}
	s.format = o.Format
	if s.format == Auto {
		return s, s.detect()
	}
	return s, nil
}

// detect sets the format from what can be peeked at.
func (s *Scanner) detect() error {
	head, err := s.in.Peek(bufferSize)
	if err != nil && err != io.EOF {
		return &ReadError{Name: s.o.Name, Err: err}
	}
	format, ok := detect(head, err == io.EOF)
	if !ok {
		return s.noFormat(head)
	}
	s.format = format
	return nil
}

// noFormat returns the error of a log whose first lines fit no format; nil if
// it has no lines but blank ones and comments.
func (s *Scanner) noFormat(head []byte) error {
	for n := int64(1); len(head) > 0; n++ {
		line, rest, _ := bytes.Cut(head, []byte{'\n'})
		head = rest
		if line = trimLine(line); isBlank(line) || isComment(line) {
			continue
		}
		var p parser
		closest := p.parse(HTTP, line)
		if o := p.parse(S3, line); o.column > closest.column {
			closest = o
		}
		return &FormatError{s.o.Name, Problem{s.o.Name, n, closest.column, closest.wrong}}
	}
	return nil
}

// Scan goes to the next entry and says whether there is one.
func (s *Scanner) Scan() bool {
	for !s.done {
		line, long, err := s.readLine()
		if err != nil {
			s.finish(err)
			break
		}
		s.tally.lines++
		if o := s.take(line, long); o.reason == Taken {
			s.tally.taken++
			return true
		}
	}
	return false
}

// take parses a line and counts it if it is not taken.
func (s *Scanner) take(line []byte, long bool) outcome {
	var o outcome
	switch {
	case long:
		o = outcome{reason: TooLong, column: s.o.MaxLine + 1, wrong: "the line is longer than the limit"}
	case isBlank(line):
		o.reason = Blank
	case isComment(line):
		o.reason = Comment
	default:
		o = s.p.parse(s.format, line)
		if o.reason == Taken && s.o.Replayable != nil && !s.o.Replayable(s.p.rec.op) {
			o = outcome{reason: NotReplayable, detail: s.p.rec.op}
		}
	}
	if o.reason == Taken {
		return o
	}
	s.tally.skip(o)
	if o.reason.Bad() && len(s.tally.problems) < s.o.Problems {
		s.tally.problems = append(s.tally.problems, Problem{s.o.Name, s.tally.lines, o.column, o.wrong})
	}
	return o
}

// Entry returns the entry that the last Scan found. Its strings are its own.
func (s *Scanner) Entry() Entry {
	rec := &s.p.rec
	return Entry{
		Time:   time.Unix(rec.unix, 0).UTC(),
		Client: string(rec.client),
		Op:     rec.op,
		Key:    string(rec.key),
		Size:   rec.size,
		Status: rec.status,
		Line:   s.tally.lines,
	}
}

// All returns the entries that are left, for a range loop. Err tells
// afterwards how it ended.
func (s *Scanner) All() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for s.Scan() && yield(s.Entry()) {
		}
	}
}

// Err returns what made Scan stop before the end of the log, a [*ReadError], or
// at its end, a [*BadShareError]; else nil.
func (s *Scanner) Err() error { return s.err }

// Report returns what became of the lines read so far.
func (s *Scanner) Report() Report {
	return Report{
		Name:     s.o.Name,
		Format:   s.format,
		Gzip:     s.gzip,
		Lines:    s.tally.lines,
		Taken:    s.tally.taken,
		Skipped:  s.tally.skips(),
		Problems: append([]Problem(nil), s.tally.problems...),
	}
}

// finish ends the scan.
func (s *Scanner) finish(err error) {
	s.done = true
	if err != io.EOF {
		s.err = &ReadError{s.o.Name, s.tally.lines, err}
		return
	}
	bad, lines := s.tally.bad(), s.tally.content()
	if float64(bad) > s.o.MaxBad*float64(lines) {
		s.err = &BadShareError{s.o.Name, s.format, bad, lines, s.o.MaxBad, append([]Problem(nil), s.tally.problems...)}
	}
}

// readLine returns the next line without its end. Of a line longer than the
// limit it returns nothing but that it is; io.EOF is returned after the last.
// The line holds until the next call.
func (s *Scanner) readLine() (line []byte, long bool, err error) {
	s.line = s.line[:0]
	read := false
	for {
		part, err := s.in.ReadSlice('\n')
		read = read || len(part) > 0
		if err == nil && !long && len(s.line) == 0 {
			line = trimLine(part) // the usual case: no copy
			return line, len(line) > s.o.MaxLine, nil
		}
		if !long {
			s.line = append(s.line, part...)
			// Room for the line's end, which is not counted.
			long = len(s.line) > s.o.MaxLine+2
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && (err != io.EOF || !read):
			return nil, false, err
		}
		line = trimLine(s.line)
		return line, long || len(line) > s.o.MaxLine, nil
	}
}
