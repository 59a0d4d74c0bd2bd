package fleet

// books are those of calls whose attempts are not all settled: a request is still on its
// way, or a station that may give up has its work in hand. What the backend carries out for
// them is held against what their callers were told when both are known.
type books struct {
	open, unused []*late // unused: done with
}

// late is the books of one call.
type late struct {
	cell            *cell // nil: the call has not ended
	writes, ok, lie bool
	commits         uint64
	awaited         int    // requests on their way, and work in hand
	inHand          uint64 // what the work in hand will have changed when the run is over
	again           again
	inHandAgain     uint32 // of again.done
	slot            int    // in books.open
}

// again counts what a call's attempts did that have an idempotency key. A fake backend has
// carried a write out when its request came, and tells of a later one with the same key that
// it has been there before: where the first is lost after all, the later one is what did it.
type again struct{ lost, done uint32 }

func (a *again) add(o again) { a.lost, a.done = a.lost+o.lost, a.done+o.done }

// commits are those that are not counted where the first came.
func (a again) commits() uint64 { return uint64(min(a.lost, a.done)) }

// hold keeps the books of a call open for one more attempt of it.
func (b *books) hold(c *call) *late {
	if c.own.late == nil {
		var l *late
		if last := len(b.unused) - 1; last >= 0 {
			l, b.unused = b.unused[last], b.unused[:last]
			*l = late{}
		} else {
			l = &late{}
		}
		l.slot = len(b.open)
		b.open = append(b.open, l)
		c.own.late = l
	}
	c.own.late.awaited++
	return c.own.late
}

// settle books what an attempt changed for which they were held.
func (b *books) settle(l *late, commits uint64, more again) {
	l.awaited--
	l.commits += commits
	l.again.add(more)
	if l.awaited == 0 && l.cell != nil {
		b.close(l)
	}
}

// book holds what the backend carried out for the call against what its caller is told.
func (c *call) book(ok bool) {
	writes, lie := c.run.mix.ops[c.op].writes, ok && c.lie
	if c.own == nil {
		c.cell.truth.add(writes, ok, uint64(c.commits), lie)
		return
	}
	if c.own.late == nil {
		c.cell.truth.add(writes, ok, uint64(c.commits)+c.own.again.commits(), lie)
		return
	}
	l := c.own.late
	c.own.late = nil
	l.cell, l.writes, l.ok, l.lie = c.cell, writes, ok, lie
	l.commits += uint64(c.commits)
	l.again.add(c.own.again)
	if l.awaited == 0 {
		c.run.books.close(l)
	}
}

// close ends the books of a call that has ended.
func (b *books) close(l *late) {
	l.again.done += l.inHandAgain
	l.cell.truth.add(l.writes, l.ok, l.commits+l.inHand+l.again.commits(), l.lie)
	last := len(b.open) - 1
	b.open[l.slot] = b.open[last]
	b.open[l.slot].slot = l.slot
	b.open = b.open[:last]
	b.unused = append(b.unused, l)
}

// end closes all books when the run ends, and all calls have: requests that are on their way
// do not arrive, and work in hand goes on.
func (b *books) end() {
	for len(b.open) > 0 {
		b.close(b.open[0])
	}
}

func count(yes bool) uint32 {
	if yes {
		return 1
	}
	return 0
}
