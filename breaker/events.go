package breaker

// deliver hands queued events to the listeners. No lock is held meanwhile, and
// one goroutine delivers at a time: that, and the queue, keep the order.
func (g *gate) deliver() {
	if g.pending.Load() {
		g.drain()
	}
}

func (g *gate) drain() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.delivering {
		return
	}
	g.delivering = true
	defer func() { g.delivering = false }()
	for len(g.queue) > 0 {
		e := g.queue[0]
		g.queue = g.queue[1:]
		g.tell(e)
	}
	g.queue = nil
	g.pending.Store(false)
}

// tell calls the listeners without the lock, and takes it again even if one of
// them panics: the events left are delivered by whoever comes next.
func (g *gate) tell(e Event) {
	g.mu.Unlock()
	defer g.mu.Lock()
	for _, listen := range g.listeners {
		listen(e)
	}
}
