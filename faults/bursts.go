package faults

import (
	"sync"
	"time"

	"github.com/squall-sim/squall/sim"
)

// bursts tell whether it is the bad state's turn at a time. The spell number n
// lasts as long as draw n says, so each answer is a pure function of the time;
// what is kept is where the last question was, as the next one is near.
// Both states being memoryless, a spell that began before the phase lasts as
// long from its beginning on as one that begins with it.
type bursts struct {
	spells   [2]sim.Sampler // of the good and the bad state
	draws    sim.Stream
	firstBad int // 1 if the first spell is bad, by the long-run shares

	mu         sync.Mutex
	spell      uint64 // under way at the last question
	start, end time.Duration
}

func newBursts(b Bursts, draws sim.Stream) *bursts {
	out := &bursts{draws: draws.Sub(1)}
	for i, mean := range [2]time.Duration{b.Good, b.Bad} {
		out.spells[i], _ = sim.Dist{Kind: sim.Exponential, Mean: mean}.Sampler() // validated
	}
	if draws.Float64(0, 0, 0) < float64(b.Bad)/(float64(b.Good)+float64(b.Bad)) {
		out.firstBad = 1
	}
	out.end = out.length(0)
	return out
}

// state is 1 in the bad spells.
func (b *bursts) state(spell uint64) int { return int(spell+uint64(b.firstBad)) & 1 }

// length is how long a spell lasts: at least a nanosecond, so that time goes on.
func (b *bursts) length(spell uint64) time.Duration {
	return max(1, b.spells[b.state(spell)].Sample(b.draws.Float64(spell, 0, 0)))
}

// bad reports whether the backend is unwell at t, which is at least 0.
func (b *bursts) bad(t time.Duration) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t < b.start/2 { // nearer to the beginning
		b.spell, b.start, b.end = 0, 0, b.length(0)
	}
	for t >= b.end {
		b.spell++
		b.start, b.end = b.end, sim.Add(b.end, b.length(b.spell))
		if b.end == sim.Never {
			break
		}
	}
	for t < b.start {
		b.spell--
		b.start, b.end = b.start-b.length(b.spell), b.start
	}
	return b.state(b.spell) == 1
}
