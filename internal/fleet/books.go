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
	lost, repeated  uint64 // see job.end
	slot            int    // in books.open
}

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
func (b *books) settle(l *late, commits uint64) {
	l.awaited--
	l.commits += commits
	if l.awaited == 0 && l.cell != nil {
		b.close(l)
	}
}

// book holds what the backend carried out for the call against what its caller is told.
func (c *call) book(ok bool) {
	writes, lie := c.run.mix.ops[c.op].writes, ok && c.lie
	if c.own == nil || c.own.late == nil {
		c.cell.truth.add(writes, ok, uint64(c.commits), lie)
		return
	}
	l := c.own.late
	c.own.late = nil
	l.cell, l.writes, l.ok, l.lie = c.cell, writes, ok, lie
	l.commits += uint64(c.commits)
	if l.awaited == 0 {
		c.run.books.close(l)
	}
}

// close ends the books of a call that has ended.
func (b *books) close(l *late) {
	l.cell.truth.add(l.writes, l.ok, l.commits+l.inHand+min(l.lost, l.repeated), l.lie)
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
