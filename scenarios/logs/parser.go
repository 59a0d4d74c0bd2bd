package logs

import "bytes"

// record is what one line says. Its slices point into the line or into the
// parser and hold until the next line is parsed.
type record struct {
	unix   int64 // seconds since 1970
	client []byte
	op     string
	key    []byte
	size   int64
	status int
}

// outcome is what became of one line.
type outcome struct {
	reason Reason
	detail string // which operation, where the reason is about one
	column int    // of a Malformed line: where, from 1
	wrong  string // of a Malformed line: what
}

// malformed tells what is wrong with a line, at a position counted from 0.
func malformed(pos int, wrong string) outcome {
	return outcome{reason: Malformed, column: pos + 1, wrong: wrong}
}

// parser parses lines into its record.
type parser struct {
	keepQuery bool
	rec       record
	clock     stampClock
	scratch   []byte // holds what had to be decoded
	spare     []byte
}

// parse parses a line that is neither blank nor a comment.
func (p *parser) parse(f Format, line []byte) outcome {
	if f == S3 {
		return p.parseS3(line)
	}
	return p.parseHTTP(line)
}

// stamp finds the time stamp in brackets that starts at or after the cursor and
// leaves the cursor after it; open is where its bracket is. What stands before
// it may hold brackets too, as user names are the client's choice.
func (p *parser) stamp(c *cursor) (open int, out outcome) {
	first := -1
	for i := c.pos; i < len(c.line); i++ {
		n := bytes.IndexByte(c.line[i:], '[')
		if n < 0 {
			break
		}
		i += n
		if first < 0 {
			first = i
		}
		end := i + 1 + stampLen
		if end >= len(c.line) || c.line[end] != ']' {
			continue
		}
		if unix, ok := p.clock.parse(c.line[i+1 : end]); ok {
			p.rec.unix = unix
			c.pos = end + 1
			return i, outcome{}
		}
	}
	if first < 0 {
		return 0, malformed(len(c.line), "no time in brackets, such as [17/May/2015:10:05:03 +0000]")
	}
	return 0, malformed(first, "not a time such as [17/May/2015:10:05:03 +0000]")
}
