package faults

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryhttp"
)

// noBackend fails the test if a request gets through to it.
func noBackend(t testing.TB) http.Handler {
	return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the backend was asked") })
}

func request(t testing.TB, method, target, body string) *http.Request {
	t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequest(method, "http://s3.test"+target, r)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// facts are what a client can tell of an error.
type errorFacts struct {
	status             int
	code, method       string
	after, amz         time.Duration
	hasAfter, hasAmz   bool
	class, aws         retry.Class
	refused, resetting bool
	eof, half, garbage bool
}

func factsOf(t testing.TB, err error) errorFacts {
	t.Helper()
	f := errorFacts{refused: errors.Is(err, syscall.ECONNREFUSED), resetting: errors.Is(err, syscall.ECONNRESET)}
	f.eof, f.half = errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF)
	f.garbage = strings.Contains(err.Error(), "malformed HTTP response")
	var e *retryhttp.StatusError
	if errors.As(err, &e) {
		f.status, f.code, f.method = e.Status, e.Code, e.Method
		f.after, f.hasAfter = e.RetryAfter()
		f.amz, f.hasAmz = e.AmzRetryAfter()
	}
	var bad error
	if f.class, bad = retry.Classify("", err); bad != nil {
		t.Fatal(bad)
	}
	if f.aws, bad = retry.Classify("aws", err); bad != nil {
		t.Fatal(bad)
	}
	return f
}

// What a simulation without bytes is told of an effect is what a client reads
// off the wire: for every code, every status, every option and every method.
func TestModelAndWireAgree(t *testing.T) {
	var effects []string
	for _, c := range S3Codes() {
		effects = append(effects, c.Code)
	}
	for status := 400; status <= 599; status++ {
		effects = append(effects, Effect{Kind: Status, Status: status}.String())
	}
	for _, base := range []string{"SlowDown", "503", "429", "NoSuchKey"} {
		effects = append(effects, base+" retry-after=0s", base+" retry-after=2s", base+" retry-after=2540400h", base+" amz-retry-after=1500ms", base+" retry-after-date=7s", base+" header=X-Other:Throttling", base+" header=Retry-After:5",
			base+" retry-after=3s amz-retry-after=0s", base+" after=5s")
	}
	effects = append(effects, `503 header=Content-Type:text/html body="<html><Error><Code>SlowDown</Code></Error></html>"`, `503 body="<Error><Code>SlowDown</Code></Error>"`, `500 body=""`)
	effects = append(effects, "clock-skew", "clock-skew by=-1h after=1s", "token-expired", "token-expired after=1s")
	effects = append(effects, "reset", "outage", "reset after=1s", "outage after=1s",
		"close", "garbage", "half-headers", "close after=1s", "garbage after=1s", "half-headers after=1s")
	for _, plain := range []bool{false, true} {
		for _, text := range effects {
			for _, method := range append(methods[:], "PROPFIND", "TRACE") {
				agree(t, effect(t, text), method, plain)
			}
		}
	}
}

func agree(t *testing.T, e Effect, method string, plain bool) {
	t.Helper()
	in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: e}}})
	opts := []Option{WithNow(func() time.Duration { return 0 })}
	if plain {
		opts = append(opts, PlainHTTP())
	}
	ex := NewTransport(NewHandler(in, noBackend(t), opts...)).Exchange(request(t, method, "/data/raw/1.json?x=%3C", ""))
	verdict := in.Decide(0, Request{Op: method, Method: method})
	var err error = &url.Error{Op: "Get", Err: ex.Err} // as an http.Client has it
	if ex.Err == nil {
		defer ex.Resp.Body.Close()
		if method == http.MethodHead && ex.Resp.Body != http.NoBody {
			t.Errorf("%v: HEAD has a body", e)
		}
		err = retryhttp.FromResponse(ex.Resp)
	}
	got, want := factsOf(t, err), factsOf(t, verdict.Err())
	if got != want || want == (errorFacts{}) {
		t.Errorf("%s %v: the wire says %+v, the model %+v", method, e, got, want)
	}
	if method == http.MethodHead && want.code != "" {
		t.Errorf("%v: an answer to HEAD has the code %s", e, want.code)
	}
	after, fixed := verdict.After()
	if ex.After != after || ex.Fixed != fixed || ex.Delay != 0 || ex.Hang {
		t.Errorf("%s %v: the wire takes %v (%v), the model %v (%v)", method, e, ex.After, ex.Fixed, after, fixed)
	}
	if ex.Verdict.Rule != 0 || ex.Verdict.Effect() != e || ex.Verdict.Served() {
		t.Errorf("%v: %+v", e, ex.Verdict)
	}
}

// A verdict whose request names no method has that of its operation.
func TestVerdictErrTakesTheMethodOfTheOperation(t *testing.T) {
	in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, "SlowDown")}}})
	for op, code := range map[string]string{"HeadObject": "", "HeadBucket": "", "HEAD": "", "GetObject": "SlowDown", "PROPFIND": "SlowDown"} {
		var e *retryhttp.StatusError
		if err := in.Decide(0, Request{Op: op}).Err(); !errors.As(err, &e) || e.Code != code || e.Method != Method(op) {
			t.Errorf("%s: %+v", op, e)
		}
	}
}

// The bytes are those of S3: research of recorded answers.
func TestS3ErrorOnTheWire(t *testing.T) {
	in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, "SlowDown retry-after=1s amz-retry-after=250ms")}}})
	date := time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC)
	tr := NewTransport(NewHandler(in, noBackend(t), WithNow(func() time.Duration { return 0 })), WithDate(func() time.Time { return date }))
	who := Request{Client: 2, Call: 7, Attempt: 3}
	id, host := RequestIDs(who)
	if len(id) != 16 || len(host) != 76 {
		t.Errorf("ids %q %q", id, host)
	}
	for _, method := range []string{"GET", "HEAD"} {
		req := request(t, method, "/data/raw/a&b%20%3Cc%3E.json", "")
		ex := tr.Exchange(req.WithContext(WithRequest(req.Context(), who)))
		body, err := io.ReadAll(ex.Resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		want := `<?xml version="1.0" encoding="UTF-8"?>` + "\n<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message>" +
			"<Resource>/data/raw/a&amp;b &lt;c&gt;.json</Resource><RequestId>" + id + "</RequestId><HostId>" + host + "</HostId></Error>"
		if method == "HEAD" {
			want = ""
			if _, says := ex.Resp.Header["Content-Length"]; says || ex.Resp.ContentLength != -1 {
				t.Errorf("HEAD: says a length, %v", ex.Resp.Header)
			}
		}
		if string(body) != want {
			t.Errorf("%s: %s\nwant %s", method, body, want)
		}
		for name, value := range map[string]string{
			"Content-Type": "application/xml", "Server": "AmazonS3", "Date": "Tue, 04 Mar 2025 05:06:07 GMT",
			"X-Amz-Request-Id": id, "X-Amz-Id-2": host, "Retry-After": "1", "X-Amz-Retry-After": "250",
		} {
			if got := ex.Resp.Header.Get(name); got != value {
				t.Errorf("%s: %s is %q, want %q", method, name, got, value)
			}
		}
		if ex.Resp.StatusCode != 503 || ex.Resp.Status != "503 Service Unavailable" {
			t.Errorf("%s: %s", method, ex.Resp.Status)
		}
	}
}

func TestRequestIDsDiffer(t *testing.T) {
	seen := map[string]Request{}
	for client := range uint64(10) {
		for call := range uint64(50) {
			for attempt := 1; attempt <= 3; attempt++ {
				r := Request{Client: client, Call: call, Attempt: attempt}
				id, host := RequestIDs(r)
				if other, twice := seen[id]; twice {
					t.Fatalf("%+v and %+v are both %s", r, other, id)
				}
				seen[id] = r
				if again, hostAgain := RequestIDs(Request{Client: client, Call: call, Attempt: attempt, Op: "x"}); again != id || hostAgain != host {
					t.Fatal("ids change")
				}
			}
		}
	}
}

// Identity comes from the context, from our headers, or from the AWS SDKs'.
func TestIdentify(t *testing.T) {
	plain := request(t, "GET", "/b/k", "")
	if _, ok := Identify(plain); ok {
		t.Error("identified nobody")
	}
	in := plain.WithContext(WithRequest(plain.Context(), Request{Client: 1, Call: 2, Attempt: 3}))
	if r, ok := Identify(in); !ok || r != (Request{Client: 1, Call: 2, Attempt: 3}) {
		t.Errorf("%+v", r)
	}
	ours := request(t, "GET", "/b/k", "")
	ours.Header.Set(HeaderClient, "4")
	ours.Header.Set(HeaderCall, "5")
	ours.Header.Set(HeaderAttempt, "6")
	if r, ok := Identify(ours); !ok || r != (Request{Client: 4, Call: 5, Attempt: 6}) {
		t.Errorf("%+v", r)
	}
	ours.Header.Set(HeaderAttempt, "-7")
	if r, _ := Identify(ours); r.Attempt != 1 {
		t.Errorf("%+v", r)
	}
	sdk := func(attempt string) Request {
		req := request(t, "GET", "/b/k", "")
		req.Header.Set("Amz-Sdk-Invocation-Id", "5d3b4a2e-0000-4000-8000-000000000001")
		req.Header.Set("Amz-Sdk-Request", attempt)
		r, ok := Identify(req)
		if !ok {
			t.Error("SDK not recognised")
		}
		return r
	}
	one, two := sdk("attempt=1; max=3"), sdk("ttl=20250101T000000Z; attempt=2; max=3")
	if one.Call != two.Call || one.Call == 0 || one.Attempt != 1 || two.Attempt != 2 {
		t.Errorf("%+v %+v", one, two)
	}
}

// An error that a backend writes looks as one that the plan does.
func TestWriteS3ErrorIsTheSameError(t *testing.T) {
	who := Request{Client: 1, Call: 2, Attempt: 3}
	in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, "NoSuchKey")}}})
	own := S3Code{Code: "A<b>", Status: 500, Message: "mine & \x00 yours"}
	for _, code := range []S3Code{s3Codes[0], own} {
		backend := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { WriteS3Error(w, r, who, code) })
		for _, method := range []string{"GET", "HEAD", "PUT"} {
			ex := NewTransport(backend).Exchange(request(t, method, "/b/k", "text"))
			var e *retryhttp.StatusError
			if err := retryhttp.FromResponse(ex.Resp); !errors.As(err, &e) || e.Status != code.Status || method != "HEAD" && e.Code != code.Code {
				t.Errorf("%s %+v: %v", method, code, err)
			}
		}
	}
	code, _ := LookupS3Code("NoSuchKey")
	backend := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { WriteS3Error(w, r, who, code) })
	var seen [2]outcome
	for i, h := range []http.Handler{backend, NewHandler(in, backend, WithNow(func() time.Duration { return 0 }))} {
		req := request(t, "GET", "/b/k", "")
		seen[i] = observe(NewTransport(h), req.WithContext(WithRequest(req.Context(), who)))
	}
	if seen[0] != seen[1] {
		t.Errorf("%+v\n%+v", seen[0], seen[1])
	}
}

// A plain service's error has one shape, whoever writes it.
func TestWriteHTTPErrorIsTheSameError(t *testing.T) {
	in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, "503 retry-after=3s")}}})
	backend := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "3")
		WriteHTTPError(w, r, http.StatusServiceUnavailable)
	})
	for _, method := range []string{"GET", "HEAD", "POST"} {
		var seen [2]outcome
		for i, h := range []http.Handler{backend, NewHandler(in, backend, PlainHTTP(), WithNow(func() time.Duration { return 0 }))} {
			seen[i] = observe(NewTransport(h), request(t, method, "/a", "text"))
		}
		if seen[0] != seen[1] {
			t.Errorf("%s: %+v\n%+v", method, seen[0], seen[1])
		}
	}
}
