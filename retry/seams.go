package retry

// Clock returns the clock that the retrier lives by, for adapters whose own
// timers must run on the same time. It is never nil.
func (r *Retrier) Clock() Clock {
	if r.clock == nil {
		return SystemClock()
	}
	return r.clock
}

// Chance returns what the retrier takes its jitter from. It is never nil.
func (r *Retrier) Chance() Chance { return r.chance }
