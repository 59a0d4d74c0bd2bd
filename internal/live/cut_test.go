package live

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// lines is an access log in memory.
type lines struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(p)
}

// An answer that breaks off is none: the log, the state and the metrics give it the
// status 000, however many headers and bytes of it were sent, and whether the connection
// ended in FIN, which is a panic below, or in RST, which hijacks it.
func TestAnswersThatBreakOffHaveNoStatus(t *testing.T) {
	for effect, sent := range map[string]int{
		"truncate at=0": 0, "truncate at=100": 100, "truncate at=100 end=reset": 100, "truncate at=100000": 100_000, "malformed-chunk at=100": 100,
		"close": 0, "garbage": 0, "half-headers": 0, "lost-ack close": 0,
	} {
		t.Run(effect, func(t *testing.T) {
			var log lines
			s := start(t, scenario(t, "http", `{label: cut, for: 1s, faults: [{p: 1, effect: "`+effect+`"}]}`), Options{Clock: newClock(), Log: &log})
			if resp, _, err := do(t, client(t), "GET", s.URL()+"/a", ""); err == nil {
				t.Errorf("a whole answer: %v", resp)
			}
			_, metrics, err := do(t, client(t), "GET", s.AdminURL()+"/metrics", "")
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(time.Hour); err != nil {
				t.Error(err)
			}
			st := s.State()
			if len(st.Answers) != 1 || st.Answers[0].Status != 0 || st.Answers[0].Op != "GET" {
				t.Errorf("%+v", st.Answers)
			}
			if want := fmt.Sprintf(`"GET /a HTTP/1.1" 000 %d "-"`, sent); strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), want) {
				t.Errorf("%s, want %s", log.String(), want)
			}
			if strings.Contains(metrics, `status="200"`) {
				t.Errorf("%s", metrics)
			}
		})
	}
}

// Routes answer on sockets too, each after its own time.
func TestRoutes(t *testing.T) {
	sc := parse(t, strings.Replace(source("http", `{label: all, for: 1s}`), "value: 10ms}}", `value: 10ms}, routes: [
  {path: "/slow/**", method: GET, size: 7B, latency: {dist: fixed, value: 3s}},
  {path: /busy, status: 503, headers: {Retry-After: 2}, latency: {dist: fixed, value: 4s}}, {path: /echo, echo: true}]}`, 1))
	clk := newClock()
	s := start(t, sc, Options{Clock: clk})
	for i, r := range []struct {
		method, target string
		status         int
		contains       string
		length         int
		slept          time.Duration
		times          int
	}{
		{"GET", "/slow/a?x=/y", 200, "", 7, 3 * time.Second, 1},
		{"POST", "/slow/a", 201, "", 0, 10 * time.Millisecond, 1},
		{"PUT", "/busy", 503, `"status":503`, -1, 4 * time.Second, 1},
		{"POST", "/echo", 201, `"target":"/echo"`, -1, 10 * time.Millisecond, 2},
		{"GET", "/else", 200, "", 1 << 10, 10 * time.Millisecond, 3},
	} {
		resp, body, err := do(t, client(t), r.method, s.URL()+r.target, "")
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != r.status || !strings.Contains(body, r.contains) || r.length >= 0 && len(body) != r.length || clk.sleeps(r.slept) != r.times {
			t.Errorf("%d: %d %q, slept %v", i, resp.StatusCode, body, clk.slept)
		}
	}
}
