package faults

import (
	"context"
	"io"
	"net/http"
	"reflect"
	"testing"
	"time"
)

// What a client or a handler keeps of one exchange, no other exchange changes: the
// memory is not used again, and what the answers of one rule have in common is not shared
// where it could be written to.
func TestExchangesShareNothing(t *testing.T) {
	var kept []*http.Request
	in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, "SlowDown retry-after=3s header=X-Mine:a")}}})
	transport := func() *Transport {
		h := NewHandler(in, http.NotFoundHandler(), WithNow(func() time.Duration { return 0 }),
			OnVerdict(func(r *http.Request, _ Request, _ Verdict) { kept = append(kept, r) }))
		return NewTransport(h, WithDate(func() time.Time { return s3Epoch }))
	}
	send := func(tr *Transport, path string, call uint64) *http.Response {
		req := request(t, "PUT", path, "body of "+path)
		return tr.Exchange(req.WithContext(WithRequest(req.Context(), Request{Call: call, Attempt: 1}))).Resp
	}
	body := func(resp *http.Response) string {
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	alone := send(transport(), "/data/a", 1)
	want := alone.Header.Clone()
	wantBody := body(alone)

	tr := transport()
	first := send(tr, "/data/a", 1)
	for i := range uint64(10) {
		second := send(tr, "/data/longer/than/a", 2+i)
		if second.Header.Get("X-Amz-Request-Id") == want.Get("X-Amz-Request-Id") || body(second) == wantBody {
			t.Fatal("one id for two requests")
		}
		for name, values := range second.Header {
			values[0] = "overwritten"
			second.Header[name] = append(values, "appended")
		}
	}
	if got := body(first); got != wantBody || !reflect.DeepEqual(first.Header, want) {
		t.Errorf("%s\n%v, want %s\n%v", got, first.Header, wantBody, want)
	}
	if r := kept[1]; r.URL.Path != "/data/a" || r.Header.Get("Content-Length") != "15" || first.Request.URL.Path != "/data/a" {
		t.Errorf("the handler's request became %v", r)
	}
}

// One context tells of one request after the other.
func TestWithRequestAt(t *testing.T) {
	var who Request
	ctx := WithRequestAt(context.Background(), &who)
	for call := range uint64(3) {
		who = Request{Client: 7, Call: call, Attempt: 2}
		if got, ok := RequestFrom(ctx); !ok || got != who {
			t.Errorf("%+v, %v", got, ok)
		}
	}
	fixed := WithRequest(context.Background(), who)
	who.Call = 9
	if got, _ := RequestFrom(fixed); got.Call != 2 {
		t.Errorf("%+v", got)
	}
}

// A simulated attempt that a fault answers costs little else than its exchange: the passage,
// two maps of headers, the ids, the body, its length. What comes on top is paid a million times.
func TestFaultAnswersTakeLittle(t *testing.T) {
	in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, "SlowDown")}}})
	tr := NewTransport(NewHandler(in, http.NotFoundHandler(), WithNow(func() time.Duration { return 0 })), WithDate(func() time.Time { return s3Epoch }))
	who := Request{Client: 3, Call: 7, Attempt: 1}
	req := request(t, "GET", "/data/raw/17/123.json", "")
	req.Header.Set("User-Agent", "squall")
	req = req.WithContext(WithRequestAt(context.Background(), &who))
	if n := testing.AllocsPerRun(200, func() {
		who.Call++
		if ex := tr.Exchange(req); ex.Resp == nil {
			t.Fatal(ex.Err)
		}
	}); n > 8 {
		t.Errorf("%v allocations", n)
	}
}
