package retryhttp

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxBody is how much of an error's body is read. S3's are below 1 KiB; what
// is longer is some proxy's page.
const maxBody = 64 << 10

// maxMessage bounds StatusError.Message, which ends up in logs.
const maxMessage = 1 << 10

// FromResponse returns nil for an answer below 400, and leaves its body alone.
// Otherwise it returns a [*StatusError], for which it reads at most 64 KiB of
// the body, and closes it: small error bodies are read to their end, which
// lets the connection be used again. A body that breaks off or makes no sense
// still gives an error with the status and the headers.
func FromResponse(resp *http.Response) error {
	if resp.StatusCode < 400 {
		return nil
	}
	return readError(resp)
}

// readError makes the error of an answer that is one, and closes its body.
func readError(resp *http.Response) (err *StatusError) {
	if resp.Body == nil {
		return errorOf(resp, resp.Request, nil, time.Time{})
	}
	withBody(resp.Body, func(body []byte) { err = errorOf(resp, resp.Request, body, time.Time{}) })
	return err
}

// errorOf makes the error of an answer to req, which may be nil, whatever its
// status. body is what was read of it, came when it came, for an answer without
// a Date; zero: nobody knows.
func errorOf(resp *http.Response, req *http.Request, body []byte, came time.Time) *StatusError {
	e := &StatusError{
		Status:    resp.StatusCode,
		RequestID: first(resp.Header, "X-Amz-Request-Id", "X-Amzn-Requestid", "X-Request-Id"),
		HostID:    first(resp.Header, "X-Amz-Id-2"),
		Code:      awsCode(first(resp.Header, "X-Amzn-Errortype")),
		After:     retryAfter(resp.Header, came),
		AmzAfter:  amzRetryAfter(first(resp.Header, "X-Amz-Retry-After")),
	}
	if req != nil {
		e.Method = method(req)
	}
	if e.Method != http.MethodHead {
		e.readBody(body)
	}
	return e
}

// readBody takes code, message and ids from an error body in XML or JSON; the
// headers go before it.
func (e *StatusError) readBody(body []byte) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if len(body) == 0 {
		return
	}
	var b errorBody
	switch body[0] {
	case '<':
		if plain, ok := readPlain(body); ok {
			plain.tell(e)
			return
		}
		b.readXML(body)
	case '{':
		b.readJSON(body)
	}
	keep(&e.Code, b.code)
	keep(&e.Message, clip(b.message))
	keep(&e.RequestID, b.requestID)
	keep(&e.HostID, b.hostID)
}

// errorBody is what the error bodies of AWS's protocols have in common.
type errorBody struct{ code, message, requestID, hostID string }

// readXML reads S3's <Error>, the query protocol's <ErrorResponse><Error> and
// EC2's <Response><Errors><Error>. Another root, such as a proxy's <html>, is
// none of them. A body that breaks off gives what came before the break.
func (b *errorBody) readXML(body []byte) {
	d := xml.NewDecoder(bytes.NewReader(body))
	var path []string
	var text strings.Builder
	for {
		token, err := d.Token()
		if err != nil {
			return
		}
		switch t := token.(type) {
		case xml.StartElement:
			path = append(path, t.Name.Local)
			text.Reset()
			if len(path) == 1 && t.Name.Local != "Error" && t.Name.Local != "ErrorResponse" && t.Name.Local != "Response" {
				return
			}
		case xml.CharData:
			text.Write(t)
		case xml.EndElement: // not before: half a code is another code
			b.element(path, strings.TrimSpace(text.String()))
			path = path[:len(path)-1]
			text.Reset()
		}
	}
}

func (b *errorBody) element(path []string, text string) {
	if len(path) < 2 {
		return
	}
	inError := path[len(path)-2] == "Error"
	switch name := path[len(path)-1]; {
	case inError && name == "Code":
		keep(&b.code, text)
	case inError && name == "Message":
		keep(&b.message, text)
	case name == "RequestId" || name == "RequestID":
		keep(&b.requestID, text)
	case name == "HostId":
		keep(&b.hostID, text)
	}
}

// readJSON reads the error of AWS's JSON protocols, {"__type": …, "message": …},
// and the {"code": …, "message": …} of many others.
func (b *errorBody) readJSON(body []byte) {
	var v struct {
		Type    any `json:"__type"`
		Code    any `json:"code"`
		Message any `json:"message"` // field names match without regard to case
	}
	if json.Unmarshal(body, &v) != nil {
		return
	}
	for _, code := range []any{v.Type, v.Code} {
		if s, ok := code.(string); ok { // a number is the status once more
			keep(&b.code, awsCode(s))
		}
	}
	if s, ok := v.Message.(string); ok {
		b.message = s
	}
}

// awsCode takes the code from "com.amazonaws.s3#SlowDown:http://…", the form of
// AWS's JSON protocols.
func awsCode(s string) string {
	s, _, _ = strings.Cut(s, ":")
	if i := strings.LastIndexByte(s, '#'); i >= 0 {
		s = s[i+1:]
	}
	return strings.TrimSpace(s)
}

// RetryAfter returns what an answer's Retry-After says, as [FromResponse] reads
// it: seconds, or a date counted from the answer's own Date. Of several it is
// the longest.
func RetryAfter(h http.Header) Wait { return retryAfter(h, time.Time{}) }

// retryAfter reads Retry-After (RFC 9110, section 10.2.3): seconds, or a date.
//
// A date is counted from the answer's own Date, so that a client whose clock
// is wrong waits as long as the server meant; without a Date, from when the
// answer came (section 6.6.1), and if nobody knows that it says nothing. A date
// that has passed is no wait. Seconds may have a fraction, which the RFC does
// not know but servers send: to ignore it would be to come back at once. Of
// several headers the longest wait goes, so that nobody is asked too soon.
// Anything else is ignored.
func retryAfter(h http.Header, came time.Time) Wait {
	var longest Wait
	for _, value := range h["Retry-After"] {
		if w := readRetryAfter(strings.TrimSpace(value), h.Get("Date"), came); w.Known && w.For >= longest.For {
			longest = w
		}
	}
	return longest
}

func readRetryAfter(value, date string, came time.Time) Wait {
	if whole, fraction, cut := strings.Cut(value, "."); isDigits(whole) && (!cut || isDigits(fraction)) {
		seconds, err := strconv.ParseFloat(value, 64)
		if ns := math.Ceil(seconds * 1e9); err == nil && ns < math.MaxInt64 {
			return Wait{For: time.Duration(ns), Known: true}
		}
		return Wait{For: math.MaxInt64, Known: true} // too long for anybody's maximum
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return Wait{}
	}
	now, err := http.ParseTime(date)
	if err != nil {
		if now = came; came.IsZero() {
			return Wait{}
		}
	}
	return Wait{For: max(0, at.Sub(now)), Known: true}
}

// amzRetryAfter reads x-amz-retry-after: milliseconds, 0 or more. Anything
// else is ignored, as in aws-sdk-go-v2@v1.48.0, aws/retry/middleware.go.
func amzRetryAfter(value string) Wait {
	if value == "" {
		return Wait{} // the common case, without the error
	}
	ms, err := strconv.ParseInt(value, 10, 64)
	if err != nil || ms < 0 {
		return Wait{}
	}
	return Wait{For: time.Duration(min(ms, math.MaxInt64/int64(time.Millisecond))) * time.Millisecond, Known: true}
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// first is the first of some headers that is there and not empty. The names are
// canonical.
func first(h http.Header, names ...string) string {
	for _, name := range names {
		if v := h[name]; len(v) > 0 && v[0] != "" {
			return v[0]
		}
	}
	return ""
}

// keep sets field to value unless it is set.
func keep(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// clip bounds a text without cutting a character.
func clip(s string) string {
	if len(s) <= maxMessage {
		return s
	}
	return strings.ToValidUTF8(s[:maxMessage], "")
}
