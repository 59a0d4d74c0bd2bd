package faults

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/squall-sim/squall/internal/nearest"
)

// lostWords are what can come in place of an answer that is lost, besides codes
// and statuses.
var lostWords = [...]struct {
	word string
	by   Kind
}{{"reset", Reset}, {"close", Close}, {"timeout", Blackhole}}

// defaultLost is what S3 says of its own failures, of which its guide warns that
// the request may have been processed all the same.
// Source: Amazon S3 user guide, "Best practices design patterns", on InternalError.
const defaultLost = "InternalError"

// lostText writes what comes in place of the answer.
func (e Effect) lostText() string {
	switch e.By {
	case S3Error:
		return e.Code
	case Status:
		return strconv.Itoa(e.Status)
	}
	for _, l := range lostWords {
		if l.by == e.By {
			return l.word
		}
	}
	return e.By.String()
}

// parseLost reads what comes in place of the answer, and returns the options.
func (p *effectParser) parseLost(words []word) ([]word, error) {
	e := &p.effect
	if len(words) == 0 || strings.Contains(words[0].text, "=") {
		e.By, e.Code = S3Error, defaultLost
		return words, nil
	}
	w := words[0]
	for _, l := range lostWords {
		if w.text == l.word {
			e.By = l.by
			return words[1:], nil
		}
	}
	if isDigits(w.text) {
		e.By = Status
		return words[1:], p.parseStatus(w, 400)
	}
	e.By = S3Error
	if _, ok := LookupS3Code(w.text); !ok {
		known := codeNames()
		for _, l := range lostWords {
			known = append(known, l.word)
		}
		hint := "write an S3 error code, a status, reset, close or timeout"
		if near := nearest.Word(w.text, known); near != "" {
			hint = "did you mean " + near + "? " + hint
		}
		return nil, p.fail(w.at, "no client meets "+quote(w.text)+" in place of an answer", hint)
	}
	return words[1:], p.parseCode(w)
}

// lost checks what comes in place of the answer.
func (c *checker) lost(path string, e Effect) {
	switch e.By {
	case S3Error:
		c.code(path, e)
	case Status:
		c.status(path, e, 400)
	case Reset, Close, Blackhole:
	default:
		c.add(path, e.By.String()+" cannot come in place of an answer", "set By to S3Error, Status, Reset, Close or Blackhole")
	}
}

// lost is the ResponseWriter of a backend whose answer is lost: the backend
// finds nothing wrong with it.
type lost struct{ header http.Header }

func newLost() lost { return lost{make(http.Header)} }

func (l lost) Header() http.Header             { return l.header }
func (lost) WriteHeader(int)                   {}
func (lost) Write(p []byte) (int, error)       { return len(p), nil }
func (lost) WriteString(s string) (int, error) { return len(s), nil }
func (lost) Flush()                            {}

// WriteContent takes content without making it.
func (lost) WriteContent(c *Content) (int64, error) {
	n := c.size - c.at
	c.at = c.size
	return n, nil
}
