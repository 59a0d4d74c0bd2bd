package measure

import (
	"slices"
	"time"

	"github.com/squall-sim/squall/reports"
)

// recoveryShare is the part of the success rate before the fault that counts
// as recovered.
const recoveryShare = 0.99

// recoveryWindows bounds the memory of a run of years: windows grow beyond a
// second instead.
const recoveryWindows = 1 << 20

// Recovery counts calls and successes in windows of a second by intended
// start, and finds from them how long calls went on failing after a fault. It is
// made by [NewRecovery], and not safe for concurrent use.
type Recovery struct {
	ticks Ticks
	good  []uint32
	all   []uint32
}

// NewRecovery returns one for a run of that length.
func NewRecovery(run time.Duration) Recovery {
	w := time.Second
	for run/w > recoveryWindows {
		w *= 2
	}
	return Recovery{ticks: NewTicks(w)}
}

// Clone returns a copy that further calls do not change.
func (r *Recovery) Clone() Recovery {
	return Recovery{ticks: r.ticks, good: slices.Clone(r.good), all: slices.Clone(r.all)}
}

// Call counts a call that was meant to start at that time of the run.
func (r *Recovery) Call(start time.Duration, ok bool) {
	i := r.ticks.Index(start)
	for len(r.all) <= i {
		r.all, r.good = append(r.all, 0), append(r.good, 0)
	}
	r.all[i]++
	if ok {
		r.good[i]++
	}
}

// first returns the first window that lies wholly after t: one that straddles
// a phase's edge would charge the fault's failures to the healthy phase.
func (r *Recovery) first(t time.Duration) int { return int((t + r.ticks.width - 1) / r.ticks.width) }

// rate returns the success rate of calls that started in [from, to), or 1
// without calls.
func (r *Recovery) rate(from, to time.Duration) float64 {
	var good, all uint64
	for i := r.first(from); i < len(r.all) && time.Duration(i)*r.ticks.width < to; i++ {
		good, all = good+uint64(r.good[i]), all+uint64(r.all[i])
	}
	if all == 0 {
		return 1
	}
	return float64(good) / float64(all)
}

// lastBad returns the end of the last window in [from, to) whose success rate
// is below floor, as time since from; 0 if there is none. Windows without
// calls say nothing; known reports whether any has calls.
func (r *Recovery) lastBad(from, to time.Duration, floor float64) (last time.Duration, known bool) {
	for i := r.first(from); i < len(r.all) && time.Duration(i)*r.ticks.width < to; i++ {
		known = known || r.all[i] > 0
		if r.all[i] > 0 && float64(r.good[i])/float64(r.all[i]) < floor {
			last = min(time.Duration(i+1)*r.ticks.width, to) - from
		}
	}
	return last, known
}

// Report finds each phase without faults or a surge that follows one with: what
// counts as good is the success rate in the healthy stretch before it. Where nobody calls
// in a whole second of it, nothing tells whether calls would succeed, and it is left out.
func (r *Recovery) Report(phases []reports.Phase) []reports.Recovery {
	out := []reports.Recovery{}
	baseline := 1.0
	for i := 0; i < len(phases); i++ {
		if phases[i].Troubled() {
			continue
		}
		j := i // the healthy stretch is phases i to j
		for j+1 < len(phases) && !phases[j+1].Troubled() {
			j++
		}
		from, to := time.Duration(phases[i].StartNS), time.Duration(phases[j].EndNS)
		if d, known := r.lastBad(from, to, recoveryShare*baseline); i > 0 && known {
			out = append(out, reports.Recovery{
				Phase: phases[i].Label, AfterNS: int64(d), Recovered: d < to-from, BaselineSR: baseline,
			})
		}
		if i == 0 { // later stretches may still be recovering: only the first is a baseline
			baseline = r.rate(from, to)
		}
		i = j
	}
	return out
}
