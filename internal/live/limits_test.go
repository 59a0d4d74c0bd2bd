package live

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/scenarios"
)

// limited is a scenario whose backend has more keys.
func limited(t *testing.T, kind, keys string) *Server {
	t.Helper()
	clk := newClock()
	s := start(t, parse(t, strings.Replace(source(kind, "{label: all, for: 1s}, {label: bad, for: 1h, faults: [{effect: reset}]}"), "value: 10ms}", "value: 10ms}, "+keys, 1)), Options{Clock: clk, Phase: "all"})
	return s
}

// A quota's answer says what its bucket needs, and the client that waits so long
// is let through: in real time, though the phase is held.
func TestQuota(t *testing.T) {
	s := limited(t, "http", "quotas: [{on: reads, per: client, rate: 1/5s, burst: 2}]")
	clk := s.clock.(*clock)
	c := client(t)
	var got []string
	for _, who := range []string{"Authorization: Bearer a", "Authorization: Bearer a", "Authorization: Bearer a", "Authorization: Bearer b", "X-Squall-Client: 7", "", ""} {
		headers := []string{}
		if who != "" {
			headers = append(headers, who)
		}
		resp, body, err := do(t, c, "GET", s.URL()+"/a", "", headers...)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(resp.StatusCode))
		if resp.StatusCode == 429 {
			got[len(got)-1] += " after " + resp.Header.Get("Retry-After")
			if body != `{"status":429,"error":"Too Many Requests"}`+"\n" || clk.sleeps(faults.TurnedAwayAfter) != 1 {
				t.Errorf("%q, after %v", body, clk.slept)
			}
		}
	}
	if want := "200, 200, 429 after 5, 200, 200, 200, 200"; strings.Join(got, ", ") != want {
		t.Errorf("got  %v\nwant %s", got, want)
	}
	clk.advance(4 * time.Second)
	resp, _, _ := do(t, c, "GET", s.URL()+"/a", "", "Authorization: Bearer a")
	if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "1" {
		t.Errorf("after 4 s: %v", resp)
	}
	clk.advance(time.Second)
	if resp, _, _ := do(t, c, "GET", s.URL()+"/a", "", "Authorization: Bearer a"); resp.StatusCode != 200 {
		t.Errorf("after 5 s: %d", resp.StatusCode)
	}
	want := Limit{Limit: "reads 1/5s burst=2 per client: 429", Asked: 9, Refused: 2}
	if st := s.State(); len(st.Limits) != 1 || st.Limits[0] != want || st.Refused != 0 || st.Faulted != 0 {
		t.Errorf("got %+v, want %+v", s.State(), want)
	}
	_, metrics, _ := do(t, c, "GET", s.AdminURL()+"/metrics", "")
	for _, line := range []string{
		`squall_limit_asked_total{limit="reads 1/5s burst=2 per client: 429",number="0",scenario="test"} 9`,
		`squall_limit_refused_total{limit="reads 1/5s burst=2 per client: 429",number="0",scenario="test"} 2`,
	} {
		if !strings.Contains(metrics, line) {
			t.Errorf("no %s in\n%s", line, metrics)
		}
	}
	if err := s.Reset(); err != nil {
		t.Fatal(err)
	}
	if st := s.State(); st.Limits[0].Asked != 0 {
		t.Errorf("reset: %+v", st.Limits)
	}
}

// Partitions split as those of a simulation, and refusals are logged.
func TestPrefixes(t *testing.T) {
	var log strings.Builder
	clk := newClock()
	s := start(t, parse(t, strings.Replace(source("s3", "{label: all, for: 1h}"), "value: 10ms}", "value: 10ms}, prefixes: {writes: 1/s, reads: 5/s, split_after: 10s}", 1)), Options{Clock: clk, Log: &log})
	c := client(t)
	codes := map[int]int{}
	for i := range 100 {
		clk.advance(200 * time.Millisecond)
		resp, body, err := do(t, c, "PUT", fmt.Sprintf("%s/squall/p%d/%d", s.URL(), i*3%8, i), "x")
		if err != nil {
			t.Fatal(err)
		}
		if codes[resp.StatusCode]++; resp.StatusCode == 503 && (!strings.Contains(body, "<Code>SlowDown</Code>") || resp.Header.Get("Retry-After") != "") {
			t.Fatalf("%v %s", resp.Header, body)
		}
	}
	st := s.State()
	if len(st.Splits) != 1 || st.Splits[0].Bucket != "squall" || st.Splits[0].Count != 2 || st.Splits[0].At < 10*time.Second || st.Splits[0].At > 12*time.Second {
		t.Errorf("splits: %+v", st.Splits)
	}
	if codes[200]+codes[503] != 100 || codes[200] < 26 || codes[200] > 33 || st.Limits[0].Refused != uint64(codes[503]) || st.Limits[1].Asked != 0 {
		t.Errorf("%v, %+v", codes, st.Limits)
	}
	if err := s.Close(0); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), `"limited"`); n != codes[503] {
		t.Errorf("%d lines say limited, %d were:\n%s", n, codes[503], log.String())
	}
}

// A request of an SDK is its access key's, whatever call it is of.
func TestCaller(t *testing.T) {
	of := func(change func(*http.Request)) uint64 {
		r, err := http.NewRequest("GET", "http://127.0.0.1/b/k", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.RemoteAddr = "10.0.0.1:5000"
		change(r)
		return caller(r, faults.Request{Client: uint64(len(r.Header))})
	}
	auth := func(v string) func(*http.Request) { return func(r *http.Request) { r.Header.Set("Authorization", v) } }
	one := of(auth("AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=1"))
	for name, other := range map[string]uint64{
		"another day": of(auth("AWS4-HMAC-SHA256 Credential=AKID/20260102/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=2")),
		"version 2":   of(auth("AWS AKID:c2ln")),
		"presigned":   of(func(r *http.Request) { r.URL.RawQuery = "X-Amz-Credential=AKID%2F20260101%2Fx&X-Amz-Signature=1" }),
	} {
		if other != one {
			t.Errorf("%s: another client", name)
		}
	}
	for name, other := range map[string]uint64{
		"another key": of(auth("AWS4-HMAC-SHA256 Credential=AKIE/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=1")),
		"no key":      of(func(*http.Request) {}),
		"its number":  of(func(r *http.Request) { r.Header.Set(faults.HeaderClient, "3") }),
	} {
		if other == one {
			t.Errorf("%s: the same client", name)
		}
	}
	if a, b := of(func(*http.Request) {}), of(func(r *http.Request) { r.RemoteAddr = "10.0.0.1:6000" }); a != b {
		t.Error("another connection, another client")
	}
	if a, b := of(func(*http.Request) {}), of(func(r *http.Request) { r.RemoteAddr = "10.0.0.2:5000" }); a == b {
		t.Error("another address, the same client")
	}
}

// The bound on requests in flight, its answer, and the time that each adds.
func TestMaxInFlight(t *testing.T) {
	sc := parse(t, strings.Replace(source("http", "{label: all, for: 1s}"), "value: 10ms}", "value: 10ms}, capacity: {max_in_flight: 2, slowdown: 3ms, full: 429 retry-after=2s after=5ms}", 1))
	clk := &busyClock{newClock(), make(chan struct{}), make(chan struct{})}
	s := start(t, sc, Options{Clock: clk})
	c := client(t)
	codes := make(chan int, 2)
	get := func() { codes <- statusOf(c, s.URL()+"/a") }
	go get()
	<-clk.busy
	if resp, _, err := do(t, c, "GET", s.URL()+"/a", ""); err != nil || resp.StatusCode != 200 || clk.sleeps(13*time.Millisecond) != 1 {
		t.Errorf("%v: %v, %v", resp, err, clk.slept)
	}
	station := s.world.Load().station
	station.inside.Add(1) // one more that is served
	resp, _, err := do(t, c, "GET", s.URL()+"/a", "")
	if err != nil || resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "2" || clk.sleeps(5*time.Millisecond) != 1 || s.State().Refused != 1 {
		t.Errorf("%v: %v, %v", resp, err, clk.slept)
	}
	clk.free <- struct{}{}
	if code := <-codes; code != 200 {
		t.Errorf("the first got %d", code)
	}
	if n := station.inside.Load(); n != 1 {
		t.Errorf("%d inside", n)
	}
}

// What only a simulated backend has is refused, and told.
func TestOnlySimulated(t *testing.T) {
	sc := parse(t, strings.Replace(source("http", "{label: all, for: 1s, capacity: {workers: 0}}"), "value: 10ms}", "value: 10ms}, capacity: {workers: 1, nodes: 2}", 1))
	var bad *scenarios.Problems
	if _, err := Start(sc, Options{Clock: newClock()}); !errors.As(err, &bad) || len(bad.List) != 2 {
		t.Errorf("%v", err)
	}
}
