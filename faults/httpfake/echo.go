package httpfake

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"unicode/utf8"
)

// Echo is what a route that echoes answers with: the request as it came, as a
// line of JSON.
type Echo struct {
	Method string `json:"method"`
	Target string `json:"target"` // path and query
	Host   string `json:"host"`
	// Headers has each header's values, by its name, sorted; those of the connection itself are
	// left out.
	Headers map[string][]string `json:"headers"`
	Length  int                 `json:"length"` // bytes of the body
	// Body is the body where it is text, Base64 where it is not. One of more than
	// [MaxBody] bytes is answered with 413.
	Body   string `json:"body,omitempty"`
	Base64 string `json:"base64,omitempty"`
}

func echoOf(r *http.Request, body []byte) []byte {
	e := Echo{Method: r.Method, Target: r.URL.RequestURI(), Host: r.Host, Headers: r.Header, Length: len(body)}
	if e.Headers == nil {
		e.Headers = map[string][]string{}
	}
	if utf8.Valid(body) {
		e.Body = string(body)
	} else {
		e.Base64 = base64.StdEncoding.EncodeToString(body)
	}
	line, err := json.Marshal(e)
	if err != nil {
		panic(err) // text, numbers and a map of text: it cannot fail
	}
	return append(line, '\n')
}

var errTooLong = errors.New("httpfake: the body is longer than what is echoed")

// bounded takes MaxBody bytes.
type bounded struct{ to *bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.to.Len()+len(p) > MaxBody {
		return 0, errTooLong
	}
	return b.to.Write(p)
}
