package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/squall-sim/squall/scenarios"
)

// clock is a clock that moves only when it is told to. Sleeps end at once, and
// are remembered; those of an hour and more end with their context.
type clock struct {
	mu    sync.Mutex
	at    time.Time
	slept map[time.Duration]int
}

func newClock() *clock {
	return &clock{at: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), slept: make(map[time.Duration]int)}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	c.slept[d]++
	c.mu.Unlock()
	if d >= time.Hour {
		<-ctx.Done()
	}
	return ctx.Err()
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func (c *clock) sleeps(d time.Duration) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.slept[d]
}

// source is the text of a scenario of the given kind, with these phases and 10 ms
// of latency.
func source(kind, phases string) string {
	call := "op: GET, key: /a"
	if kind == "s3" {
		call = "op: GetObject, key: a"
	}
	return fmt.Sprintf(`scenario: test
backend: {kind: %s, latency: {dist: fixed, value: 10ms}}
load: {model: open, rate: 1/s, mix: [{%s}]}
phases: [%s]
policies: {only: {retry: none}}
`, kind, call, phases)
}

func parse(t *testing.T, text string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func scenario(t *testing.T, kind, phases string) *scenarios.Scenario {
	t.Helper()
	return parse(t, source(kind, phases))
}

// start serves a scenario until the test ends.
func start(t *testing.T, sc *scenarios.Scenario, o Options) *Server {
	t.Helper()
	s, err := Start(sc, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(0) })
	return s
}

// client is one without idle connections left behind.
func client(t *testing.T) *http.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// do sends a request, with headers as "Name: value", and reads the answer.
func do(t *testing.T, c *http.Client, method, url, body string, headers ...string) (*http.Response, string, error) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	resp, err := c.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return resp, string(data), err
}

// until waits for what happens soon on another goroutine.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for i := 0; i < 10_000_000; i++ {
		if ok() {
			return
		}
		runtime.Gosched()
	}
	t.Fatalf("never: %s", what)
}

func TestS3RoundTrip(t *testing.T) {
	s := start(t, scenario(t, "s3", "{label: all, for: 1s}"), Options{Clock: newClock()})
	c := client(t)
	object := s.URL() + "/squall/a/b.txt"
	for _, step := range []struct {
		method, url, body string
		status            int
		contains          string
	}{
		{"GET", object, "", 404, "<Code>NoSuchKey</Code>"},
		{"PUT", object, "text", 200, ""},
		{"GET", object, "", 200, "text"},
		{"GET", s.URL() + "/squall?list-type=2", "", 200, "<Key>a/b.txt</Key>"},
		{"DELETE", object, "", 204, ""},
		{"GET", s.URL() + "/other/k", "", 404, "<Code>NoSuchBucket</Code>"},
	} {
		resp, body, err := do(t, c, step.method, step.url, step.body)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != step.status || !strings.Contains(body, step.contains) {
			t.Errorf("%s %s: %d %s", step.method, step.url, resp.StatusCode, body)
		}
	}
}

func TestEffects(t *testing.T) {
	for _, test := range []struct {
		kind, effect string
		status       int // 0: the connection is reset
		contains     string
		slept        time.Duration
	}{
		{"s3", "SlowDown retry-after=2s", 503, "<Code>SlowDown</Code>", 10 * time.Millisecond},
		{"s3", "InternalError after=3s", 500, "<Code>InternalError</Code>", 3 * time.Second},
		{"http", "429 retry-after=2s", 429, `"status":429`, 10 * time.Millisecond},
		{"http", "latency add=4s", 200, "", 4 * time.Second},
		{"http", "reset", 0, "", 10 * time.Millisecond},
		{"s3", "reset after=5s", 0, "", 5 * time.Second},
		{"http", "outage", 0, "", time.Millisecond},
	} {
		t.Run(test.kind+" "+test.effect, func(t *testing.T) {
			clk := newClock()
			s := start(t, scenario(t, test.kind, `{label: bad, for: 1s, faults: [{p: 1, effect: "`+test.effect+`"}]}`), Options{Clock: clk})
			resp, body, err := do(t, client(t), "GET", s.URL()+"/squall/a", "")
			switch {
			case test.status == 0:
				if !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("no reset: %v %v", resp, err)
				}
			case err != nil:
				t.Fatal(err)
			case resp.StatusCode != test.status || !strings.Contains(body, test.contains):
				t.Errorf("%d %s", resp.StatusCode, body)
			case strings.Contains(test.effect, "retry-after") && resp.Header.Get("Retry-After") != "2":
				t.Errorf("Retry-After is %q", resp.Header.Get("Retry-After"))
			}
			if clk.sleeps(test.slept) == 0 {
				t.Errorf("did not take %v: %v", test.slept, clk.slept)
			}
			if err := s.Close(time.Hour); err != nil {
				t.Error(err)
			}
			st := s.State()
			if st.Requests != 1 || st.InFlight != 0 || st.Faulted != 1 || st.Rules[0].Fired != 1 || len(st.Idle()) != 0 {
				t.Errorf("%+v", st)
			}
			if len(st.Answers) != 1 || st.Answers[0].Status != test.status || st.Answers[0].Count != 1 {
				t.Errorf("%+v", st.Answers)
			}
		})
	}
}

// A black hole holds its request until the server is closed, which breaks it.
func TestBlackholeEndsWithTheServer(t *testing.T) {
	s := start(t, scenario(t, "http", `{label: bad, for: 1s, faults: [{p: 1, effect: blackhole}]}`), Options{Clock: newClock()})
	c, done := client(t), make(chan error, 1)
	go func() {
		resp, err := c.Get(s.URL() + "/a")
		if err == nil {
			resp.Body.Close()
		}
		done <- err
	}()
	until(t, "the fault fires", func() bool { return s.State().Rules[0].Fired == 1 })
	select {
	case err := <-done:
		t.Errorf("ended before the server: %v", err)
	default:
	}
	if err := s.Close(time.Second); err != nil {
		t.Error(err)
	}
	if err := <-done; err == nil {
		t.Error("answered")
	}
	if st := s.State(); st.InFlight != 0 || st.Answers[0].Status != 0 {
		t.Errorf("%+v", st)
	}
}

// phased is a scenario with a fault in its second phase of three.
const phased = `{label: calm, for: 10s}, {label: storm, for: 5s, faults: [{p: 1, effect: "503"}]}, {label: after, for: 1s, faults: [{p: 1, effect: "429"}]}`

func TestPhasesInTime(t *testing.T) {
	clk := newClock()
	s := start(t, scenario(t, "http", phased), Options{Clock: clk})
	c := client(t)
	for _, step := range []struct {
		add    time.Duration
		phase  string
		status int
	}{{0, "calm", 200}, {9999 * time.Millisecond, "calm", 200}, {time.Millisecond, "storm", 503}, {5 * time.Second, "after", 429}, {time.Hour, "after", 429}} {
		clk.advance(step.add)
		if st := s.State(); st.Phase != step.phase || st.Held || st.Elapsed != st.PlanTime {
			t.Errorf("%+v", st)
		}
		resp, _, err := do(t, c, "GET", s.URL()+"/a", "")
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != step.status {
			t.Errorf("in %s: %d, want %d", step.phase, resp.StatusCode, step.status)
		}
	}
}

func TestHeldPhase(t *testing.T) {
	clk := newClock()
	s := start(t, scenario(t, "http", phased), Options{Clock: clk, Phase: "storm"})
	clk.advance(time.Hour)
	st := s.State()
	if st.Phase != "storm" || !st.Held || st.PlanTime != 10*time.Second || st.Elapsed != time.Hour {
		t.Errorf("%+v", st)
	}
	if idle := st.Idle(); len(idle) != 1 || idle[0].Phase != "storm" {
		t.Errorf("the other phases have no turn: %+v", idle)
	}
	if err := s.Jump("after", true); err != nil {
		t.Fatal(err)
	}
	if st := s.State(); st.Phase != "after" || len(st.Idle()) != 2 {
		t.Errorf("%+v", st)
	}
}

func TestAdmin(t *testing.T) {
	clk := newClock()
	s := start(t, scenario(t, "http", phased), Options{Clock: clk, Seed: 7})
	c := client(t)
	state := func(method, path, body string, headers ...string) (st State, status int, text string) {
		resp, text, err := do(t, c, method, s.AdminURL()+path, body, headers...)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode == 200 {
			if err := json.Unmarshal([]byte(text), &st); err != nil {
				t.Fatal(err)
			}
		}
		return st, resp.StatusCode, text
	}
	if _, _, err := do(t, c, "GET", s.URL()+"/a", "", "Amz-Sdk-Invocation-Id: x", "Amz-Sdk-Request: attempt=2; max=3"); err != nil {
		t.Fatal(err)
	}
	if st, _, _ := state("GET", "/state", ""); st.Phase != "calm" || st.Requests != 1 || st.Seed != 7 || fmt.Sprint(st.Attempts) != "[0 1]" {
		t.Errorf("%+v", st)
	}
	if st, _, _ := state("POST", "/phase", `{"phase": "storm"}`); st.Phase != "storm" || st.Held || st.PlanTime != 10*time.Second {
		t.Errorf("%+v", st)
	}
	if resp, _, _ := do(t, c, "GET", s.URL()+"/a", ""); resp == nil || resp.StatusCode != 503 {
		t.Errorf("%+v", resp)
	}
	clk.advance(5 * time.Second) // a jump does not hold
	if st, _, _ := state("POST", "/phase", `{"phase": "calm", "hold": true}`); st.Phase != "calm" || !st.Held {
		t.Errorf("%+v", st)
	}
	for _, bad := range []struct{ body, want string }{
		{`{"phase": "strom"}`, `test has no phase \"strom\"; did you mean storm? its phases are calm, storm and after`},
		{`{"fase": "storm"}`, `the body must be`},
		{``, `the body must be`},
	} {
		if _, status, text := state("POST", "/phase", bad.body); status < 400 || !strings.Contains(text, bad.want) {
			t.Errorf("%s: %d %s", bad.body, status, text)
		}
	}
	if _, status, _ := state("POST", "/reset", "", "Sec-Fetch-Site: cross-site"); status != 403 {
		t.Errorf("a page of another site may reset: %d", status)
	}
	_, metrics, err := do(t, c, "GET", s.AdminURL()+"/metrics", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`squall_requests_total{scenario="test"} 2`,
		`squall_answers_total{op="GET",scenario="test",status="503"} 1`,
		`squall_fault_fired_total{fault="503",phase="storm",rule="0",scenario="test"} 1`,
		`squall_fault_seen_total{fault="503",phase="storm",rule="0",scenario="test"} 1`,
		`squall_attempts_total{attempt="2",scenario="test"} 1`,
		`squall_phase{phase="calm",scenario="test"} 1`,
		`squall_phase{phase="storm",scenario="test"} 0`,
	} {
		if !strings.Contains(metrics, want+"\n") {
			t.Errorf("no %s in\n%s", want, metrics)
		}
	}
	if st, _, _ := state("POST", "/reset", ""); st.Requests != 0 || st.Elapsed != 0 || st.Rules[0].Fired != 0 || !st.Held {
		t.Errorf("%+v", st)
	}
}

func TestOptions(t *testing.T) {
	sc := scenario(t, "s3", phased)
	for _, test := range []struct {
		o    Options
		want string
	}{
		{Options{Addr: "0.0.0.0:0"}, `live: "0.0.0.0:0" is not on loopback; write 127.0.0.1:PORT, or ask for a server that others reach`},
		{Options{Addr: ":0"}, `live: ":0" is not on loopback; write 127.0.0.1:PORT, or ask for a server that others reach`},
		{Options{Addr: "9000"}, `live: "9000" is no address; write host:port, such as 127.0.0.1:9000, or 127.0.0.1:0 for a free port`},
		{Options{Admin: "0.0.0.0:0", Public: true}, `live: "0.0.0.0:0" is not on loopback; write 127.0.0.1:PORT`},
		{Options{Phase: "nothing like it"}, `live: test has no phase "nothing like it"; its phases are calm, storm and after`},
	} {
		s, err := Start(sc, test.o)
		var option *OptionError
		if !errors.As(err, &option) || err.Error() != test.want {
			t.Errorf("%+v: %v", test.o, err)
		}
		if err == nil {
			_ = s.Close(0)
		}
	}
	first := start(t, sc, Options{Addr: "localhost:0"})
	if _, err := Start(sc, Options{Admin: strings.TrimPrefix(first.URL(), "http://")}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a taken port: %v", err)
	}
	s := start(t, sc, Options{Addr: "0.0.0.0:0", Public: true})
	if !strings.HasPrefix(s.AdminURL(), "http://127.0.0.1:") {
		t.Errorf("the admin API is at %s", s.AdminURL())
	}
}
