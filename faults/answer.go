package faults

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/squall-sim/squall/sim"
)

// answer is an error answer as far as it is the same for every request.
type answer struct {
	status  int
	s3      bool
	head    string      // of the body, up to what depends on the request
	headers [][2]string // canonical name, value
	date    Wait        // of a Retry-After that is a date: from now
	ahead   Wait        // of a server whose clock is off
	early   bool        // the request's body stays unread, and the connection ends
}

func newAnswer(e Effect) *answer {
	var a *answer
	if e.Kind == ClockSkew {
		return newSkewAnswer(e.Offset)
	}
	if e.met() != Status {
		c, _ := LookupS3Code(e.code())
		a = newS3Answer(c)
		if e.Kind == ErrorIn200 {
			a.status = http.StatusOK
			a.head = xml.Header + strings.Repeat(" ", int(e.Spaces)) + strings.TrimPrefix(a.head, xml.Header)
		}
	} else {
		a = newStatusAnswer(e)
	}
	a.date, a.early = e.RetryDate, e.Kind == RejectEarly
	if e.RetryAfter.Given {
		a.headers = append(a.headers, [2]string{"Retry-After", strconv.FormatInt(int64(e.RetryAfter.For/time.Second), 10)})
	}
	if e.AmzRetryAfter.Given {
		a.headers = append(a.headers, [2]string{"X-Amz-Retry-After", strconv.FormatInt(int64(e.AmzRetryAfter.For/time.Millisecond), 10)})
	}
	a.headers = append(a.headers, headerList(e.Set)...) // those that come later win
	return a
}

// newStatusAnswer is an answer with a status, and a body if there is one.
func newStatusAnswer(e Effect) *answer {
	if !e.Body.Given && e.Status >= 400 {
		return newHTTPAnswer(e.Status)
	}
	a := &answer{status: e.Status, head: e.Body.Text}
	if a.head != "" {
		a.headers = append(a.headers, [2]string{"Content-Type", "text/plain; charset=utf-8"})
	}
	return a
}

// newS3Answer is the shape of S3's errors. Source: aws-c-s3's recorded answers
// and the Amazon S3 API reference, "REST error responses".
func newS3Answer(c S3Code) *answer {
	a := &answer{status: c.Status, s3: true}
	a.head = xml.Header + "<Error><Code>" + escape(c.Code) + "</Code><Message>" + escape(c.Message) + "</Message>"
	a.headers = append(a.headers, [2]string{"Content-Type", "application/xml"}, [2]string{"Server", "AmazonS3"})
	return a
}

// newHTTPAnswer is the shape of the errors of a plain HTTP service.
func newHTTPAnswer(status int) *answer {
	a := &answer{status: status, head: `{"status":` + strconv.Itoa(status) + `,"error":` + strconv.Quote(statusText(status)) + "}\n"}
	a.headers = append(a.headers, [2]string{"Content-Type", "application/json"})
	return a
}

// ids are S3's two names for a request.
type ids struct{ request, host string }

// idStream is the source of request ids. They do not depend on a run's seed:
// one request has one name everywhere.
var idStream = sim.NewStream(0, "request ids")

// RequestIDs returns S3's names for a request, x-amz-request-id and
// x-amz-id-2: a function of its client, call and attempt, and nothing else.
func RequestIDs(r Request) (requestID, hostID string) {
	s := idStream.Sub(r.Client)
	const digits = "0123456789ABCDEF"
	var both [16 + 76]byte // one allocation for both
	id, host := both[:16], both[16:]
	for i, n := 0, s.Uint64(r.Call, uint64(r.Attempt), 0); i < len(id); i++ {
		id[i] = digits[n>>(60-4*i)&15]
	}
	var raw [56]byte
	for i := 0; i < len(raw); i += 8 {
		binary.BigEndian.PutUint64(raw[i:], s.Uint64(r.Call, uint64(r.Attempt), uint64(i+1)))
	}
	base64.StdEncoding.Encode(host, raw[:])
	text := string(both[:])
	return text[:len(id)], text[len(id):]
}

// values makes the values of headers that have one: all of them out of one piece of
// memory.
type values struct {
	room [8]string
	used int
}

func (v *values) of(value string) []string {
	if v.used == len(v.room) {
		return []string{value}
	}
	v.room[v.used] = value
	v.used++
	return v.room[v.used-1 : v.used : v.used]
}

// setHeader sets the answer's headers, but for the length. now is the server's
// time, which a Retry-After that is a date is counted from.
func (a *answer) setHeader(h http.Header, made *values, id ids, now time.Time) {
	set := func(name, value string) { h[name] = made.of(value) }
	for _, nv := range a.headers {
		set(nv[0], nv[1])
	}
	if a.ahead.Given {
		set("Date", now.UTC().Format(http.TimeFormat))
	}
	if a.early {
		set("Connection", "close")
	}
	if a.date.Given { // the Date too, or the server's own may be that of the next second
		set("Date", now.UTC().Format(http.TimeFormat))
		set("Retry-After", now.UTC().Add(a.date.For).Format(http.TimeFormat))
	}
	if a.s3 && id != (ids{}) {
		set("X-Amz-Request-Id", id.request)
		set("X-Amz-Id-2", id.host)
	}
}

// body writes the answer's body for a request of that path.
func (a *answer) body(b []byte, path string, id ids) []byte {
	return a.rest(append(b, a.head...), path, id)
}

// rest writes what depends on the request.
func (a *answer) rest(b []byte, path string, id ids) []byte {
	if !a.s3 {
		return b
	}
	if path != "" {
		b = appendElement(b, "Resource", path)
	}
	if id != (ids{}) {
		b = append(append(append(b, "<RequestId>"...), id.request...), "</RequestId>"...) // nothing to escape
		b = append(append(append(b, "<HostId>"...), id.host...), "</HostId>"...)
	}
	return append(b, "</Error>"...)
}

func appendElement(b []byte, name, text string) []byte {
	b = append(append(append(b, '<'), name...), '>')
	if !consists(text, &unescaped) {
		text = escape(text)
	}
	b = append(b, text...)
	return append(append(append(b, "</"...), name...), '>')
}

// unescaped are the characters that are themselves in XML, and unquoted those that are
// in the path of a URL.
var unescaped, unquoted = printableBut("&<>\"'"), printableBut(` %"<>\^{}|?#[]` + "`")

// printableBut is the printable part of ASCII without some of it.
func printableBut(some string) (set [256]bool) {
	for c := ' '; c <= '~'; c++ {
		set[c] = !strings.ContainsRune(some, c)
	}
	return set
}

// consists reports whether all of s is in the set.
func consists(s string, set *[256]bool) bool {
	for i := 0; i < len(s); i++ {
		if !set[s[i]] {
			return false
		}
	}
	return true
}

func escape(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) // a Builder does not fail
	return b.String()
}

// write sends the answer. The body of the request must have been read.
func (a *answer) write(w http.ResponseWriter, r *http.Request, who Request, now time.Time) {
	var id ids
	if a.s3 {
		id.request, id.host = RequestIDs(who)
	}
	rec, inProcess := w.(*recorder)
	var made *values
	if inProcess {
		made = &rec.values
	} else {
		made = new(values)
	}
	h := w.Header()
	now = now.Add(a.ahead.For)
	a.setHeader(h, made, id, now)
	body := append(make([]byte, 0, len(a.head)+len(r.URL.Path)+192), a.head...) // 192: elements, ids
	if a.ahead.Given {
		body = skewed(body, r, now)
	}
	body = a.rest(body, r.URL.Path, id)
	if r.Method == http.MethodHead { // headers only, and no word on what is not sent
		w.WriteHeader(a.status)
		return
	}
	if bodyAllowed(a.status) {
		h["Content-Length"] = made.of(strconv.Itoa(len(body)))
	}
	w.WriteHeader(a.status)
	if inProcess {
		rec.writeOwn(body)
		return
	}
	w.Write(body) // a client that has gone away needs no answer
}

// WriteS3Error answers a request with an error as S3 would: status, headers,
// ids, and the XML body unless the method is HEAD. It reads the rest of the
// request's body first. who names the request (see [RequestIDs]).
func WriteS3Error(w http.ResponseWriter, r *http.Request, who Request, code S3Code) {
	drain(r)
	a := s3Answers()[code]
	if a == nil {
		a = newS3Answer(code) // a code or a message of the caller's own
	}
	a.write(w, r, who, time.Time{})
}

// WriteHTTPError answers a request with an error as a plain HTTP service would:
// the status, and a line of JSON that says it, unless the method is HEAD. What is left
// of the request's body is read first. Other headers may be set before.
func WriteHTTPError(w http.ResponseWriter, r *http.Request, status int) {
	drain(r)
	newHTTPAnswer(status).write(w, r, Request{}, time.Time{})
}

// HTTPErrorBody is the body of [WriteHTTPError].
func HTTPErrorBody(status int) []byte { return []byte(newHTTPAnswer(status).head) }

// s3Answers has the answer for each code of the table.
var s3Answers = sync.OnceValue(func() map[S3Code]*answer {
	all := make(map[S3Code]*answer, len(s3Codes))
	for _, c := range s3Codes {
		all[c] = newS3Answer(c)
	}
	return all
})

// drain reads what is left of the request's body. A client that is still
// sending when the answer comes may lose it to a reset connection.
func drain(r *http.Request) {
	if r.Body != nil && r.Body != http.NoBody {
		if b, ok := r.Body.(*requestBody); ok && b.skip() {
			return
		}
		io.Copy(io.Discard, r.Body) // a client that breaks off gets no answer either way
	}
}

func bodyOf(b []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(b)) }

// target is the path and query of a request as it was written.
func target(u *url.URL) string {
	if u.RawQuery == "" && u.RawPath == "" && consists(u.Path, &unquoted) {
		return u.Path
	}
	return u.RequestURI()
}
