package s3fake

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/faults"
)

// staleReads puts a fault in front of a server with a clock that the test moves.
func staleReads(t rapid.TB, text string, now *time.Time, opts ...Option) (*Server, http.Handler) {
	t.Helper()
	e, err := faults.ParseEffect(text)
	if err != nil {
		t.Fatal(err)
	}
	plan := faults.Plan{Phases: []faults.Phase{{For: time.Hour, Rules: []faults.Rule{{P: 1, Effect: e}}}}}
	in, err := faults.New(plan, 1)
	if err != nil {
		t.Fatal(err)
	}
	s := New(append([]Option{WithNow(func() time.Time { return *now }), WithBuckets("data"), WithHistory(plan.History())}, opts...)...)
	return s, faults.NewHandler(in, s, faults.WithNow(func() time.Duration { return 0 }))
}

// read returns the status and the body of an answer.
func read(t rapid.TB, rt http.RoundTripper, method, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(all)
}

// keysOf are the keys in a list.
func keysOf(list string) (keys []string) {
	for _, part := range strings.Split(list, "<Key>")[1:] {
		key, _, _ := strings.Cut(part, "</Key>")
		keys = append(keys, key)
	}
	return keys
}

// Over a socket: what was overwritten, deleted and made within the time is as it
// was; writes act on what there is; what was put in Go has always been there.
func TestStaleReadsOnASocket(t *testing.T) {
	now := Epoch
	s, h := staleReads(t, "stale by=30s", &now)
	server := httptest.NewServer(h)
	defer server.Close()
	rt := server.Client().Transport
	at := server.URL + "/data/"
	for _, key := range []string{"over", "gone"} {
		read(t, rt, "PUT", at+key, "old")
	}
	now = now.Add(time.Minute)
	read(t, rt, "PUT", at+"over", "new")
	read(t, rt, "DELETE", at+"gone", "")
	read(t, rt, "PUT", at+"made", "new")
	if err := s.Put("data", "ours", 5); err != nil {
		t.Fatal(err)
	}
	for step, want := range map[time.Duration]string{20 * time.Second: "old", 30 * time.Second: "new"} {
		now = Epoch.Add(time.Minute + step)
		old := want == "old"
		if status, body := read(t, rt, "GET", at+"over", ""); status != 200 || body != want {
			t.Errorf("after %v: over is %d %q", step, status, body)
		}
		if status, _ := read(t, rt, "GET", at+"gone", ""); (status == 200) != old || !old && status != 404 {
			t.Errorf("after %v: gone is %d", step, status)
		}
		if status, _ := read(t, rt, "HEAD", at+"made", ""); (status == 404) != old {
			t.Errorf("after %v: made is %d", step, status)
		}
		if status, _ := read(t, rt, "GET", at+"ours", ""); status != 200 {
			t.Errorf("after %v: ours is %d", step, status)
		}
		keys := []string{"gone", "ours", "over"}
		if !old {
			keys = []string{"made", "ours", "over"}
		}
		if _, list := read(t, rt, "GET", server.URL+"/data?list-type=2", ""); !slices.Equal(keysOf(list), keys) {
			t.Errorf("after %v: %v, want %v", step, keysOf(list), keys)
		}
		if status, _ := read(t, rt, "GET", server.URL+"/nobody?list-type=2", ""); status != 404 {
			t.Errorf("a list of a bucket that is not there: %d", status)
		}
	}
	if s.Bugs() != 0 {
		t.Error("the fake failed")
	}
}

// Whatever was done and when: reads are those of a copy of everything that was
// made at the time.
func TestStaleReadsAreOfTheirTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := Epoch
		_, h := staleReads(t, "stale by=5s", &now)
		rt := faults.NewTransport(h)
		keys := []string{"a", "b", "c/d"}
		states := []map[string]string{{}} // after each second
		for i := range rapid.IntRange(1, 30).Draw(t, "seconds") {
			now = Epoch.Add(time.Duration(i+1) * time.Second)
			state := map[string]string{}
			for k, v := range states[len(states)-1] {
				state[k] = v
			}
			for j := range rapid.IntRange(0, 3).Draw(t, "changes") {
				key := rapid.SampledFrom(keys).Draw(t, "key")
				if rapid.Bool().Draw(t, "delete") {
					delete(state, key)
					read(t, rt, "DELETE", "http://s3/data/"+key, "")
				} else {
					state[key] = fmt.Sprint(i, j)
					read(t, rt, "PUT", "http://s3/data/"+key, state[key])
				}
			}
			states = append(states, state)
			was := states[max(0, len(states)-1-5)]
			var want []string
			for _, key := range keys {
				status, body := read(t, rt, "GET", "http://s3/data/"+key, "")
				content, there := was[key]
				if there != (status == 200) || there && body != content {
					t.Fatalf("second %d: %s is %d %q, was %q", i, key, status, body, content)
				}
				if there {
					want = append(want, key)
				}
			}
			if _, list := read(t, rt, "GET", "http://s3/data", ""); !slices.Equal(keysOf(list), want) {
				t.Fatalf("second %d: %v, want %v", i, keysOf(list), want)
			}
		}
	})
}

// The history is bounded, in number and in bytes, and forgets what is too old.
func TestHistoryIsBounded(t *testing.T) {
	now := Epoch
	s, _ := staleReads(t, "stale by=10s", &now, WithMemory(1<<20))
	b := s.store.buckets["data"]
	for i := range 3000 {
		o := s.store.newObject("k", 1000, nil)
		o.body = make([]byte, 1000)
		s.store.mu.Lock()
		s.store.changes(b, "k")
		s.store.put(b, o)
		s.store.mu.Unlock()
		if h := &s.store.past; h.bytes > 1<<19 || h.bytes < 0 || len(h.changes) > 400 {
			t.Fatalf("%d: %d bytes, %d changes", i, h.bytes, len(h.changes))
		}
	}
	now = now.Add(11 * time.Second)
	s.store.changes(b, "other")
	if h := &s.store.past; len(h.changes) != 1 || h.bytes != 0 {
		t.Errorf("%d bytes, %d changes", h.bytes, len(h.changes))
	}
	for i := range maxChanges + 10 {
		s.store.changes(b, fmt.Sprint(i))
	}
	if n := len(s.store.past.changes); n != maxChanges {
		t.Errorf("%d changes", n)
	}
	plain := New(WithBuckets("data"))
	plain.store.changes(plain.store.buckets["data"], "k")
	if len(plain.store.past.changes) != 0 {
		t.Error("a server without history has one")
	}
}
