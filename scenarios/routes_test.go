package scenarios

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func drawRoutes(t *rapid.T) (list []Route) {
	for range rapid.IntRange(0, 3).Draw(t, "routes") {
		r := Route{Path: rapid.SampledFrom([]string{"/a", "/api/**", "/{a,b}/[c-d]?", "/é \"x\"", "*", "/v1/*/x: y"}).Draw(t, "route")}
		r.Method = rapid.SampledFrom(append(Operations(KindHTTP), "", "")).Draw(t, "method")
		if slices.ContainsFunc(list, func(before Route) bool { return before.covers(r) }) {
			continue
		}
		if rapid.Bool().Draw(t, "status?") {
			r.Status = rapid.SampledFrom([]int{200, 204, 404, 429, 503, 599}).Draw(t, "status")
		}
		if r.Status != 204 {
			switch rapid.IntRange(0, 3).Draw(t, "sort") {
			case 0:
				size := Size(rapid.Int64Range(0, int64(MaxSize)).Draw(t, "size"))
				r.Size = &size
			case 1:
				r.Body = rapid.SampledFrom([]string{"x", `{"a": [1, "é"]}`, "two\n\tlines\n", " - x", "null"}).Draw(t, "body")
			case 2:
				r.Echo = true
			}
		}
		for _, name := range []string{"X-A", "retry-after"}[:rapid.IntRange(0, 2).Draw(t, "headers")] {
			r.Headers = append(r.Headers, Header{name, rapid.SampledFrom([]string{"1", "", "a: b, c", "true"}).Draw(t, "header")})
		}
		if rapid.Bool().Draw(t, "latency?") {
			d := drawDist(t, "route latency")
			r.Latency = &d
		}
		list = append(list, r)
	}
	return list
}

const routed = `scenario: routed
backend:
  kind: http
  latency: {dist: fixed, value: 20ms}
  routes:
    - {path: "/busy/**", status: 503, headers: {Retry-After: 1}, latency: {dist: fixed, value: 5ms}}
    - {path: /slow, method: GET, size: 2KiB, latency: {dist: fixed, value: 300ms}}
    - {path: /text, body: '{"ok": true}'}
    - {path: /empty, size: 0B}
    - {path: /echo, echo: true}
load:
  model: open
  rate: 40/s
  mix:
    - {op: GET, key: "/busy/{call}", weight: 1}
    - {op: GET, key: /slow, weight: 1}
    - {op: POST, key: /echo, size: 10B, weight: 1}
phases: [{label: steady, for: 20s}]
policies: {one: {retry: none}}
`

func TestRoutesAreRead(t *testing.T) {
	sc, err := Parse("routed.yaml", []byte(routed))
	if err != nil {
		t.Fatal(err)
	}
	r := sc.Backend.Routes
	if len(r) != 5 || r[0].Status != 503 || r[0].Headers[0] != (Header{"Retry-After", "1"}) || r[0].Latency.Value != 5*time.Millisecond ||
		*r[1].Size != 2<<10 || r[1].Method != http.MethodGet || r[2].Body != `{"ok": true}` || *r[3].Size != 0 || !r[4].Echo {
		t.Errorf("%+v", r)
	}
	if got := r[3].fake().Size; got != -1 {
		t.Errorf("an empty answer has size %d", got)
	}
}

// Both modes meet the same routes.
func TestRoutesInARun(t *testing.T) {
	sc, err := Parse("routed.yaml", []byte(routed))
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []Mode{ModeModel, ModeHTTP} {
		run, err := Run(context.Background(), sc, Options{Mode: mode})
		if err != nil {
			t.Fatal(err)
		}
		total := run.Policies[0].Total
		if total.SuccessRate < 0.6 || total.SuccessRate > 0.73 { // one call of three is for /busy
			t.Errorf("%v: %v succeed", mode, total.SuccessRate)
		}
		if d := total.AttemptDuration; d.MinNS != int64(5*time.Millisecond) || d.MaxNS != int64(300*time.Millisecond) {
			t.Errorf("%v: attempts take %v to %v", mode, time.Duration(d.MinNS), time.Duration(d.MaxNS))
		}
	}
}

// routeMistakes are edits of routed, with the message that each brings.
var routeMistakes = [][3]string{
	{"kind: http", "kind: s3", "backend.routes: an s3 backend has no routes; leave them out, or write kind: http"},
	{"/text, body", "/text, boddy", `unknown key "boddy"; did you mean body?`},
	{"/text, body", "/text, content", `unknown key "content"; did you mean body?`},
	{"path: /text, ", "", "the route has no path; write a glob such as path: /api/**"},
	{"/text", "text", `"text" begins no path; write a slash before it`},
	{`"/busy/**"`, `"/busy/[a"`, `"/busy/[a" is not a glob`},
	{"method: GET", "method: get", `unknown method "get"; did you mean GET?`},
	{"status: 503", "status: 99", "99 is out of bounds; write 200 to 599"},
	{"status: 503", "status: 204, size: 3B", "an answer of status 204 has no body"},
	{"{path: /echo, ", "{path: /echo, body: x, ", "the answer is either what came, or a body of its own"},
	{"Retry-After: 1", "Content-Length: 1", "Content-Length is up to the connection; leave it out"},
	{"Retry-After: 1", "retry-after: 1, Retry-After: 2", "the header is there twice; keep one of the two"},
	{"Retry-After: 1", "\"a b\": 1", `"a b" cannot name a header`},
	{"path: /text", "path: /slow, method: HEAD", "no request gets here: backend.routes[1] answers them all; put it before that one"},
	{"echo: true", "echo: yes", "true or false"},
	{"value: 300ms", "value: -1s", "-1s"},
}

func TestMistakesInRoutes(t *testing.T) {
	for _, m := range routeMistakes {
		if !strings.Contains(routed, m[0]) {
			t.Fatalf("%q is not in the scenario", m[0])
		}
		_, err := Parse("routed.yaml", []byte(strings.Replace(routed, m[0], m[1], 1)))
		if err == nil || !strings.Contains(err.Error(), m[2]) || !strings.Contains(err.Error(), "routed.yaml:") {
			t.Errorf("%q: %v, want %s", m[1], err, m[2])
		}
	}
}
