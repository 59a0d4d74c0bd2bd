package live

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/squall-sim/squall/scenarios"
)

// texts are calls in short: "op target count status,status ok".
func texts(calls []Call) (out []string) {
	for _, c := range calls {
		s := fmt.Sprintf("%s %s %d", c.Op, c.Target, c.Count)
		for _, a := range c.Attempts {
			s += fmt.Sprintf(" %d@%v", a.Status, a.At)
		}
		if c.Success {
			s += " ok"
		}
		out = append(out, s)
	}
	return out
}

// Calls are what clients say they are; of those that say nothing, a failure and what
// comes for the same after it.
func TestCalls(t *testing.T) {
	clk := newClock()
	s := start(t, scenario(t, "s3", `{label: bad, for: 1s, faults: [{on: {key: "bad"}, p: 1, effect: SlowDown}, {on: {key: "gone"}, p: 1, effect: close}]}, {label: good, for: 1s}`), Options{Clock: clk, Phase: "bad"})
	c := client(t)
	send := func(method, target string, headers ...string) {
		t.Helper()
		_, _, _ = do(t, c, method, s.URL()+target, "", headers...) // some are broken off
		clk.advance(time.Second)
	}
	send("PUT", "/squall/bad", attempt("one", 1)...) // 0 s
	send("PUT", "/squall/bad")                       // 1 s: not named, so another call
	send("PUT", "/squall/bad", attempt("one", 2)...) // 2 s
	send("PUT", "/squall/bad")                       // 3 s: a retry
	send("GET", "/squall/none")                      // 4 s: 404 is an answer
	send("GET", "/squall/none")                      // 5 s: and this is another call
	if err := s.Jump("good", true); err != nil {
		t.Fatal(err)
	}
	send("PUT", "/squall/bad", attempt("one", 3)...) // 6 s
	send("PUT", "/squall/bad")                       // 7 s
	send("PUT", "/squall/bad")                       // 8 s: after a success, another call
	want := `PutObject /squall/bad 3 503@0s 503@2s 200@6s ok
PutObject /squall/bad 3 503@1s 503@3s 200@7s ok
GetObject /squall/none 1 404@4s
GetObject /squall/none 1 404@5s
PutObject /squall/bad 1 200@8s ok`
	got := s.Calls(100, nil)
	if text := strings.Join(texts(got), "\n"); text != want {
		t.Errorf("calls are\n%s", text)
	}
	if got[0].ID != "one" || got[0].Phase != "bad" || got[0].Attempts[1].Number != 2 || got[0].Attempts[1].Fault != "SlowDown" || got[1].ID != "" || got[1].Attempts[2].Number != 3 || got[4].Phase != "good" {
		t.Errorf("%+v", got)
	}
	if last := s.Calls(1, func(c *Call) bool { return c.Op == "GetObject" }); len(last) != 1 || last[0].Attempts[0].At != 5*time.Second {
		t.Errorf("%+v", last)
	}
	m := s.measured()
	for _, test := range []struct {
		metric string
		phase  int
		op     string
		count  uint64
		value  float64
		most   float64
	}{
		{"calls", -1, "", 5, 5, 0},
		{"calls", 0, "", 4, 4, 0},
		{"calls", 1, "PutObject", 1, 1, 0},
		{"success_rate", -1, "", 5, 0.6, 0},
		{"success_rate", 0, "PutObject", 2, 1, 0},
		{"attempts_per_call", 0, "", 4, 2, 3},
		{"amplification", 0, "PutObject", 2, 3, 0},
		{"goodput", 0, "", 4, 2.0 / 6, 0}, // the phase was held for 6 s
		{"call_duration", 0, "PutObject", 2, 6, 6},
		{"retry_delay", -1, "", 4, 3, 4},
		{"attempt_duration", -1, "", 9, 0, 0}, // the clock stands still meanwhile
	} {
		got, ok := m.Measure(test.metric, scenarios.Choice{Phase: test.phase, Op: test.op})
		if !ok || got.Count != test.count || math.Abs(got.Value-test.value) > 1e-9 || got.Max != test.most {
			t.Errorf("%+v: %+v %v", test, got, ok)
		}
	}
	for _, metric := range []string{"rejected_by_breaker", "denied_by_budget", "breaker_open_time", "breaker_transitions", "dropped", "wasted_work", "time_to_recover"} {
		if got, ok := m.Measure(metric, scenarios.Choice{Phase: -1}); ok {
			t.Errorf("%s cannot be known here, but is %+v", metric, got)
		}
	}
}

// A broken connection is a failure, and the request after it its retry.
func TestCallsOfBrokenConnections(t *testing.T) {
	s := start(t, scenario(t, "s3", `{label: bad, for: 1s, faults: [{on: {key: "a"}, p: 1, effect: close}]}`), Options{Clock: newClock()})
	c := client(t)
	for range 2 {
		if _, _, err := do(t, c, "PUT", s.URL()+"/squall/a", "text"); err == nil {
			t.Error("answered")
		}
		until(t, "it has ended", func() bool { return s.State().InFlight == 0 }) // or the next one is a call of its own
	}
	calls := s.Calls(10, nil)
	if len(calls) != 1 || calls[0].Count < 2 || calls[0].Success || calls[0].Attempts[1].Fault != "close" || calls[0].Attempts[1].Status != 0 {
		t.Errorf("%+v", calls)
	}
}

// Time to recover is known where phases follow one another, and only then.
func TestTimeToRecover(t *testing.T) {
	clk := newClock()
	s := start(t, scenario(t, "http", `{label: calm, for: 10s}, {label: storm, for: 5s, faults: [{p: 1, effect: "503"}]}, {label: after, for: 60s}`), Options{Clock: clk})
	c := client(t)
	for second := range 40 {
		// A client that gives up for 5 s after a failure, and asks for something that is not
		// there for 3 more: as good as another failure.
		method := "GET"
		if second >= 15 && second < 18 {
			method = "BREW"
		}
		if _, _, err := do(t, c, method, fmt.Sprintf("%s/%d", s.URL(), second), ""); err != nil {
			t.Fatal(err)
		}
		clk.advance(time.Second)
	}
	m := s.measured()
	got, ok := m.Measure("time_to_recover", scenarios.Choice{Phase: -1})
	if !ok || got.Count != 1 || got.Max != 3 {
		t.Errorf("%+v %v; calls %v", got, ok, texts(s.Calls(40, nil)))
	}
	if got, ok := m.Measure("goodput", scenarios.Choice{Phase: 0}); !ok || got.Value != 1 || got.Span != 10*time.Second {
		t.Errorf("%+v %v", got, ok)
	}
	if got, _ := m.Measure("calls", scenarios.Choice{Phase: 2}); got.Count != 25 || got.Span != 25*time.Second {
		t.Errorf("%+v", got)
	}
	if err := s.Jump("storm", false); err != nil {
		t.Fatal(err)
	}
	if got, ok := s.measured().Measure("time_to_recover", scenarios.Choice{Phase: -1}); ok {
		t.Errorf("after a jump it is %+v", got)
	}
}

// What a history keeps is bounded, and what it no longer keeps still counts.
func TestHistoryIsBounded(t *testing.T) {
	var h history
	h.began = newClock().Now()
	n := maxHistory*2 + 5
	at := h.began
	for i := range n {
		for a := range 2 {
			x := &exchange{grouped: true, call: callID{1, uint64(i)}, arrived: at, decided: true, status: 503}
			x.who.Op, x.who.Attempt = "GET", a+1
			x.verdict.Rule = -1
			if a == 1 {
				x.status = 200
			}
			x.ResponseWriter = noWriter{}
			h.begin(request(t), x)
			at = at.Add(time.Second)
			h.done(request(t), x, at)
		}
	}
	if len(h.ring) != maxHistory || len(h.calls) != maxHistory {
		t.Errorf("%d kept, %d known", len(h.ring), len(h.calls))
	}
	settled := h.totals.cell(0, "GET")
	if settled.calls != uint64(n-maxHistory) || settled.attempts != 2*settled.calls || settled.succeeded != settled.calls {
		t.Errorf("%+v", settled)
	}
	if d := settled.call.Sample(); d.Min != 2 || d.Max != 2 {
		t.Errorf("%+v", d)
	}
	last := h.lastOf(2, func(*Call) bool { return true }, func(int) string { return "" })
	if len(last) != 2 || last[1].Attempts[0].At != time.Duration(2*(n-1))*time.Second {
		t.Errorf("%+v", last)
	}
}

func TestJudge(t *testing.T) {
	sc := parse(t, source("http", phased)+`thresholds:
  success_rate: ["value>0.9"]
  "calls{phase:storm}": ["count>0"]
  retry_delay: ["max<1s"]
  rejected_by_breaker: ["count==0"]
  "success_rate{policy:only}": ["value==1"]
`)
	s := start(t, sc, Options{Clock: newClock(), Phase: "calm"})
	if _, _, err := do(t, client(t), "GET", s.URL()+"/a", ""); err != nil {
		t.Fatal(err)
	}
	judged, left := s.Judge("mine")
	var got []string
	for _, th := range judged {
		got = append(got, fmt.Sprintf("%s %s %v %s", th.Metric, th.Actual, th.Passed, th.Client))
	}
	if fmt.Sprint(got) != "[success_rate 1 true mine retry_delay no samples false mine]" {
		t.Errorf("%q", got)
	}
	if fmt.Sprint(left) != fmt.Sprint([]scenarios.Unjudged{
		{Threshold: sc.Thresholds[1], Why: "the phase storm had no turn"},
		{Threshold: sc.Thresholds[3], Why: "only a client knows its rejected_by_breaker"},
		{Threshold: sc.Thresholds[4], Why: "it is for the policy only"},
	}) {
		t.Errorf("%v", left)
	}
}

// noWriter is a ResponseWriter that nothing is written to.
type noWriter struct{ http.ResponseWriter }

func (noWriter) Header() http.Header { return http.Header{} }

func request(t *testing.T) *http.Request { return httptest.NewRequest("GET", "/a", nil) }
