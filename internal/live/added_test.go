package live

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/squall-sim/squall/faults"
)

// answer is what the admin API says.
type answer struct {
	Rule
	Error  string `json:"error"`
	Faults []Rule `json:"faults"`
	Calls  []Call `json:"calls"`
}

func order(t *testing.T, s *Server, c *http.Client, method, path, body string) (status int, a answer) {
	t.Helper()
	resp, text, err := do(t, c, method, s.AdminURL()+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		t.Fatalf("%s %s: %v\n%s", method, path, err, text)
	}
	return resp.StatusCode, a
}

func TestAddedFaults(t *testing.T) {
	s := start(t, scenario(t, "s3", `{label: calm, for: 1s, faults: [{p: 1, effect: InternalError}]}, {label: storm, for: 1s}`), Options{Clock: newClock(), Phase: "calm"})
	c := client(t)
	put := func(key string, want int) {
		t.Helper()
		resp, _, err := do(t, c, "PUT", s.URL()+"/squall/"+key, "text")
		if err != nil || resp.StatusCode != want {
			t.Errorf("%s: %v %v, want %d", key, resp, err, want)
		}
	}
	put("a/1", 500)
	status, a := order(t, s, c, "POST", "/faults", `{"rule": "PutObject a/** SlowDown"}`)
	if status != 201 || a.ID != 1 || a.Text != "PutObject a/** SlowDown" || a.Phase != "" || !a.Due || a.NominalP != 1 {
		t.Errorf("%d %+v", status, a)
	}
	status, a = order(t, s, c, "POST", "/faults", `{"rule": {"on": {"op": "PutObject", "key": "b/**"}, "p": 1, "effect": "503"}, "phase": "storm"}`)
	if status != 201 || a.ID != 2 || a.Phase != "storm" || a.Due {
		t.Errorf("%d %+v", status, a)
	}
	put("a/1", 503)
	put("b/1", 500)
	if err := s.Jump("storm", true); err != nil {
		t.Fatal(err)
	}
	put("a/1", 503)
	put("b/1", 503)
	put("c/1", 200)
	_, a = order(t, s, c, "GET", "/faults", "")
	if got := fmt.Sprintf("%d %d/%d %d/%d %d/%d", len(a.Faults), a.Faults[0].Fired, a.Faults[0].Matched, a.Faults[1].Fired, a.Faults[1].Matched, a.Faults[2].Fired, a.Faults[2].Matched); got != "3 2/2 2/2 1/1" {
		t.Errorf("%s: %+v", got, a.Faults)
	}
	if status, a = order(t, s, c, "DELETE", "/faults/1", ""); status != 200 || a.Fired != 2 || a.Share != 0.4 || !a.Removed {
		t.Errorf("%d %+v", status, a)
	}
	put("a/1", 200)
	if status, a = order(t, s, c, "DELETE", "/faults/1", ""); status != 404 || a.Error != `there is no added fault "1"; there is 2` {
		t.Errorf("%d %+v", status, a)
	}
	_, metrics, err := do(t, c, "GET", s.AdminURL()+"/metrics", "")
	if want := `squall_fault_fired_total{fault="PutObject a/** SlowDown",phase="",rule="added 1",scenario="test"} 2`; err != nil || !strings.Contains(metrics, want+"\n") {
		t.Errorf("no %s in\n%s", want, metrics)
	}
	if _, a = order(t, s, c, "GET", "/calls?n=2&op=PutObject&target=/squall/a/1", ""); len(a.Calls) != 1 || a.Calls[0].Count != 4 || a.Calls[0].Attempts[1].Fault != "SlowDown" {
		t.Errorf("%+v", a.Calls)
	}
	if _, _, err := do(t, c, "POST", s.AdminURL()+"/reset", ""); err != nil {
		t.Fatal(err)
	}
	put("b/1", 200)
	if st := s.State(); len(st.Rules) != 1 {
		t.Errorf("after a reset: %+v", st.Rules)
	}
}

// wait is a clock whose sleeps of a minute end when the test says so.
type wait struct {
	*clock
	over chan struct{}
}

func (w wait) Sleep(ctx context.Context, d time.Duration) error {
	if d != time.Minute {
		return w.clock.Sleep(ctx, d)
	}
	select {
	case <-w.over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestAddedFaultsTakeThemselvesBack(t *testing.T) {
	before := runtime.NumGoroutine()
	clk := wait{newClock(), make(chan struct{})}
	s := start(t, scenario(t, "http", `{label: calm, for: 1s}`), Options{Clock: clk})
	c := client(t)
	status := func() int {
		resp, _, err := do(t, c, "GET", s.URL()+"/a", "")
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode
	}
	_, a := order(t, s, c, "POST", "/faults", `{"rule": "503", "for": "1m"}`)
	if got := status(); got != 503 || a.Left != time.Minute {
		t.Errorf("%d %+v", got, a)
	}
	clk.over <- struct{}{}
	until(t, "the fault is gone", func() bool { return s.State().Rules[0].Removed })
	if got := status(); got != 200 {
		t.Errorf("%d", got)
	}
	// One waits when it is removed, one when the server is reset, one when it ends.
	for i, end := range []func() error{
		func() error { s.RemoveFault(2); return nil }, s.Reset, func() error { return s.Close(0) },
	} {
		if _, err := s.AddFault(mustRule(t, "503"), "", time.Minute); err != nil {
			t.Fatal(i, err)
		}
		if err := end(); err != nil {
			t.Error(err)
		}
	}
	c.CloseIdleConnections()
	until(t, "all goroutines end", func() bool { return runtime.NumGoroutine() <= before })
}

func TestBadOrders(t *testing.T) {
	s := start(t, scenario(t, "s3", phasedS3), Options{Clock: newClock()})
	c := client(t)
	for _, test := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/faults", ``, 400, "the body must be {"},
		{"POST", "/faults", `{"rule": "503"} {}`, 400, "something comes after it"},
		{"POST", "/faults", `{"roule": "503"}`, 400, `unknown field "roule"`},
		{"POST", "/faults", `{}`, 400, "no rule; the body must be {"},
		{"POST", "/faults", ``, 400, "for one phase: it is empty"},
		{"POST", "/faults", `{"rule": `, 400, "for one phase: it breaks off"},
		{"POST", "/faults", `[]`, 400, "for one phase: it is no object"},
		{"POST", "/faults", `{"rule": "503", "for": 30}`, 400, `for one phase: "for" does not take a number`},
		{"POST", "/phase", `{"phase": "storm", "hold": "yes"}`, 400, `to stay there: "hold" does not take a string`},
		{"POST", "/state", "", 405, "/state takes GET, HEAD; GET / lists what there is"},
		{"GET", "/fautls", "", 404, "there is no /fautls; GET / lists what there is"},
		{"POST", "/faults", `{"rule": "GET 503"}`, 400, `a backend of kind s3 gets no "GET", so the fault would never fire`},
		{"POST", "/faults", `{"rule": 503}`, 400, "neither text nor an object"},
		{"POST", "/faults", `{"rule": "SlowDwon"}`, 400, "did you mean SlowDown?"},
		{"POST", "/faults", `{"rule": "PutObjetc SlowDown"}`, 400, "did you mean PutObject?"},
		{"POST", "/faults", `{"rule": "p=1.5 SlowDown"}`, 400, "not between 0 and 1"},
		{"POST", "/faults", `{"rule": "p=0 SlowDown"}`, 400, "probability 0 never fires"},
		{"POST", "/faults", `{"rule": "continue latency add=1s"}`, 400, "leave continue out"},
		{"POST", "/faults", `{"rule": {"on": {"opp": "PutObject"}, "effect": "SlowDown"}}`, 400, "did you mean op"},
		{"POST", "/faults", `{"rule": {"p": 0.5}}`, 400, "write what goes wrong"},
		{"POST", "/faults", `{"rule": "503", "for": "30"}`, 400, `"30" is no duration; write a positive one with its unit, such as 30s`},
		{"POST", "/faults", `{"rule": "503", "for": "-1s"}`, 400, "write a positive one"},
		{"POST", "/faults", `{"rule": "503", "phase": "clam"}`, 400, "did you mean calm?"},
		{"POST", "/faults", `{"rule": "` + strings.Repeat("x", maxOrder) + `"}`, 400, "it is longer than 65536 bytes"},
		{"DELETE", "/faults/x", "", 404, `there is no added fault "x"; none was added`},
		{"GET", "/calls?n=0", "", 400, `"0" is no number of calls; write n=1 to n=10000`},
		{"GET", "/calls?key=a", "", 400, "the query has n=100"},
		{"GET", "/ca", "", 404, "speaks no TLS"},
	} {
		status, a := order(t, s, c, test.method, test.path, test.body)
		if status != test.status || !strings.Contains(a.Error, test.want) || strings.Contains(a.Error, "\n") {
			t.Errorf("%s %s %.60s: %d %q, want %q", test.method, test.path, test.body, status, a.Error, test.want)
		}
	}
	if st := s.State(); len(st.Rules) != 1 {
		t.Errorf("%+v", st.Rules)
	}
	// Another site's page must not add faults, and no page is allowed to read.
	resp, _, err := do(t, c, "POST", s.AdminURL()+"/faults", `{"rule": "503"}`, "Sec-Fetch-Site: cross-site")
	if err != nil || resp.StatusCode != 403 || resp.Header.Get("Content-Type") != "application/json" || resp.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%v %v", resp, err)
	}
	resp, text, err := do(t, c, "GET", s.AdminURL()+"/", "")
	if err != nil || resp.StatusCode != 200 || !strings.Contains(text, `"DELETE /faults/{id}":`) {
		t.Errorf("%v %s", err, text)
	}
}

const phasedS3 = `{label: calm, for: 10s}, {label: storm, for: 5s, faults: [{p: 1, effect: SlowDown}]}`

func mustRule(t *testing.T, text string) faults.Rule {
	t.Helper()
	r, err := faults.ParseRule(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
