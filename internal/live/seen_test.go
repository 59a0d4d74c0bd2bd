package live

import (
	"context"
	"net/http"
	"testing"
	"time"
)

// A fault is seen if its client is there until all is sent: not if the client
// goes away while it waits, and not if the server ends a silence.
func TestSeen(t *testing.T) {
	for _, test := range []struct {
		effect string
		leaves bool // the client goes away as soon as the fault has fired
		seen   uint64
	}{
		{"503", false, 1}, {"reset", false, 1}, {"close", false, 1}, {"garbage", false, 1},
		{"truncate at=100", false, 1}, {"truncate at=100 end=reset", false, 1}, {"latency add=1s", false, 1},
		{"latency add=1h", true, 0}, {"503 after=1h", true, 0}, {"latency add=1h", false, 0},
		{"blackhole", true, 1}, {"blackhole", false, 0}, {"stall at=10", true, 1}, {"lost-ack timeout", true, 1},
	} {
		name := test.effect
		if test.leaves {
			name += ", client leaves"
		}
		t.Run(name, func(t *testing.T) {
			s := start(t, scenario(t, "http", `{label: bad, for: 1s, faults: [{effect: "`+test.effect+`"}]}`), Options{Clock: newClock()})
			ctx, leave := context.WithCancel(context.Background())
			defer leave()
			done := make(chan struct{})
			go func() {
				defer close(done)
				req, err := http.NewRequestWithContext(ctx, "GET", s.URL()+"/a", nil)
				if err != nil {
					t.Error(err)
					return
				}
				if resp, err := client(t).Do(req); err == nil {
					defer resp.Body.Close()
					_, _ = resp.Body.Read(make([]byte, 1<<20))
				}
			}()
			until(t, "the fault fires", func() bool { return s.State().Rules[0].Fired == 1 })
			if test.leaves {
				leave()
			}
			if test.leaves || test.seen == 1 {
				until(t, "the request ends", func() bool { return s.State().InFlight == 0 })
			}
			if err := s.Close(time.Second); err != nil {
				t.Error(err)
			}
			<-done
			if r := s.State().Rules[0]; r.Fired != 1 || r.Seen != test.seen {
				t.Errorf("fired %d, seen %d", r.Fired, r.Seen)
			}
		})
	}
}
