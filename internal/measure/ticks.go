package measure

import "time"

// Ticks cuts time into stretches of one width, and tells in which a moment lies. It
// expects to be asked for the same one again: a division takes longer than all else that
// counting does. It is not safe for concurrent use.
type Ticks struct {
	width, begin time.Duration
	index        int // of the stretch that begins there
}

// NewTicks returns the stretches of that width, which is above 0, from 0 on.
func NewTicks(width time.Duration) Ticks { return Ticks{width: width} }

// Index returns the number of the stretch in which t lies: t/width for t ≥ 0.
func (t *Ticks) Index(at time.Duration) int {
	if uint64(at-t.begin) >= uint64(t.width) {
		t.index = int(at / t.width)
		t.begin = time.Duration(t.index) * t.width
	}
	return t.index
}
