package logs

import (
	"bytes"
	"math"
	"time"
)

// cursor walks over the fields of one line.
type cursor struct {
	line []byte
	pos  int
}

// token returns the next field, which ends at a space or at the end of the
// line; empty if there is none.
func (c *cursor) token() []byte {
	c.skipSpaces()
	start := c.pos
	if n := bytes.IndexByte(c.line[start:], ' '); n >= 0 {
		c.pos = start + n
	} else {
		c.pos = len(c.line)
	}
	return c.line[start:c.pos]
}

func (c *cursor) skipSpaces() {
	for c.pos < len(c.line) && c.line[c.pos] == ' ' {
		c.pos++
	}
}

// accept steps over b if it comes next.
func (c *cursor) accept(b byte) bool {
	if c.pos < len(c.line) && c.line[c.pos] == b {
		c.pos++
		return true
	}
	return false
}

// quotedBeforeStatus returns what is between the quote at the cursor and the
// quote that closes it, and leaves the cursor after that. The closing quote is
// the first one that a status follows: clients can put quotes into what they
// send, and neither S3 nor old versions of Apache escape them. With escapes, a
// quote after a backslash is not looked at.
func (c *cursor) quotedBeforeStatus(escapes bool) (text []byte, problem string) {
	c.skipSpaces()
	if !c.accept('"') {
		return nil, "the request must be in quotes"
	}
	start := c.pos
	first := -1
	for i := start; i < len(c.line); i++ {
		switch c.line[i] {
		case '\\':
			if escapes {
				i++
			}
		case '"':
			if startsWithStatus(c.line[i+1:]) {
				c.pos = i + 1
				return c.line[start:i], ""
			}
			if first < 0 {
				first = i
			}
		}
	}
	if first < 0 {
		return nil, "the request has no closing quote"
	}
	c.pos = first + 1
	return nil, "a status of three digits must follow the request"
}

// startsWithStatus tells whether b is " 200 …" or " - …".
func startsWithStatus(b []byte) bool {
	if len(b) < 2 || b[0] != ' ' {
		return false
	}
	n := 2
	if b[1] != '-' {
		if len(b) < 4 || !isDigit(b[1]) || !isDigit(b[2]) || !isDigit(b[3]) {
			return false
		}
		n = 4
	}
	return len(b) == n || b[n] == ' '
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// isDash tells the field that stands for nothing.
func isDash(field []byte) bool { return len(field) == 1 && field[0] == '-' }

// parseStatus returns the status of a field that [startsWithStatus] has
// approved; 0 for "-".
func parseStatus(field []byte) int {
	if len(field) != 3 {
		return 0
	}
	return int(field[0]-'0')*100 + int(field[1]-'0')*10 + int(field[2]-'0')
}

// parseSize returns a number of bytes; "-" is 0.
func parseSize(field []byte) (int64, bool) {
	if isDash(field) {
		return 0, true
	}
	if len(field) == 0 {
		return 0, false
	}
	var n int64
	for _, b := range field {
		if !isDigit(b) || n > (math.MaxInt64-9)/10 {
			return 0, false
		}
		n = n*10 + int64(b-'0')
	}
	return n, true
}

// stampLen is the length of a time stamp: 17/May/2015:10:05:03 +0000.
const stampLen = len("02/Jan/2006:15:04:05 -0700")

// stampClock reads time stamps and remembers the last one: lines that follow
// each other are often of the same second.
type stampClock struct {
	last [stampLen]byte
	unix int64
	set  bool
}

// parse returns the seconds since 1970 of a stamp of exactly stampLen bytes.
func (s *stampClock) parse(stamp []byte) (unix int64, ok bool) {
	if len(stamp) != stampLen {
		return 0, false
	}
	if s.set && bytes.Equal(stamp, s.last[:]) {
		return s.unix, true
	}
	if unix, ok = parseStamp(stamp); ok {
		copy(s.last[:], stamp)
		s.unix, s.set = unix, true
	}
	return unix, ok
}

func parseStamp(b []byte) (unix int64, ok bool) {
	const shape = "00/Aaa/0000:00:00:00 +0000"
	for i := range stampLen {
		switch shape[i] {
		case '0':
			ok = isDigit(b[i])
		case 'A', 'a':
			ok = true
		case '+':
			ok = b[i] == '+' || b[i] == '-'
		default:
			ok = b[i] == shape[i]
		}
		if !ok {
			return 0, false
		}
	}
	month := monthOf(b[3:6])
	day, year := digits(b[0:2]), digits(b[7:11])
	hour, minute, second := digits(b[12:14]), digits(b[15:17]), digits(b[18:20])
	zoneHours, zoneMinutes := digits(b[22:24]), digits(b[24:26])
	// A leap second is written 60.
	if month == 0 || hour > 23 || minute > 59 || second > 60 || zoneHours > 23 || zoneMinutes > 59 {
		return 0, false
	}
	t := time.Date(year, month, day, hour, minute, second, 0, time.UTC)
	if d := time.Date(year, month, day, 0, 0, 0, 0, time.UTC); d.Day() != day || d.Month() != month {
		return 0, false // such as 31/Feb
	}
	zone := int64(zoneHours*3600 + zoneMinutes*60)
	if b[21] == '-' {
		zone = -zone
	}
	return t.Unix() - zone, true
}

func digits(b []byte) int {
	n := 0
	for _, d := range b {
		n = n*10 + int(d-'0')
	}
	return n
}

// monthOf returns the month of an English abbreviation in any case, 0 if it is
// none.
func monthOf(b []byte) time.Month {
	const names = "janfebmaraprmayjunjulaugsepoctnovdec"
	for m := range 12 {
		if b[0]|0x20 == names[m*3] && b[1]|0x20 == names[m*3+1] && b[2]|0x20 == names[m*3+2] {
			return time.Month(m + 1)
		}
	}
	return 0
}
