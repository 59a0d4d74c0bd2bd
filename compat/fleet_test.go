//go:build unix

package compat

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/internal/fleet"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

// BenchmarkFleet holds a whole fleet in the http mode, with its clients, policies, queues,
// keyed draws and books, against calls of gofakes3's own handler that do nothing else:
// as many of the same operation and size, in turns of the same run. Read x-bare, the
// fleet's rate over the bare one, by processor time. The fleet's clients use a key for each
// call, the bare calls overwrite or read one. What the clients upload is generated content,
// which the fake S3 knows without reading it; gofakes3 reads what it is sent.
func BenchmarkFleet(b *testing.B) {
	for _, bench := range []struct{ name, op, method string }{
		{"served PUT", "PutObject", http.MethodPut},
		{"served GET", "GetObject", http.MethodGet},
	} {
		b.Run(bench.name, func(b *testing.B) {
			bare := newBare(b)
			bare.send(b, http.MethodPut)
			var ours, theirs time.Duration
			var attempts uint64
			for b.Loop() {
				began := processor(b)
				res, err := fleet.Run(context.Background(), served(bench.op), nil)
				if err != nil {
					b.Fatal(err)
				}
				n := res.Report().Total.Attempts
				between := processor(b)
				for range n {
					bare.send(b, bench.method)
				}
				ours, theirs = ours+between-began, theirs+processor(b)-between
				attempts += n
			}
			b.ReportMetric(float64(attempts)/ours.Seconds(), "attempts/cpu-s")
			b.ReportMetric(float64(attempts)/theirs.Seconds(), "bare/cpu-s")
			b.ReportMetric(float64(theirs)/float64(ours), "x-bare")
		})
	}
}

// servedSize is that of every object, in bytes.
const servedSize = 4 << 10

// served is a fleet of a thousand clients without pauses, none of whose requests goes wrong.
func served(op string) *fleet.Config {
	return &fleet.Config{
		Seed: 1,
		Mode: fleet.HTTP,
		Backend: fleet.Backend{Kind: fleet.S3, Bucket: "squall",
			Latency: sim.Dist{Kind: sim.Lognormal, Median: 30 * time.Millisecond, Sigma: 0.6}},
		Load: fleet.Load{Model: fleet.Closed, Clients: 1000,
			Mix: []fleet.Op{{Name: op, Key: "raw/{client}/{call}.json", Size: servedSize, Weight: 1}}},
		Plan:   faults.Plan{Phases: []faults.Phase{{Label: "steady", For: 2 * time.Second}}},
		Policy: fleet.Policy{Name: "s3", Retry: retry.S3()},
	}
}

// bare is gofakes3 with its own store, in process.
type bare struct {
	transport *faults.Transport
	at        *url.URL
	text      string
}

func newBare(b *testing.B) *bare {
	mem := s3mem.New()
	if err := mem.CreateBucket("squall"); err != nil {
		b.Fatal(err)
	}
	return &bare{
		transport: faults.NewTransport(gofakes3.New(mem, gofakes3.WithTimeSkewLimit(0)).Server()),
		at:        &url.URL{Scheme: "http", Host: "s3.test", Path: "/squall/raw/1.json"},
		text:      strings.Repeat("x", servedSize),
	}
}

// send makes one request and reads the answer.
func (c *bare) send(b *testing.B, method string) {
	req := &http.Request{Method: method, URL: c.at, Header: http.Header{"X-Amz-Date": {"20250101T000000Z"}}}
	if method == http.MethodPut {
		req.Body, req.ContentLength = io.NopCloser(strings.NewReader(c.text)), servedSize
	}
	ex := c.transport.Exchange(req)
	if ex.Resp == nil || ex.Resp.StatusCode != http.StatusOK {
		b.Fatal(ex.Resp, ex.Err)
	}
	io.Copy(io.Discard, ex.Resp.Body)
	ex.Resp.Body.Close()
}

// processor is the time that this process has had of all processors.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
