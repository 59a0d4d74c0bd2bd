package faults

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func benchPhases(b *testing.B) []Phase {
	return []Phase{
		{Label: "steady", For: time.Minute},
		{Label: "burst", For: time.Minute, Rules: []Rule{
			{On: Selector{Op: "GetObject", Key: "hot/**"}, P: 0.1, Effect: effect(b, "InternalError")},
			{On: Selector{Op: "PutObject", Key: "raw/**"}, P: 0.9, Effect: effect(b, "SlowDown")},
			{P: 0.01, Effect: effect(b, "latency add=lognormal(median=2s,sigma=0.5)")},
		}},
		{Label: "recovery", For: time.Minute},
	}
}

func BenchmarkDecide(b *testing.B) {
	in := newInjector(b, 1, benchPhases(b)...)
	for name, at := range map[string]time.Duration{"steady": 0, "burst": time.Minute} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			r := put("raw/17/123.json", 0)
			var sink error
			for b.Loop() {
				r.Call++
				sink = in.Decide(at, r).Err()
			}
			_ = sink
		})
	}
}

func BenchmarkFaultAnswers(b *testing.B) {
	in := newInjector(b, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(b, "SlowDown")}}})
	h := NewHandler(in, http.NotFoundHandler(), WithNow(func() time.Duration { return 0 }))
	date := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	tr := NewTransport(h, WithDate(func() time.Time { return date }))
	req := httptest.NewRequest("GET", "http://s3.test/data/raw/17/123.json", nil)
	who := Request{Client: 3, Call: 7, Attempt: 1}
	b.Run("exchange", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			req := req.WithContext(WithRequest(req.Context(), who))
			if ex := tr.Exchange(req); ex.Resp == nil || ex.Resp.StatusCode != 503 {
				b.Fatal(ex.Err)
			}
		}
	})
	b.Run("handler", func(b *testing.B) {
		b.ReportAllocs()
		req := req.WithContext(WithRequest(req.Context(), who))
		for b.Loop() {
			h.ServeHTTP(&recorder{header: make(http.Header, 12)}, req)
		}
	})
}
