package live

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/faults"
)

// sum adds up the books of all phases and operations.
func sum(s State) (t Truth) {
	for _, one := range s.TruthByOp() {
		t.add(one)
	}
	return t
}

func attempt(call string, n int) []string {
	return []string{"Amz-Sdk-Invocation-Id: " + call, fmt.Sprintf("Amz-Sdk-Request: attempt=%d; max=3", n)}
}

// What the server books of calls as clients make them.
func TestTruth(t *testing.T) {
	const cut = `{label: cut, for: 1s, faults: [{p: 1, effect: truncate at=0}]}, {label: calm, for: 1h}`
	type request struct {
		method, target string
		headers        []string
		phase          string // to hold from here on; "": as before
	}
	named := attempt("one", 1)
	for _, test := range []struct {
		name, kind, phases string
		requests           []request
		want               Truth
	}{
		{"all is well", "s3", cut, []request{{"PUT", "/squall/a", named, "calm"}, {"GET", "/squall/a", attempt("two", 1), ""}, {"GET", "/squall/b", nil, ""}},
			Truth{Calls: 3, Unnamed: 1}},
		{"committed, told failure", "s3", cut, []request{{"PUT", "/squall/a", named, ""}},
			Truth{Calls: 1, FalseFailures: 1}},
		{"a read has nothing to commit", "s3", cut, []request{{"GET", "/squall", named, ""}},
			Truth{Calls: 1}},
		{"a retry puts it right, at the price of a duplicate", "s3", cut, []request{{"PUT", "/squall/a", named, ""}, {"PUT", "/squall/a", attempt("one", 2), "calm"}},
			Truth{Calls: 1, Duplicates: 1}},
		{"a retry meets what the first attempt left", "s3", cut,
			[]request{{"PUT", "/squall/a", append([]string{"If-None-Match: *"}, named...), ""}, {"PUT", "/squall/a", append([]string{"If-None-Match: *"}, attempt("one", 2)...), "calm"}},
			Truth{Calls: 1, FalseFailures: 1}},
		{"attempts that come late are not the last", "s3", cut, []request{{"PUT", "/squall/a", attempt("one", 2), "calm"}, {"PUT", "/squall/a", named, "cut"}},
			Truth{Calls: 1, Duplicates: 1}},
		{"nothing says that they are one call", "s3", cut, []request{{"PUT", "/squall/a", nil, ""}, {"PUT", "/squall/a", nil, "calm"}},
			Truth{Calls: 2, Unnamed: 2, FalseFailures: 1}},
		{"an error under 200", "s3", `{label: bad, for: 1s, faults: [{p: 1, effect: error-in-200 SlowDown}]}, {label: calm, for: 1h}`,
			[]request{{"POST", "/squall?delete", named, ""}},
			Truth{Calls: 1, FalseSuccesses: 1}},
		{"what was read is damaged", "http", `{label: bad, for: 1s, faults: [{p: 1, effect: corrupt}]}, {label: calm, for: 1h}`,
			[]request{{"GET", "/a", attempt("one", 1), ""}, {"GET", "/a", attempt("one", 2), "calm"}, {"GET", "/a", attempt("two", 1), "bad"}, {"POST", "/a", attempt("three", 1), ""}},
			Truth{Calls: 3, FalseSuccesses: 1}},
		{"told failure, and so it was", "s3", `{label: bad, for: 1s, faults: [{p: 1, effect: SlowDown}]}, {label: calm, for: 1h}`,
			[]request{{"PUT", "/squall/a", named, ""}}, Truth{Calls: 1}},
		{"posted twice", "http", cut, []request{{"POST", "/orders", []string{"X-Squall-Call: 1"}, ""}, {"POST", "/orders", []string{"X-Squall-Call: 1", "X-Squall-Attempt: 2"}, "calm"}},
			Truth{Calls: 1, Duplicates: 1}},
		{"a key says that it is one call", "http", cut, []request{{"POST", "/orders", []string{"Idempotency-Key: k"}, "calm"}, {"POST", "/other", []string{"Idempotency-Key: k"}, ""}},
			Truth{Calls: 2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			first, _, _ := strings.Cut(strings.TrimPrefix(test.phases, "{label: "), ",")
			s := start(t, scenario(t, test.kind, test.phases), Options{Clock: newClock(), Phase: first})
			c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // or it sends again by itself
			for _, r := range test.requests {
				if r.phase != "" {
					if err := s.Jump(r.phase, true); err != nil {
						t.Fatal(err)
					}
				}
				body := "x"
				if strings.HasSuffix(r.target, "?delete") {
					body = "<Delete><Object><Key>a</Key></Object></Delete>"
				}
				_, _, _ = do(t, c, r.method, s.URL()+r.target, body, r.headers...) // the error is the fault's
			}
			if err := s.Close(0); err != nil {
				t.Fatal(err)
			}
			if got := sum(s.State()); got != test.want {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

// Uploads that nobody ends are told, by the state and to Prometheus, with the rest.
func TestTruthIsShown(t *testing.T) {
	s := start(t, scenario(t, "s3", `{label: cut, for: 1s, faults: [{p: 1, effect: truncate at=0}]}`), Options{Clock: newClock()})
	c := client(t)
	for _, r := range []struct{ method, target string }{{"POST", "/squall/big?uploads"}, {"PUT", "/squall/a"}} {
		_, _, _ = do(t, c, r.method, s.URL()+r.target, "", attempt(r.target, 1)...)
	}
	if st := s.State(); st.LeakedUploads == nil || *st.LeakedUploads != 1 ||
		fmt.Sprint(st.Truth) != "[{cut CreateMultipartUpload 1 0 1 0 0} {cut PutObject 1 0 1 0 0}]" {
		t.Errorf("%+v", st)
	}
	_, metrics, err := do(t, c, "GET", s.AdminURL()+"/metrics", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`squall_false_failures{op="PutObject",phase="cut",scenario="test"} 1`,
		`squall_false_successes{op="PutObject",phase="cut",scenario="test"} 0`,
		`squall_duplicates_total{op="PutObject",phase="cut",scenario="test"} 0`,
		`squall_leaked_uploads{scenario="test"} 1`,
	} {
		if !strings.Contains(metrics, want+"\n") {
			t.Errorf("no %s in\n%s", want, metrics)
		}
	}
	if st := start(t, scenario(t, "http", "{label: all, for: 1s}"), Options{Clock: newClock()}).State(); st.LeakedUploads != nil {
		t.Error("a plain service has uploads")
	}
}

// Whatever the order in which requests come and end, the books are those of a
// naive ledger that keeps everything and counts in the end.
func TestTruthIsThatOfANaiveLedger(t *testing.T) {
	type sent struct {
		x            *exchange
		r            *http.Request
		call, number int
		op           string
		named, done  bool
	}
	rapid.Check(t, func(rt *rapid.T) {
		var l ledger
		var all []*sent
		for range rapid.IntRange(1, 40).Draw(rt, "events") {
			if open := rapid.IntRange(0, len(all)).Draw(rt, "end"); open < len(all) {
				if s := all[open]; !s.done {
					s.done = true
					l.done(s.r, s.x)
				}
				continue
			}
			s := &sent{call: rapid.IntRange(0, 4).Draw(rt, "call"), number: rapid.IntRange(1, 3).Draw(rt, "attempt"), named: rapid.Bool().Draw(rt, "named")}
			s.op = []string{"PutObject", "GetObject"}[s.call%2]
			s.r = httptest.NewRequest(faults.Method(s.op), "/", nil)
			s.x = &exchange{
				ResponseWriter: httptest.NewRecorder(), named: s.named, decided: true,
				who:    faults.Request{Op: s.op, Call: uint64(s.call), Attempt: s.number},
				status: rapid.SampledFrom([]int{200, 204, 500, 412}).Draw(rt, "status"),
				broken: rapid.IntRange(0, 3).Draw(rt, "broken") == 0,
			}
			if s.op == "PutObject" {
				s.x.commits = uint64(rapid.IntRange(0, 1).Draw(rt, "commits"))
				s.x.repeats = s.x.commits == 0 && rapid.Bool().Draw(rt, "repeats")
			}
			if rapid.IntRange(0, 5).Draw(rt, "gone") == 0 {
				ctx, cancel := context.WithCancel(s.r.Context())
				cancel()
				s.r = s.r.WithContext(ctx)
			}
			all = append(all, s)
			l.begin(s.r, s.x)
		}
		// The naive one: calls are lists of requests, looked at from the outside.
		calls, want := map[string][]*sent{}, Truth{}
		for i, s := range all {
			id := fmt.Sprint("request ", i)
			if s.named {
				id = fmt.Sprint("call ", s.call)
			} else if !s.done {
				continue
			} else {
				want.Unnamed++
			}
			calls[id] = append(calls[id], s)
		}
		for _, requests := range calls {
			want.Calls++
			last, commits, repeats := requests[0], uint64(0), false
			for _, s := range requests {
				if s.number >= last.number {
					last = s
				}
				if s.done {
					commits += s.x.commits
					repeats = repeats || s.x.repeats
				}
			}
			told := (last.x.status == 200 || last.x.status == 204) && !last.x.broken && last.r.Context().Err() == nil
			switch {
			case !last.done:
			case !told && commits > 0:
				want.FalseFailures++
			case told && last.op == "PutObject" && commits == 0 && !repeats:
				want.FalseSuccesses++
			}
			want.Duplicates += max(commits, 1) - 1
		}
		var st State
		l.fill(&st, func(int) string { return "" })
		if got := sum(st); got != want {
			rt.Fatalf("got  %+v\nwant %+v", got, want)
		}
	})
}

// Of more calls than it knows at one time, the ledger forgets the oldest, and keeps
// what they counted.
func TestLedgerIsBounded(t *testing.T) {
	var l ledger
	const calls = maxCalls + 1000
	for i := range calls {
		r := httptest.NewRequest("PUT", "/", nil)
		x := &exchange{ResponseWriter: httptest.NewRecorder(), named: true, decided: true, status: 500, commits: 2,
			who: faults.Request{Op: "PutObject", Client: uint64(i), Attempt: 1}}
		l.begin(r, x)
		l.done(r, x)
		l.done(r, &exchange{}) // nothing was decided on it
	}
	var st State
	l.fill(&st, func(int) string { return "" })
	if got := sum(st); len(l.calls) != maxCalls || len(l.oldest) != maxCalls || got != (Truth{Calls: calls, FalseFailures: calls, Duplicates: calls}) {
		t.Errorf("%d calls kept, %+v", len(l.calls), got)
	}
}

// The work on an upload begins when it is there: only then does the server notice
// a client that does not wait for the answer.
func TestWorkBeginsWithTheWholeRequest(t *testing.T) {
	clk := newClock()
	s := start(t, scenario(t, "s3", "{label: all, for: 1s}"), Options{Clock: clk})
	body, upload := io.Pipe()
	req, err := http.NewRequest("PUT", s.URL()+"/squall/a", body)
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = 4
	done := make(chan int, 1)
	go func() {
		resp, err := client(t).Do(req)
		if err != nil {
			done <- 0
			return
		}
		resp.Body.Close()
		done <- resp.StatusCode
	}()
	_, _ = upload.Write([]byte("te"))
	until(t, "it arrives", func() bool { return s.State().Requests == 1 })
	for range 10_000 {
		if runtime.Gosched(); clk.sleeps(10*time.Millisecond) > 0 {
			t.Fatal("the work began with half of the upload")
		}
	}
	_, _ = upload.Write([]byte("xt"))
	_ = upload.Close()
	if status := <-done; status != 200 || clk.sleeps(10*time.Millisecond) != 1 {
		t.Errorf("%d, %d sleeps", status, clk.sleeps(10*time.Millisecond))
	}
	if _, text, _ := do(t, client(t), "GET", s.URL()+"/squall/a", ""); text != "text" {
		t.Errorf("%q", text)
	}
}
