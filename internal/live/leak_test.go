package live

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// leakEffects are effects of every way to end a request.
var leakEffects = []string{
	"SlowDown retry-after=2s", "503", "error-in-200 InternalError", "reset", "close", "garbage", "half-headers", "outage",
	"truncate at=10", "truncate at=10 end=reset", "latency add=1ms", "bandwidth rate=1MiB/s", "corrupt at=3", "stall at=10", "blackhole",
}

// inCopy is the effect that comes to copies only, and hanging is where those begin
// that a client has to give up on.
const (
	inCopy  = 2
	hanging = 13
)

// TestNothingIsLeftBehind sends requests under faults of every kind over 64
// connections: no goroutine, no descriptor and no memory is left of them.
// SQUALL_REQUESTS sets how many, such as 1000000.
func TestNothingIsLeftBehind(t *testing.T) {
	n := 4000
	if text := os.Getenv("SQUALL_REQUESTS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	goroutines, files := runtime.NumGoroutine(), descriptors()
	s := start(t, scenario(t, "s3", `{label: bad, for: 1s}`), Options{Clock: newClockOfToday()})
	for i, effect := range leakEffects {
		if _, err := s.AddFault(mustRule(t, fmt.Sprintf("key=%d/* %s", i, effect)), "", 0); err != nil {
			t.Fatal(err)
		}
	}
	send(t, s, 0, n/10)
	settle(t, s)
	first := inUse()
	send(t, s, n/10, n)
	settle(t, s)
	last := inUse()
	st := s.State()
	for _, r := range st.Rules {
		if r.Fired == 0 {
			t.Errorf("%s never fired", r.Text)
		}
	}
	if st.Bugs > 0 || st.Requests < uint64(n) {
		t.Errorf("%d requests, %d bugs", st.Requests, st.Bugs)
	}
	open := descriptors()
	if err := s.Close(0); err != nil {
		t.Error(err)
	}
	until(t, "all goroutines end", func() bool { return runtime.NumGoroutine() <= goroutines })
	if left := descriptors(); left > files {
		t.Errorf("%d descriptors are open, %d were", left, files)
	}
	// What is kept of calls is bounded, and full only later in a short test.
	if grown := last - first; grown > 16<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	t.Logf("%d requests: goroutines %d before and %d after, descriptors %d before, %d after %d requests with the server up, %d after; heap in use %d KiB after %d requests and %d KiB at the end",
		st.Requests, goroutines, runtime.NumGoroutine(), files, open, n, descriptors(), first>>10, n/10, last>>10)
}

// send sends requests from to n over 64 connections, and leaves none open.
func send(t *testing.T, s *Server, from, n int) {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	defer transport.CloseIdleConnections()
	patient, hasty := &http.Client{Transport: transport}, &http.Client{Transport: transport, Timeout: 50 * time.Millisecond}
	next := make(chan int)
	var group sync.WaitGroup
	for range 64 {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := range next {
				kind, c := i%(hanging+7), patient // those without a fault among them
				if i%400 < 2 {
					kind, c = hanging+i%400, hasty
				} else if kind >= hanging {
					kind = 99
				}
				method, body := "GET", io.Reader(nil)
				if i%3 == 0 {
					method, body = "PUT", strings.NewReader("some content of an object")
				}
				req, err := http.NewRequest(method, fmt.Sprintf("%s/squall/%d/%d", s.URL(), kind, i%100), body)
				if err != nil {
					t.Error(err)
					continue
				}
				if kind == inCopy {
					req.Method, req.Body, req.ContentLength = "PUT", nil, 0
					req.Header.Set("X-Amz-Copy-Source", "/squall/99/1")
				}
				if resp, err := c.Do(req); err == nil {
					_, _ = io.Copy(io.Discard, resp.Body) // it may break off
					resp.Body.Close()
				}
			}
		}()
	}
	for i := from; i < n; i++ {
		next <- i
	}
	close(next)
	group.Wait()
}

// settle waits for the end of what clients gave up on.
func settle(t *testing.T, s *Server) {
	t.Helper()
	until(t, "no request is in flight", func() bool { return s.State().InFlight == 0 })
}

// inUse is what the heap holds, after a collection.
func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}

// descriptors counts open files; 0 where the system does not tell.
func descriptors() int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(list)
}
