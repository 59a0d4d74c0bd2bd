package published

import "time"

// forecast tells when a queue's workers will begin what comes next. Where work is
// served in the order of its coming, that is known at once: it is when the first
// of the workers has done all that came before (Kiefer and Wolfowitz, 1955).
type forecast struct {
	free []time.Duration // when each worker will be free; a heap
}

func newForecast(workers int) *forecast { return &forecast{free: make([]time.Duration, workers)} }

// begin returns when work that comes now will begin.
func (f *forecast) begin(now time.Duration) time.Duration { return max(now, f.free[0]) }

// add gives the workers what came now and takes so long.
func (f *forecast) add(now, work time.Duration) {
	at, i := f.begin(now)+work, 0
	for {
		least := 2*i + 1
		if least >= len(f.free) {
			break
		}
		if right := least + 1; right < len(f.free) && f.free[right] < f.free[least] {
			least = right
		}
		if f.free[least] >= at {
			break
		}
		f.free[i], i = f.free[least], least
	}
	f.free[i] = at
}
