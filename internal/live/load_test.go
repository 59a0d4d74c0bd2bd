package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/squall-sim/squall/faults"
)

// storm sends requests over 64 connections at once, in an order of its own, and
// returns the status of each (0: no answer).
func storm(t *testing.T, c *http.Client, url string, n, stride int, headers func(i int) []string) []int {
	t.Helper()
	return stormOn(t, c, n, stride, func(i int) string { return fmt.Sprintf("%s/squall/%d", url, i) }, headers)
}

// stormOn is storm on targets of the caller's choice.
func stormOn(t *testing.T, c *http.Client, n, stride int, url func(i int) string, headers func(i int) []string) []int {
	t.Helper()
	statuses := make([]int, n)
	next := make(chan int)
	var group sync.WaitGroup
	for range 64 {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := range next {
				req, err := http.NewRequest("PUT", url(i), strings.NewReader("body"))
				if err != nil {
					t.Error(err)
					continue
				}
				for _, h := range headers(i) {
					name, value, _ := strings.Cut(h, ": ")
					req.Header.Set(name, value)
				}
				resp, err := c.Do(req)
				if err == nil {
					resp.Body.Close()
					statuses[i] = resp.StatusCode
				}
			}
		}()
	}
	for i := range n {
		next <- i * stride % n
	}
	close(next)
	group.Wait()
	return statuses
}

// The same requests meet the same faults, whatever the order in which they
// arrive: those of clients that say nothing, and those of SDKs, which give their
// calls other ids in every run.
func TestFaultsDoNotDependOnOrder(t *testing.T) {
	for name, test := range map[string]struct {
		target   func(i int) int
		headers  func(run, i int) []string
		attempts string
	}{
		"anonymous": {func(i int) int { return i }, func(int, int) []string { return nil }, "[]"},
		"presigned": {func(i int) int { return i }, func(int, int) []string { return nil }, "[]"},
		"sdk": {func(i int) int { return i / 2 }, func(run, i int) []string {
			return []string{fmt.Sprintf("Amz-Sdk-Invocation-Id: call-%d-%d", run, i/2), fmt.Sprintf("Amz-Sdk-Request: attempt=%d; max=2", i%2+1)}
		}, "[500 500]"},
	} {
		t.Run(name, func(t *testing.T) {
			const n = 1000
			var first []int
			for run, stride := range []int{1, 7, 333} {
				s := start(t, scenario(t, "s3", `{label: bad, for: 1s, faults: [{p: 0.3, effect: SlowDown}]}`), Options{Seed: 3, Clock: newClock()})
				url := func(i int) string {
					u := fmt.Sprintf("%s/squall/%d", s.URL(), test.target(i))
					if name == "presigned" {
						u += fmt.Sprintf("?X-Amz-Date=%d&X-Amz-Signature=%d", run, run)
					}
					return u
				}
				got := stormOn(t, client(t), n, stride, url, func(i int) []string { return test.headers(run, i) })
				st := s.State()
				fired := st.Rules[0].Fired
				if st.Requests != n || fired < n/4 || fired > n*35/100 {
					t.Errorf("%d requests, %d hit", st.Requests, fired)
				}
				if fmt.Sprint(st.Attempts) != test.attempts {
					t.Errorf("attempts %v", st.Attempts)
				}
				if run == 0 {
					first = got
				}
				if !slices.Equal(got, first) {
					t.Errorf("stride %d: other requests were hit", stride)
				}
			}
		})
	}
}

// An anonymous request that comes again is another draw: it is not hit for ever.
func TestAnonymousRequestsDrawAnew(t *testing.T) {
	s := start(t, scenario(t, "http", `{label: bad, for: 1s, faults: [{p: 0.5, effect: "503"}]}`), Options{Seed: 1, Clock: newClock()})
	c, hits := client(t), 0
	for range 200 {
		resp, _, err := do(t, c, "GET", s.URL()+"/a", "")
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode == 503 {
			hits++
		}
	}
	if hits < 70 || hits > 130 {
		t.Errorf("%d of 200 were hit", hits)
	}
}

// busyClock keeps workers busy until the test lets them go.
type busyClock struct {
	*clock
	busy, free chan struct{}
}

func (c *busyClock) Sleep(ctx context.Context, d time.Duration) error {
	if d != 10*time.Millisecond {
		return c.clock.Sleep(ctx, d)
	}
	c.busy <- struct{}{}
	select {
	case <-c.free:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// statusOf gets a page; 0: there was no answer.
func statusOf(c *http.Client, url string) int {
	resp, err := c.Get(url)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

func TestCapacity(t *testing.T) {
	for kind, want := range map[string]string{"s3": "<Code>SlowDown</Code>", "http": `{"status":503,"error":"Service Unavailable"}`} {
		sc := parse(t, strings.Replace(source(kind, "{label: all, for: 1s}"), "value: 10ms}", "value: 10ms}, capacity: {workers: 1, queue: 1}", 1))
		clk := &busyClock{newClock(), make(chan struct{}), make(chan struct{})}
		s := start(t, sc, Options{Clock: clk})
		c := client(t)
		codes := make(chan int, 2)
		get := func() { codes <- statusOf(c, s.URL()+"/squall") }
		go get()
		<-clk.busy // the worker
		go get()
		until(t, "the second one waits", func() bool { return s.world.Load().station.waiting.Load() == 1 })
		resp, body, err := do(t, c, "GET", s.URL()+"/squall", "")
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != 503 || !strings.Contains(body, want) || s.State().Refused != 1 || clk.sleeps(faults.TurnedAwayAfter) != 1 {
			t.Errorf("%s: %d %s %+v", kind, resp.StatusCode, body, s.State())
		}
		clk.free <- struct{}{}
		<-clk.busy
		clk.free <- struct{}{}
		if a, b := <-codes, <-codes; a != 200 || b != 200 {
			t.Errorf("%s: %d, %d", kind, a, b)
		}
	}
}

// After Close nothing is left: no goroutine, and no open socket.
func TestCloseLeavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	s := start(t, scenario(t, "s3", `{label: bad, for: 1s, faults:
  [{on: {key: "[0-2]*"}, p: 1, effect: reset}, {on: {key: "[3-4]*"}, p: 1, effect: SlowDown}, {on: {key: "hole"}, p: 1, effect: blackhole}]}`), Options{})
	c := client(t)
	storm(t, c, s.URL(), 500, 1, func(int) []string { return nil })
	gone := make(chan error, 8)
	for range cap(gone) {
		go func() {
			resp, err := c.Get(s.URL() + "/squall/hole")
			if err == nil {
				resp.Body.Close()
			}
			gone <- err
		}()
	}
	until(t, "the black hole has them", func() bool { return s.State().Rules[2].Fired == 8 })
	if _, _, err := do(t, c, "GET", s.AdminURL()+"/state", ""); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(time.Millisecond); err != nil {
		t.Error(err)
	}
	for range cap(gone) {
		if err := <-gone; err == nil {
			t.Error("the black hole answered")
		}
	}
	if st := s.State(); st.InFlight != 0 {
		t.Errorf("%d requests are in flight", st.InFlight)
	}
	c.CloseIdleConnections()
	until(t, "all goroutines end", func() bool { return runtime.NumGoroutine() <= before })
	if _, err := c.Get(s.URL()); err == nil {
		t.Error("still listening")
	}
	if err := s.Close(0); err != nil {
		t.Errorf("a second Close: %v", err)
	}
}

func TestAccessLog(t *testing.T) {
	var log bytes.Buffer // the server writes whole lines, one at a time
	s := start(t, scenario(t, "s3", `{label: bad, for: 1s, faults: [{on: {key: "b*"}, p: 1, effect: SlowDown}, {on: {key: "c"}, p: 1, effect: reset}]}`), Options{Log: &log, Clock: newClock()})
	c := client(t)
	for _, path := range []string{"a", `b"c`, "c"} {
		_, _, _ = do(t, c, "PUT", s.URL()+"/squall/"+path, "text", "User-Agent: a \"b\"\x09c") // one of them is reset
	}
	if err := s.Close(time.Hour); err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`^127.0.0.1 - - \[01/Jan/2026:00:00:00 \+0000\] "PUT /squall/a HTTP/1.1" 200 0 "-" "a \\"b\\"\\tc" 0.000000 "-"
127.0.0.1 - - \[01/Jan/2026:00:00:00 \+0000\] "PUT /squall/b%22c HTTP/1.1" 503 \d+ "-" "a \\"b\\"\\tc" 0.000000 "SlowDown"
(127.0.0.1 - - \[01/Jan/2026:00:00:00 \+0000\] "PUT /squall/c HTTP/1.1" 000 0 "-" "a \\"b\\"\\tc" 0.000000 "reset"
)+$`)
	if !want.MatchString(log.String()) {
		t.Errorf("the log is\n%s", log.String())
	}
	full := start(t, scenario(t, "http", "{label: all, for: 1s}"), Options{Log: broken{}, Clock: newClock()})
	if _, _, err := do(t, c, "GET", full.URL()+"/", ""); err != nil {
		t.Fatal(err)
	}
	if err := full.Close(time.Hour); !errors.Is(err, errFull) {
		t.Errorf("Close tells nothing of the log: %v", err)
	}
}

var errFull = errors.New("the disk is full")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errFull }

// The draws are those of a simulated run: a client that says which client, call
// and attempt it is meets what the plan holds for those.
func TestDrawsAreThoseOfTheSimulation(t *testing.T) {
	sc := scenario(t, "s3", `{label: bad, for: 1s, faults: [{p: 0.3, effect: SlowDown}]}`)
	s := start(t, sc, Options{Seed: 11, Clock: newClock()})
	const n = 300
	who := func(i int) faults.Request {
		return faults.Request{Op: "PutObject", Bucket: "squall", Key: strconv.Itoa(i), Client: uint64(i % 7), Call: uint64(i / 3), Attempt: i%3 + 1}
	}
	got := storm(t, client(t), s.URL(), n, 7, func(i int) []string {
		w := who(i)
		return []string{
			fmt.Sprintf("%s: %d", faults.HeaderClient, w.Client), fmt.Sprintf("%s: %d", faults.HeaderCall, w.Call),
			fmt.Sprintf("%s: %d", faults.HeaderAttempt, w.Attempt),
		}
	})
	in, err := faults.New(sc.Plan(), 11)
	if err != nil {
		t.Fatal(err)
	}
	for i, status := range got {
		want := 200
		if in.Decide(0, who(i)).Rule == 0 {
			want = 503
		}
		if status != want {
			t.Errorf("request %d got %d, want %d", i, status, want)
		}
	}
}

// Orders come while requests are under way: each request ends in the world that
// it arrived in, and no counter goes below what it was.
func TestResetUnderLoad(t *testing.T) {
	s := start(t, scenario(t, "s3", phased), Options{Clock: newClock()})
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if err := s.Reset(); err != nil {
				t.Error(err)
			}
			if err := s.Jump([]string{"storm", "calm"}[i%2], i%3 == 0); err != nil {
				t.Error(err)
			}
			if st := s.State(); st.InFlight > st.Requests {
				t.Errorf("%+v", st)
			}
		}
	}()
	for _, status := range storm(t, client(t), s.URL(), 1000, 1, func(int) []string { return nil }) {
		if status != 200 && status != 503 {
			t.Errorf("status %d", status)
		}
	}
	close(stop)
	<-done
}
