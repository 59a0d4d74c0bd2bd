package faults

import (
	"net/http"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryhttp"
)

// An error in a 200 is for the operations that S3 answers so, and model, wire
// and retryhttp's transport over a real socket see the same error in it.
func TestErrorIn200(t *testing.T) {
	once, err := retry.New(retry.None())
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]errorFacts{
		"error-in-200 SlowDown":                  {status: 503, code: "SlowDown", class: retry.Throttle, aws: retry.Throttle},
		"error-in-200 InternalError spaces=5000": {status: 500, code: "InternalError", class: retry.Transient, aws: retry.Transient},
	} {
		server, in := serve1(t, text, plainly)
		memory := NewTransport(NewHandler(in, noBackend(t), WithNow(func() time.Duration { return 0 })))
		for op, target := range map[string]string{
			"CopyObject": "/b/k", "UploadPartCopy": "/b/k?partNumber=1&uploadId=u",
			"CompleteMultipartUpload": "/b/k?uploadId=u", "DeleteObjects": "/b?delete",
		} {
			want.method = Method(op)
			build := func(base string) *http.Request {
				req, err := http.NewRequest(Method(op), base+target, nil)
				if err != nil {
					t.Fatal(err)
				}
				if want.method == "PUT" {
					req.Header.Set("X-Amz-Copy-Source", "/b/source")
				}
				return req
			}
			ex := memory.Exchange(build("http://s3.test"))
			if ex.Err != nil || ex.Resp.StatusCode != 200 || ex.Verdict.Served() {
				t.Fatalf("%s %s: %+v", text, op, ex)
			}
			resp, err := server.Client().Do(build(server.URL))
			if err != nil || resp.StatusCode != 200 {
				t.Fatalf("%s %s: %v", text, op, err)
			}
			req := build(server.URL)
			req.Header.Set("Idempotency-Key", "1")
			last, err := retryhttp.New(server.Client().Transport, once, retryhttp.WithS3()).RoundTrip(req)
			if err != nil {
				t.Fatalf("%s %s: %v", text, op, err)
			}
			for where, err := range map[string]error{
				"memory": retryhttp.FromS3Response(ex.Resp), "socket": retryhttp.FromS3Response(resp),
				"retryhttp": retryhttp.Outcome(last).Err, "model": in.Decide(0, Request{Op: op}).Err(),
			} {
				if got := factsOf(t, err); got != want {
					t.Errorf("%s %s, %s: %+v, want %+v", text, op, where, got, want)
				}
			}
		}
		before := in.Counts()[0].Matched
		for _, op := range []string{"PutObject", "GetObject", "HeadObject", "POST", ""} {
			if v := in.Decide(0, Request{Op: op}); v.Rule != -1 || op != "" && (Rule{On: Selector{Op: op}, P: 1, Effect: effect(t, text)}).Validate() == nil {
				t.Errorf("%s has %+v", op, v)
			}
		}
		if in.Counts()[0].Matched != before {
			t.Error("the rule counts requests that it is not for")
		}
	}
}
