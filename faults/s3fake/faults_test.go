package s3fake_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/faults/s3fake"
)

func mustEffect(t testing.TB, text string) faults.Effect {
	t.Helper()
	e, err := faults.ParseEffect(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func plan(t testing.TB) faults.Plan {
	return faults.Plan{Phases: []faults.Phase{{Label: "burst", For: time.Hour, Rules: []faults.Rule{
		{On: faults.Selector{Op: "PutObject", Key: "raw/**"}, P: 0.4, Effect: mustEffect(t, "SlowDown retry-after=1s")},
		{On: faults.Selector{Op: "HeadObject"}, P: 0.3, Effect: mustEffect(t, "InternalError")},
		{On: faults.Selector{Op: "ListObjectsV2", Key: "raw/**"}, P: 0.5, Effect: mustEffect(t, "reset")},
		{P: 0.3, Effect: mustEffect(t, "latency add=exponential(mean=1s)")},
	}}}}
}

// attempt is one request of the test's fleet.
func attempt(t testing.TB, i int) *http.Request {
	who := faults.Request{Client: uint64(i % 7), Call: uint64(i / 7), Attempt: 1 + i%3}
	key := fmt.Sprintf("raw/%d/%d.json", i%7, i)
	var req *http.Request
	var err error
	switch i % 4 {
	case 0:
		body := s3fake.Body(key, 2000)
		if req, err = http.NewRequest("PUT", "http://s3.test/data/"+key, body); err == nil {
			req.ContentLength = body.Size()
		}
	case 1:
		req, err = http.NewRequest("HEAD", "http://s3.test/data/loaded", nil)
	case 2:
		req, err = http.NewRequest("GET", "http://s3.test/data/loaded", nil)
	default:
		req, err = http.NewRequest("GET", "http://s3.test/data?list-type=2&prefix=raw/none", nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return req.WithContext(faults.WithRequest(req.Context(), who))
}

// outcome is all that a client can see.
func outcome(t testing.TB, ex faults.Exchange) string {
	var b bytes.Buffer
	fmt.Fprintln(&b, ex.Err, ex.Delay, ex.After, ex.Fixed, ex.Verdict.Rule)
	if ex.Resp != nil {
		fmt.Fprintln(&b, ex.Resp.Status, ex.Resp.ContentLength)
		ex.Resp.Header.Write(&b)
		if _, err := io.Copy(&b, ex.Resp.Body); err != nil {
			t.Error(err)
		}
	}
	return b.String()
}

// The same requests meet the same faults and get the same bytes whatever the
// order in which they come.
func TestSameFaultsWhateverTheOrder(t *testing.T) {
	const n = 2000
	date := time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC)
	play := func(workers int) ([]string, []faults.RuleCount) {
		injector, err := faults.New(plan(t), 11)
		if err != nil {
			t.Fatal(err)
		}
		s3 := s3fake.New(s3fake.WithBuckets("data"), s3fake.WithNow(func() time.Time { return date }))
		if err := s3.Ensure("data", "loaded", 100); err != nil {
			t.Fatal(err)
		}
		h := faults.NewHandler(injector, s3, faults.WithNow(func() time.Duration { return time.Minute }))
		tr := faults.NewTransport(h, faults.WithDate(func() time.Time { return date }))
		out := make([]string, n)
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				for i := w; i < n; i += workers {
					out[i] = outcome(t, tr.Exchange(attempt(t, i)))
				}
			})
		}
		wg.Wait()
		return out, injector.Counts()
	}
	want, counts := play(1)
	got, countsToo := play(8)
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("request %d:\n%s\nand\n%s", i, want[i], got[i])
		}
	}
	for i, c := range counts {
		if c != countsToo[i] || c.Fired == 0 || c.Fired >= c.Matched {
			t.Errorf("%+v and %+v", c, countsToo[i])
		}
	}
}

// What a plan says without bytes is what happens with bytes.
func TestDecisionsAreThoseOfTheWire(t *testing.T) {
	injector, err := faults.New(plan(t), 11)
	if err != nil {
		t.Fatal(err)
	}
	s3 := s3fake.New(s3fake.WithBuckets("data"))
	tr := faults.NewTransport(faults.NewHandler(injector, s3, faults.WithNow(func() time.Duration { return 0 })))
	for i := range 500 {
		req := attempt(t, i)
		who, _ := faults.Identify(req)
		who.Method = req.Method
		who.Op, who.Bucket, who.Key = faults.OperationOf(req.Method, req.URL, req.Header)
		want := injector.Decide(0, who)
		if ex := tr.Exchange(req); ex.Verdict != want || ex.Delay != want.Add {
			t.Fatalf("request %d: %+v, want %+v", i, ex.Verdict, want)
		}
	}
}

func BenchmarkFleet(b *testing.B) {
	injector, err := faults.New(plan(b), 11)
	if err != nil {
		b.Fatal(err)
	}
	s3 := s3fake.New(s3fake.WithBuckets("data"))
	tr := faults.NewTransport(faults.NewHandler(injector, s3, faults.WithNow(func() time.Duration { return 0 })))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		ex := tr.Exchange(attempt(b, i))
		if ex.Resp != nil {
			io.Copy(io.Discard, ex.Resp.Body)
			ex.Resp.Body.Close()
		}
	}
}
