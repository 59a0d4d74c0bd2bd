package fleet

// pool holds the calls of a run: those in flight, and those that have ended and wait to
// be used again. They lie in blocks that do not move, as events point to them.
type pool struct {
	blocks []*block
	used   int     // calls of the last block that have been given out
	free   []*call // those that have ended
	flying int
}

type block [256]call

// take gives out a call that begins. Its generation goes on from where it was; all else is
// to be set.
func (p *pool) take() *call {
	c := p.spare()
	c.flying = true
	p.flying++
	return c
}

// spare is take for what is none of the calls in flight.
func (p *pool) spare() *call {
	if n := len(p.free); n > 0 {
		c := p.free[n-1]
		p.free = p.free[:n-1]
		return c
	}
	if len(p.blocks) == 0 || p.used == len(block{}) {
		p.blocks, p.used = append(p.blocks, new(block)), 0
	}
	p.used++
	return &p.blocks[len(p.blocks)-1][p.used-1]
}

// release takes a call back. Events that it waits for come to nothing.
func (p *pool) release(c *call) {
	if c.flying {
		p.flying--
		c.flying = false
	}
	c.generation++
	p.free = append(p.free, c)
}

// each gives all calls in flight to what, which may release them, and must begin none.
func (p *pool) each(what func(*call)) {
	for _, b := range p.blocks {
		for i := range b {
			if b[i].flying {
				what(&b[i])
			}
		}
	}
}
