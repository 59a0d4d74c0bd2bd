package faults_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/faults/s3fake"
)

// fuzzedEffects are effects of every kind.
var fuzzedEffects = faults.EffectExamples()

// FuzzHandler: whatever the request and the effect that meets it, the handler and the
// backend behind it do not fail, the client gets an answer, an error or nothing ever, and
// where the effect keeps the request from the backend, nothing is committed.
func FuzzHandler(f *testing.F) {
	for i := range fuzzedEffects {
		for _, s := range [][4]string{
			{"PUT", "/data/k", "X-Amz-Checksum-Crc32: NSRBwg==", "abc"}, {"GET", "/data/k", "Range: bytes=1-", ""}, {"HEAD", "/data/k", "Amz-Sdk-Invocation-Id: x\nAmz-Sdk-Request: attempt=2; max=3", ""},
			{"POST", "/data?delete", "", "<Delete><Object><Key>k</Key></Object></Delete>"}, {"POST", "/data/m?uploads", "", ""}, {"PUT", "/c", "Host: data.localhost\nX-Amz-Copy-Source: data/k", ""},
			{"GET", "/data?list-type=2", "", ""}, {"DELETE", "/data/k", "", ""}, {"PUT", "/data/k", "Expect: 100-continue\nContent-Encoding: aws-chunked\nX-Amz-Decoded-Content-Length: 3", "3\r\nabc\r\n0\r\n\r\n"},
		} {
			f.Add(byte(i), s[0], s[1], s[2], []byte(s[3]))
		}
	}
	f.Fuzz(func(t *testing.T, which byte, method, target, header string, body []byte) {
		req, err := http.NewRequest(method, "http://s3.test/", strings.NewReader(string(body)))
		if err != nil {
			t.Skip()
		}
		if req.URL, err = req.URL.Parse(target); err != nil || req.URL.Host != "s3.test" || req.URL.Opaque != "" || !strings.HasPrefix(req.URL.Path, "/") {
			t.Skip()
		}
		for _, line := range strings.Split(header, "\n") {
			switch name, value, ok := strings.Cut(line, ": "); {
			case !ok || name == "":
			case name == "Host":
				req.Host = value
			default:
				req.Header.Add(name, value)
			}
		}
		effect := fuzzedEffects[int(which)%len(fuzzedEffects)]
		in, err := faults.New(faults.Plan{Phases: []faults.Phase{{For: time.Second, Rules: []faults.Rule{{P: 1, Effect: effect}}}}}, 1)
		if err != nil {
			t.Fatal(err)
		}
		commits := 0
		s3 := s3fake.New(s3fake.WithBuckets("data"), s3fake.OnCommit(func(*http.Request, faults.Request, bool) { commits++ }))
		if err := s3.Put("data", "k", 10); err != nil {
			t.Fatal(err)
		}
		before := s3.Usage()
		rt := faults.NewTransport(faults.NewHandler(in, s3, faults.WithNow(func() time.Duration { return 0 })))
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		ex := rt.Exchange(req.WithContext(ctx))
		status := 0
		if ex.Resp != nil {
			status = ex.Resp.StatusCode
			if ex.Verdict.Hangs() {
				cancel() // a body that stops ends with its request
			}
			_, _ = io.Copy(io.Discard, ex.Resp.Body) // one that is cut is the effect's
		}
		if s3.Bugs() != 0 {
			t.Fatalf("%v: a bug", effect)
		}
		if ex.Resp == nil && ex.Err == nil && !ex.Verdict.Hangs() {
			t.Fatalf("%v: neither answer nor error", effect)
		}
		if !ex.Verdict.Served() && (commits != 0 || s3.Usage() != before) {
			t.Fatalf("%v: %d, but committed", effect, status)
		}
		if status >= 400 && effect.Kind != faults.LostAck && (commits != 0 || s3.Usage() != before) {
			t.Fatalf("%v: refused with %d, but committed", effect, status)
		}
	})
}
