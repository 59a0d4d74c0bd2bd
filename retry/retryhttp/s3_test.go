package retryhttp_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryhttp"
)

// retriedCodes are the codes that are worth another attempt; all others that
// S3 has are not.
var retriedCodes = map[string]retry.Class{
	"SlowDown": retry.Throttle, "Throttling": retry.Throttle, "KMS.ThrottlingException": retry.Throttle,
	"BandwidthLimitExceeded": retry.Throttle, "RequestTimeout": retry.Timeout,
	"InternalError": retry.Transient, "ServiceUnavailable": retry.Transient, "KMS.KeyUnavailableException": retry.Transient,
	"OperationAborted": retry.Transient, "ConditionalRequestConflict": retry.Transient,
	"BadDigest": retry.Transient, "IncompleteBody": retry.Transient,
}

// Every code of S3's with every method, through the whole transport. An answer
// to HEAD has no code: its status decides.
func TestS3CodesByMethod(t *testing.T) {
	codes := strings.Fields(s3Codes)
	if len(codes) != 93 {
		t.Fatalf("%d codes", len(codes))
	}
	for _, code := range codes {
		status := retryhttp.S3Status(code)
		if status < 400 {
			t.Fatalf("%s has the status %d", code, status)
		}
		for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "POST"} {
			want, body := retriedCodes[code], "<Error><Code>"+code+"</Code></Error>"
			if method == "HEAD" {
				body, want = "", map[int]retry.Class{500: retry.Transient, 503: retry.Throttle, 509: retry.Throttle}[status]
			}
			if want == retry.Unknown {
				want = retry.Fatal
			}
			err := retryhttp.FromResponse(response(method, status, body, "X-Amz-Request-Id: 1"))
			if got := retryhttp.ClassifyS3(err); got != want {
				t.Errorf("%s %s: %v, want %v", method, code, got, want)
			}
			attempts := 1
			if want.Retryable() && method != "POST" {
				attempts = 3
			}
			s := &script{steps: []step{answers(status, body, "X-Amz-Request-Id: 1")}}
			r, _ := retrier(t, plain(), retry.WithClassifier(retryhttp.ClassifyS3))
			if _, err := retryhttp.New(s, r).RoundTrip(request(t, method, "http://x/", nil)); err != nil || s.attempts() != attempts {
				t.Errorf("%s %s: %d attempts, want %d (%v)", method, code, s.attempts(), attempts, err)
			}
		}
	}
}

// sdk has the methods of aws-sdk-go-v2's errors.
type sdk struct {
	status int
	code   string
}

func (e *sdk) Error() string       { return "sdk" }
func (e *sdk) HTTPStatusCode() int { return e.status }
func (e *sdk) ErrorCode() string   { return e.code }

// minio has the fields of minio-go's ErrorResponse at v7.4.1.
type minio struct {
	XMLName    xml.Name `xml:"Error" json:"-"`
	Code       string
	Message    string
	BucketName string
	StatusCode int `xml:"-" json:"-"`
}

func (e minio) Error() string { return e.Message }

func TestClassifyS3(t *testing.T) {
	for _, c := range []struct {
		err  error
		want retry.Class
	}{
		{&sdk{503, "SlowDown"}, retry.Throttle},
		{&sdk{500, "SlowDown"}, retry.Throttle},
		{&sdk{200, "InternalError"}, retry.Transient},
		{&sdk{0, "ConditionalRequestConflict"}, retry.Transient},
		{&sdk{0, "NoSuchKey"}, retry.Fatal},
		{&sdk{0, "Unheard"}, retry.Unknown},
		{&sdk{503, ""}, retry.Transient},
		{fmt.Errorf("get: %w", &sdk{400, "ExpiredToken"}), retry.Fatal},
		{minio{Code: "SlowDown", StatusCode: 503}, retry.Throttle},
		{&minio{Code: "NoSuchKey", StatusCode: 404}, retry.Fatal},
		{fmt.Errorf("stat: %w", minio{Code: "503 Service Unavailable", StatusCode: 503}), retry.Transient},
		{&retryhttp.StatusError{Status: 503, Method: "HEAD", RequestID: "1"}, retry.Throttle},
		{&retryhttp.StatusError{Status: 503, Method: "HEAD"}, retry.Transient},
		{&retryhttp.StatusError{Status: 408}, retry.Timeout},
		{&retryhttp.StatusError{Status: 429}, retry.Throttle},
		{&retryhttp.StatusError{Status: 522}, retry.Transient},
		{&retryhttp.StatusError{Status: 412}, retry.Fatal},
		{errors.New("x"), retry.Unknown},
		{struct{ error }{io.EOF}, retry.Unknown},
		{retry.Permanent(&sdk{503, "SlowDown"}), retry.Unknown},
		{retry.Retryable(&sdk{404, "NoSuchKey"}), retry.Unknown},
	} {
		if got := retryhttp.ClassifyS3(c.err); got != c.want {
			t.Errorf("%#v: %v, want %v", c.err, got, c.want)
		}
	}
	asked := 0
	yes := func(error) bool { asked++; return true }
	s3 := retryhttp.S3(retryhttp.WithRefresh(yes), retryhttp.WithClockCorrection(yes))
	for _, code := range []string{"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestTimeTooSkewed"} {
		if s3(&sdk{400, code}) != retry.Transient || retryhttp.ClassifyS3(&sdk{400, code}) != retry.Fatal {
			t.Errorf("%s", code)
		}
	}
	if asked != 4 {
		t.Errorf("asked %d times", asked)
	}
}

func TestErrorsInAnswersOf200(t *testing.T) {
	const slow = "<Error><Code>SlowDown</Code></Error>"
	for _, c := range []struct {
		method, url, body string
		status            int
	}{
		{"PUT", "http://x/b/k", slow, 503},
		{"POST", "http://x/b/k?uploadId=1", "<?xml version=\"1.0\"?>" + strings.Repeat(" \n", 2000) + "<!-- x -->\n" + slow, 503},
		{"POST", "http://x/b?delete", "<Error><Code>Strange</Code></Error>", 500},
		{"GET", "http://x/b?list-type=2", slow, 503},
		{"GET", "http://x/b/k", slow, 200}, // an object is what it is
		{"GET", "http://x/b/k?versionId=1", slow, 200},
		{"HEAD", "http://x/b/k", "", 200},
		{"PUT", "http://x/b/k", "<CopyObjectResult/>", 200},
		{"PUT", "http://x/b/k", "<ErrorLog></ErrorLog>", 200},
		{"PUT", "http://x/b/k", strings.Repeat(" ", 70<<10), 200},
		{"PUT", "http://x/b/k", "", 200},
		{"PUT", "http://x/b/k", "<", 200},
	} {
		s := &script{steps: []step{answers(200, c.body, "Content-Type: application/xml")}}
		r, _ := retrier(t, retry.None(), retry.WithClassifier(retryhttp.ClassifyS3))
		resp, err := retryhttp.New(s, r, retryhttp.WithS3()).RoundTrip(request(t, c.method, c.url, nil))
		if err != nil || resp.StatusCode != c.status || text(t, resp) != c.body {
			t.Errorf("%s %s %.40s: %v %+v", c.method, c.url, c.body, err, resp)
		}
	}
	// one that breaks off before it has said anything
	s := &script{steps: []step{func(*http.Request) (*http.Response, error) {
		resp := reply(200, "")
		resp.ContentLength, resp.Body = -1, io.NopCloser(io.MultiReader(strings.NewReader("  "), failing{io.ErrUnexpectedEOF}))
		return resp, nil
	}, answers(200, "<CopyObjectResult/>")}}
	r, _ := retrier(t, plain())
	resp, err := retryhttp.New(s, r, retryhttp.WithS3()).RoundTrip(request(t, "PUT", "http://x/b/k", nil))
	if err != nil || s.attempts() != 2 || text(t, resp) != "<CopyObjectResult/>" {
		t.Errorf("%d attempts, %v", s.attempts(), err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestAmbiguous(t *testing.T) {
	lost := answers(412, "<Error><Code>PreconditionFailed</Code></Error>")
	for _, c := range []struct {
		name, method, header string
		first                step
		want                 bool
	}{
		{"create", "PUT", "If-None-Match", fails(errReset), true},
		{"replace", "PUT", "If-Match", answers(500, ""), true},
		{"never sent", "PUT", "If-Match", fails(errDial), false},
		{"turned away", "PUT", "If-Match", answers(503, "<Error><Code>SlowDown</Code></Error>"), false},
		{"a condition on reading", "GET", "If-Match", fails(errReset), false},
		{"no condition", "PUT", "X", fails(errReset), false},
		{"at once", "PUT", "If-Match", lost, false},
	} {
		s := &script{steps: []step{c.first, lost}}
		r, _ := retrier(t, plain())
		req := request(t, c.method, "http://u:p@x/k?X-Amz-Signature=secret", nil)
		req.Header.Set(c.header, "*")
		resp, err := retryhttp.New(s, r).RoundTrip(req)
		if err != nil || resp.StatusCode != 412 {
			t.Fatalf("%s: %v", c.name, err)
		}
		e := retryhttp.Outcome(resp)
		var a *retryhttp.AmbiguousError
		if got := errors.As(e, &a); got != c.want {
			t.Errorf("%s: %v", c.name, e)
		}
		if c.want && (strings.Contains(e.Error(), "secret") || !strings.Contains(e.Error(), "HEAD") || e.Reason != retry.NotRetryable) {
			t.Errorf("%s: %v", c.name, e)
		}
	}
	status := &retryhttp.StatusError{Status: 412, Method: "PUT"}
	var a *retryhttp.AmbiguousError
	if !errors.As(retryhttp.Ambiguous(status, errReset), &a) || a.Method != "PUT" || a.Err != status {
		t.Error("not ambiguous")
	}
	if retryhttp.Ambiguous(status, nil) != status || retryhttp.Ambiguous(errReset, errReset) != errReset || retryhttp.Ambiguous(status, errDial) != status {
		t.Error("ambiguous without a reason")
	}
}

func FuzzErrorsInAnswersOf200(f *testing.F) {
	f.Add("<?xml?><Error><Code>SlowDown</Code></Error>", 3)
	f.Add("\xef\xbb\xbf <!-- --><x:Error/>", 1)
	f.Fuzz(func(t *testing.T, body string, chunk int) {
		tr := memory(func(*http.Request) (*http.Response, error) {
			resp := reply(200, body)
			resp.Body = io.NopCloser(&slowly{body, max(1, chunk%9)})
			return resp, nil
		})
		r, _ := retrier(t, retry.None())
		resp, err := retryhttp.New(tr, r, retryhttp.WithS3()).RoundTrip(request(t, "PUT", "http://x/", nil))
		if err != nil || text(t, resp) != body {
			t.Fatalf("%v", err)
		}
		if resp.StatusCode != 200 && !strings.Contains(body, "Error") {
			t.Fatalf("%d out of %q", resp.StatusCode, body)
		}
	})
}

// slowly gives a text a few bytes at a time.
type slowly struct {
	s string
	n int
}

func (s *slowly) Read(p []byte) (int, error) {
	if s.s == "" {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), s.n)], s.s)
	s.s = s.s[n:]
	return n, nil
}
