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

// A body that takes its time makes the attempt take it, by its size, and keeps a
// worker busy; one that takes longer than the client waits is a time-out.
func TestSlowBodiesTakeTheirTime(t *testing.T) {
	for _, tt := range []struct {
		op, text string
		want     time.Duration // 0: a time-out
	}{
		{"GetObject", "bandwidth rate=10000B/s", 120 * time.Millisecond},
		{"GetObject", "bandwidth rate=1000B/s", 0},
		{"GetObject", "slow-body add=300ms", 320 * time.Millisecond},
		{"PutObject", "slow-upload rate=10000B/s", 120 * time.Millisecond},
	} {
		var records [2]string
		for i, mode := range []Mode{Model, HTTP} {
			c := withFault(t, steady(2), 1, tt.text)
			c.Mode, c.Load.Rate, c.Policy.Retry.AttemptTimeout = mode, 5, time.Second
			c.Load.Mix[0].Name, c.Load.Mix[0].Size = tt.op, 1000
			rec := play(t, c)
			if (rec.Total.Succeeded == rec.Total.Calls) != (tt.want > 0) || rec.Total.Calls == 0 {
				t.Errorf("%s: %d of %d calls succeeded", tt.text, rec.Total.Succeeded, rec.Total.Calls)
			}
			if tt.want > 0 && rec.Total.WorkNS != int64(rec.Total.Attempts)*int64(tt.want) {
				t.Errorf("%s: %d ns of work in %d attempts, want %v each", tt.text, rec.Total.WorkNS, rec.Total.Attempts, tt.want)
			}
			data, err := json.Marshal(rec)
			if err != nil {
				t.Fatal(err)
			}
			records[i] = string(data)
		}
		if records[0] != records[1] {
			t.Errorf("%s: model and http differ", tt.text)
		}
	}
}
