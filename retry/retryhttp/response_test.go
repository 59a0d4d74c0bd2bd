package retryhttp_test

import (
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryhttp"
)

const slowDown = `<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message><Resource>/b/k</Resource><RequestId>4442587FB7D0A2F9</RequestId><HostId>host=</HostId></Error>`

// response builds an answer; headers are "Name: value".
func response(method string, status int, body string, headers ...string) *http.Response {
	h := http.Header{}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		h.Set(name, value)
	}
	return &http.Response{
		StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)),
		Request: &http.Request{Method: method},
	}
}

func TestFromResponse(t *testing.T) {
	for _, c := range []struct {
		name string
		resp *http.Response
		want retryhttp.StatusError
		text string
	}{
		{"S3", response("PUT", 503, slowDown, "X-Amz-Request-Id: 4442587FB7D0A2F9", "X-Amz-Id-2: host="),
			retryhttp.StatusError{Status: 503, Method: "PUT", Code: "SlowDown", Message: "Please reduce your request rate.",
				RequestID: "4442587FB7D0A2F9", HostID: "host="},
			"retryhttp: PUT answered 503 SlowDown: Please reduce your request rate. (request 4442587FB7D0A2F9)"},
		{"S3, ids in the body only", response("", 503, slowDown),
			retryhttp.StatusError{Status: 503, Method: "GET", Code: "SlowDown", Message: "Please reduce your request rate.",
				RequestID: "4442587FB7D0A2F9", HostID: "host="}, ""},
		{"HEAD has no body", response("HEAD", 503, slowDown, "X-Amz-Request-Id: 1"),
			retryhttp.StatusError{Status: 503, Method: "HEAD", RequestID: "1"},
			"retryhttp: HEAD answered 503 Service Unavailable (request 1)"},
		{"404", response("GET", 404, `<Error><Code>NoSuchKey</Code></Error>`),
			retryhttp.StatusError{Status: 404, Method: "GET", Code: "NoSuchKey"}, "retryhttp: GET answered 404 NoSuchKey"},
		{"query protocol", response("POST", 400, `<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error><RequestId>r</RequestId></ErrorResponse>`),
			retryhttp.StatusError{Status: 400, Method: "POST", Code: "Throttling", Message: "Rate exceeded", RequestID: "r"}, ""},
		{"EC2", response("POST", 503, `<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>x</Message></Error></Errors><RequestID>r</RequestID></Response>`),
			retryhttp.StatusError{Status: 503, Method: "POST", Code: "RequestLimitExceeded", Message: "x", RequestID: "r"}, ""},
		{"JSON protocol", response("POST", 400, `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","Message":"slower"}`, "X-Amzn-Requestid: r"),
			retryhttp.StatusError{Status: 400, Method: "POST", Code: "ProvisionedThroughputExceededException", Message: "slower", RequestID: "r"}, ""},
		{"JSON protocol, header", response("POST", 429, `{}`, "X-Amzn-Errortype: ThrottlingException:http://internal/"),
			retryhttp.StatusError{Status: 429, Method: "POST", Code: "ThrottlingException"}, ""},
		{"JSON of others", response("GET", 429, ` {"code":"TooManyRequests","message":"slow down"}`, "X-Request-Id: q"),
			retryhttp.StatusError{Status: 429, Method: "GET", Code: "TooManyRequests", Message: "slow down", RequestID: "q"}, ""},
		{"JSON with a number", response("GET", 500, `{"code":500,"message":["x"]}`), retryhttp.StatusError{Status: 500, Method: "GET"}, ""},
		{"proxy's page", response("GET", 502, `<html><body><Code>x</Code></body></html>`), retryhttp.StatusError{Status: 502, Method: "GET"},
			"retryhttp: GET answered 502 Bad Gateway"},
		{"text", response("GET", 500, `Error`), retryhttp.StatusError{Status: 500, Method: "GET"}, ""},
		{"empty", response("GET", 504, ""), retryhttp.StatusError{Status: 504, Method: "GET"}, ""},
		{"broken off in the message", response("GET", 503, `<Error><Code>SlowDown</Code><Message>Please red`),
			retryhttp.StatusError{Status: 503, Method: "GET", Code: "SlowDown", Message: ""}, ""},
		{"broken off in the code", response("GET", 503, `<Error><Code>SlowD`), retryhttp.StatusError{Status: 503, Method: "GET"}, ""},
		{"spaces and a byte order mark", response("GET", 503, "\xef\xbb\xbf\n <Error>\n <Code> SlowDown\n</Code></Error>"),
			retryhttp.StatusError{Status: 503, Method: "GET", Code: "SlowDown"}, ""},
		{"first code wins", response("GET", 503, `<Error><Code>A</Code><Code>B</Code><Detail><Code>C</Code></Detail></Error>`),
			retryhttp.StatusError{Status: 503, Method: "GET", Code: "A"}, ""},
		{"unknown status", response("GET", 599, ""), retryhttp.StatusError{Status: 599, Method: "GET"}, "retryhttp: GET answered 599"},
	} {
		err := retryhttp.FromResponse(c.resp)
		var e *retryhttp.StatusError
		if !errors.As(err, &e) || *e != c.want {
			t.Errorf("%s: got  %+v\nwant %+v", c.name, e, c.want)
		} else if c.text != "" && err.Error() != c.text {
			t.Errorf("%s: got %q, want %q", c.name, err, c.text)
		}
	}
	for _, status := range []int{200, 204, 206, 301, 304, 399} {
		if err := retryhttp.FromResponse(response("GET", status, slowDown)); err != nil {
			t.Errorf("%d: %v", status, err)
		}
	}
	if err := retryhttp.FromResponse(&http.Response{StatusCode: 500}); err.Error() != "retryhttp: 500 Internal Server Error" {
		t.Errorf("a bare answer: %v", err)
	}
}

func TestRetryAfter(t *testing.T) {
	const date = "Date: Thu, 01 Jan 2026 12:00:00 GMT"
	known := func(d time.Duration) retryhttp.Wait { return retryhttp.Wait{For: d, Known: true} }
	none := retryhttp.Wait{}
	for _, c := range []struct {
		value, date string
		want        retryhttp.Wait
	}{
		{"120", "", known(2 * time.Minute)},
		{" 7 ", "", known(7 * time.Second)},
		{"0", "", known(0)},
		{"9223372036", "", known(9223372036 * time.Second)},
		{"1234567", "", known(1234567 * time.Second)},
		{"9223372037", "", known(math.MaxInt64)},
		{"99999999999999999999999", "", known(math.MaxInt64)},
		{"-1", "", none},
		{"+1", "", none},
		{"1.5", "", known(1500 * time.Millisecond)},
		{"0.25", date, known(250 * time.Millisecond)},
		{"1.0000000001", "", known(time.Second + 1)}, // never sooner
		{"99999999999.5", "", known(math.MaxInt64)},
		{"1.", "", none},
		{".5", "", none},
		{"-1.5", "", none},
		{"1.5.2", "", none},
		{"1e3", "", none},
		{"0x10", "", none},
		{"1_000", "", none},
		{"NaN", "", none},
		{"Inf", "", none},
		{"1s", "", none},
		{"soon", date, none},
		{"", date, none},
		{"Thu, 01 Jan 2026 12:00:30 GMT", date, known(30 * time.Second)},
		{"Thu, 01 Jan 2026 11:59:30 GMT", date, known(0)},
		{"Thursday, 01-Jan-26 12:01:00 GMT", date, known(time.Minute)},
		{"Thu Jan  1 12:02:00 2026", date, known(2 * time.Minute)},
		{"Thu, 01 Jan 2026 12:00:30 GMT", "", none},
		{"Thu, 01 Jan 2026 12:00:30 GMT", "Date: now", none},
		{"Fri, 31 Dec 9999 23:59:59 GMT", "Date: Mon, 01 Jan 0001 00:00:00 GMT", known(math.MaxInt64)},
	} {
		headers := []string{"Retry-After: " + c.value}
		if c.date != "" {
			headers = append(headers, c.date)
		}
		e := retryhttp.FromResponse(response("GET", 429, "", headers...)).(*retryhttp.StatusError)
		d, ok := e.RetryAfter()
		if e.After != c.want || d != c.want.For || ok != c.want.Known {
			t.Errorf("Retry-After %q, %q: %+v, want %+v", c.value, c.date, e.After, c.want)
		}
	}
	for _, c := range []struct {
		values []string
		want   retryhttp.Wait
	}{
		{[]string{"2", "7", "3"}, known(7 * time.Second)},
		{[]string{"soon", "7"}, known(7 * time.Second)},
		{[]string{"0", "soon"}, known(0)},
		{[]string{"5", "Thu, 01 Jan 2026 12:00:30 GMT"}, known(30 * time.Second)},
		{[]string{"soon", "later"}, none},
		{nil, none},
	} {
		h := http.Header{"Date": {"Thu, 01 Jan 2026 12:00:00 GMT"}, "Retry-After": c.values}
		if got := retryhttp.RetryAfter(h); got != c.want {
			t.Errorf("%q: %+v, want %+v", c.values, got, c.want)
		}
	}
	for value, want := range map[string]retryhttp.Wait{
		"1500": known(1500 * time.Millisecond), "0": known(0), "-1": none, "x": none, "1.5": none, "": none,
		"9223372036854775807": known(9223372036854 * time.Millisecond),
	} {
		e := retryhttp.FromResponse(response("GET", 503, "", "X-Amz-Retry-After: "+value)).(*retryhttp.StatusError)
		if d, ok := e.AmzRetryAfter(); e.AmzAfter != want || d != want.For || ok != want.Known {
			t.Errorf("x-amz-retry-after %q: %+v, want %+v", value, e.AmzAfter, want)
		}
	}
}

// body counts what is read, and whether it was closed.
type body struct {
	read   int
	closed bool
	err    error
}

func (b *body) Read(p []byte) (int, error) {
	if b.err != nil && b.read > 0 {
		return 0, b.err
	}
	for i := range p {
		p[i] = 'x'
	}
	b.read += len(p)
	return len(p), nil
}

func (b *body) Close() error { b.closed = true; return nil }

func TestBodyIsBounded(t *testing.T) {
	endless := &body{}
	resp := response("GET", 500, "")
	resp.Body = endless
	retryhttp.FromResponse(resp)
	if endless.read > 128<<10 || !endless.closed {
		t.Errorf("read %d bytes of an endless body, closed: %v", endless.read, endless.closed)
	}
	broken := &body{err: io.ErrUnexpectedEOF}
	resp.Body = broken
	if e := retryhttp.FromResponse(resp).(*retryhttp.StatusError); e.Status != 500 || !broken.closed {
		t.Errorf("a body that breaks off: %+v, closed: %v", e, broken.closed)
	}
	fine := &body{}
	ok := response("GET", 200, "")
	ok.Body = fine
	if retryhttp.FromResponse(ok); fine.read > 0 || fine.closed {
		t.Error("the body of a success was touched")
	}
	long := response("GET", 500, "<Error><Code>X</Code><Message>"+strings.Repeat("é", 1000)+"</Message></Error>")
	if e := retryhttp.FromResponse(long).(*retryhttp.StatusError); len(e.Message) > 1024 || strings.ContainsRune(e.Message, '\uFFFD') || !strings.HasPrefix(e.Message, "éé") {
		t.Errorf("a message of %d bytes: %q", len(e.Message), e.Message[:20])
	}
}

// What the errors mean to package retry, from a real server to the class.
func TestClassOfAnswers(t *testing.T) {
	for _, c := range []struct {
		method string
		status int
		body   string
		want   retry.Class
	}{
		{"GET", 503, slowDown, retry.Throttle},
		{"HEAD", 503, slowDown, retry.Transient}, // nobody can tell without a body
		{"GET", 429, "", retry.Throttle},
		{"GET", 500, "", retry.Transient},
		{"GET", 502, "<html>", retry.Transient},
		{"GET", 400, "<Error><Code>RequestTimeout</Code></Error>", retry.Timeout},
		{"GET", 403, "<Error><Code>AccessDenied</Code></Error>", retry.Fatal},
		{"GET", 404, "<Error><Code>NoSuchKey</Code></Error>", retry.Fatal},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			io.WriteString(w, c.body)
		}))
		req, _ := http.NewRequest(c.method, server.URL, nil)
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := retry.Classify("", retryhttp.FromResponse(resp)); got != c.want {
			t.Errorf("%s %d %s: %v, want %v", c.method, c.status, c.body, got, c.want)
		}
		server.Close()
	}
}

func FuzzFromResponse(f *testing.F) {
	f.Add("PUT", 503, slowDown, "120", "", "1500", "")
	f.Add("GET", 429, `{"__type":"a#b:c","message":"m"}`, "Thu, 01 Jan 2026 12:00:30 GMT", "Thu, 01 Jan 2026 12:00:00 GMT", "-1", "a#b:c")
	f.Add("HEAD", 400, "<Error><Code>x", "99999999999999999999", "x", "9223372036854775807", "::")
	f.Add("", 599, "<Response></Error>", "-9223372036854775808", "", "", "##")
	f.Fuzz(func(t *testing.T, method string, status int, text, after, date, amz, code string) {
		resp := response(method, status, text)
		resp.Header = http.Header{
			"Retry-After": {after}, "Date": {date}, "X-Amz-Retry-After": {amz}, "X-Amzn-Errortype": {code},
		}
		err := retryhttp.FromResponse(resp)
		if (err == nil) != (status < 400) {
			t.Fatalf("%d: %v", status, err)
		}
		if err == nil {
			return
		}
		e := err.(*retryhttp.StatusError)
		if e.Error() == "" || e.Status != status || len(e.Message) > 1024 {
			t.Fatalf("%+v", e)
		}
		for _, w := range []retryhttp.Wait{e.After, e.AmzAfter} {
			if w.For < 0 || !w.Known && w.For != 0 {
				t.Fatalf("%+v", e)
			}
		}
		if method == "HEAD" && code == "" && (e.Code != "" || e.Message != "") {
			t.Fatalf("read the body of an answer to HEAD: %+v", e)
		}
	})
}
