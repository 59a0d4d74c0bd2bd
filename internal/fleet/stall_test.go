package fleet

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/squall-sim/squall/reports"
)

// An answer that stalls costs the backend its work, with a limit to its workers
// and without, though no client hears of it.
func TestStallsCostWork(t *testing.T) {
	for _, workers := range []int{0, 1} {
		var records [2]string
		for i, mode := range []Mode{Model, HTTP} {
			c := withFault(t, steady(2), 1, "stall at=10")
			c.Mode, c.Load.Rate, c.Policy.Retry.AttemptTimeout = mode, 5, time.Second
			c.Backend.Workers, c.Backend.Queue = workers, 10*workers
			rec := play(t, c)
			if rec.Total.AttemptOutcomes[reports.OutcomeTimeout] != rec.Total.Attempts || rec.Total.Attempts != 2*rec.Total.Calls {
				t.Errorf("outcomes %v of %d attempts of %d calls", rec.Total.AttemptOutcomes, rec.Total.Attempts, rec.Total.Calls)
			}
			if want := int64(rec.Total.Attempts) * int64(20*time.Millisecond); rec.Total.WorkNS != want || rec.Total.WastedWorkNS != want {
				t.Errorf("%d workers: %d ns of work, %d wasted, want %d", workers, rec.Total.WorkNS, rec.Total.WastedWorkNS, want)
			}
			data, err := json.Marshal(rec)
			if err != nil {
				t.Fatal(err)
			}
			records[i] = string(data)
		}
		if records[0] != records[1] {
			t.Errorf("%d workers: model and http differ", workers)
		}
	}
}

// A lost acknowledgement costs the backend its work, and comes when that is
// done; no call succeeds by it.
func TestLostAcksCostWork(t *testing.T) {
	for _, text := range []string{"lost-ack", "lost-ack 503", "lost-ack reset", "lost-ack close", "lost-ack timeout"} {
		for _, workers := range []int{0, 1} {
			var records [2]string
			for i, mode := range []Mode{Model, HTTP} {
				c := withFault(t, steady(2), 1, text)
				c.Mode, c.Load.Rate, c.Policy.Retry.AttemptTimeout = mode, 5, time.Second
				c.Backend.Workers, c.Backend.Queue = workers, 10*workers
				rec := play(t, c)
				if want := int64(rec.Total.Attempts) * int64(20*time.Millisecond); rec.Total.WorkNS != want || rec.Total.WastedWorkNS != want || rec.Total.Succeeded != 0 {
					t.Errorf("%s, %d workers: %d ns of work, %d wasted, want %d; %d succeeded", text, workers, rec.Total.WorkNS, rec.Total.WastedWorkNS, want, rec.Total.Succeeded)
				}
				data, err := json.Marshal(rec)
				if err != nil {
					t.Fatal(err)
				}
				records[i] = string(data)
			}
			if records[0] != records[1] {
				t.Errorf("%s, %d workers: model and http differ", text, workers)
			}
		}
	}
}
