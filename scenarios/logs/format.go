package logs

import (
	"bytes"
	"fmt"
	"strings"
)

// Format is a log format.
type Format uint8

// The formats that can be read. The zero value detects which of them it is.
const (
	Auto Format = iota // find out from the first lines
	HTTP               // Apache's and nginx's common and combined formats
	S3                 // Amazon S3's server access logs
)

// String returns "auto", "http" or "s3".
func (f Format) String() string {
	switch f {
	case Auto:
		return "auto"
	case HTTP:
		return "http"
	case S3:
		return "s3"
	default:
		return fmt.Sprintf("Format(%d)", uint8(f))
	}
}

// Formats returns the names that [ParseFormat] takes, the canonical ones
// first.
func Formats() []string {
	return []string{"auto", "http", "s3", "common", "combined", "apache", "nginx"}
}

// ParseFormat returns the format of that name, see [Formats]. The empty name
// is [Auto]; case does not matter.
func ParseFormat(name string) (Format, error) {
	switch strings.ToLower(name) {
	case "", "auto":
		return Auto, nil
	case "http", "common", "combined", "apache", "nginx":
		return HTTP, nil
	case "s3":
		return S3, nil
	}
	return Auto, fmt.Errorf("logs: unknown log format %q; one of %s would be right", name, strings.Join(Formats(), ", "))
}

// detectLines is how many lines the detection looks at: enough to step over a
// few broken ones, few enough to stay within what one peek holds.
const detectLines = 100

// detect returns the format that most of the first lines in head are in, and
// false if none is in any. With complete, head is the whole input and its last
// line counts even without a newline.
func detect(head []byte, complete bool) (Format, bool) {
	var p parser
	var fits [S3 + 1]int
	for seen := 0; seen < detectLines && len(head) > 0; {
		line, rest, whole := bytes.Cut(head, []byte{'\n'})
		if !whole && !complete && seen > 0 {
			break
		}
		head = rest
		line = trimLine(line)
		if isBlank(line) || isComment(line) {
			continue
		}
		seen++
		for _, f := range []Format{HTTP, S3} {
			if p.parse(f, line).reason != Malformed {
				fits[f]++
			}
		}
	}
	switch {
	case fits[HTTP] == 0 && fits[S3] == 0:
		return Auto, false
	case fits[S3] > fits[HTTP]:
		return S3, true
	default:
		return HTTP, true
	}
}

// trimLine drops what belongs to the line's end and not to the line.
func trimLine(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'})
}

func isBlank(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 }

// isComment tells the '#' lines that some tools put on top of a log.
func isComment(line []byte) bool { return line[0] == '#' }
