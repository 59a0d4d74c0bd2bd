package s3fake

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/squall-sim/squall/faults"
)

const benchSize = 4 << 10

// BenchmarkServer compares the fake with gofakes3 and its own s3mem, both
// behind the same transport: "squall" against "bare".
func BenchmarkServer(b *testing.B) {
	mem := s3mem.New()
	if err := mem.CreateBucket("data"); err != nil {
		b.Fatal(err)
	}
	mine := New(WithBuckets("data"))
	text := strings.Repeat("x", benchSize)
	for _, op := range []string{"GET", "PUT", "HEAD", "MISS"} {
		for _, s := range []struct {
			name string
			h    http.Handler
		}{{"bare", gofakes3.New(mem, gofakes3.WithTimeSkewLimit(0)).Server()}, {"squall", mine}} {
			b.Run(op+"/"+s.name, func(b *testing.B) {
				benchOne(b, op, s.h, func() io.ReadCloser { return io.NopCloser(strings.NewReader(text)) })
			})
		}
	}
	generated := func() io.ReadCloser { return Body("raw/1.json", benchSize) }
	b.Run("PUT/squall-generated", func(b *testing.B) { benchOne(b, "PUT", mine, generated) })
	quick := New(WithBuckets("data"), QuickETags())
	b.Run("PUT/squall-quick", func(b *testing.B) { benchOne(b, "PUT", quick, generated) })
	b.Run("GET/squall-quick", func(b *testing.B) { benchOne(b, "GET", quick, generated) })
}

func benchOne(b *testing.B, op string, h http.Handler, body func() io.ReadCloser) {
	tr := faults.NewTransport(h)
	u := &url.URL{Scheme: "http", Host: "s3.test", Path: "/data/raw/1.json"}
	want := 200
	send := func(method string) {
		req := &http.Request{Method: method, URL: u, Header: http.Header{"X-Amz-Date": {"20250101T000000Z"}}}
		if method == "PUT" {
			req.Body, req.ContentLength = body(), benchSize
		}
		ex := tr.Exchange(req)
		if ex.Resp == nil || ex.Resp.StatusCode != want {
			b.Fatal(ex.Resp, ex.Err)
		}
		if method == "GET" {
			io.Copy(io.Discard, ex.Resp.Body)
		}
		ex.Resp.Body.Close()
	}
	send("PUT")
	method := op
	if op == "MISS" {
		method, want, u = "GET", 404, &url.URL{Scheme: "http", Host: "s3.test", Path: "/data/raw/none.json"}
	}
	b.ReportAllocs()
	for b.Loop() {
		send(method)
	}
}

// BenchmarkEnsure is what a run does before each read.
func BenchmarkEnsure(b *testing.B) {
	s := New(WithBuckets("data"))
	keys := make([]string, 10_000)
	for i := range keys {
		keys[i] = fmt.Sprintf("raw/%d/%d.json", i%50, i)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if err := s.Ensure("data", keys[i%len(keys)], 64<<10); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
