package fleet

// pool holds the calls of a run: those in flight, and those that have ended and wait to
// be used again. They lie in blocks that do not move, and events name them by their index.
type pool struct {
	blocks [][]call
	given  uint32 // calls that have been given out, each once
	free   uint32 // index + 1 of one that has ended, which has that of the next in its place; 0: none
	flying int
	seen   uint64 // means nothing: what touch has read
}

// blockSize is the number of calls in a block: so many of any size fill whole pages.
const (
	blockBits = 10
	blockSize = 1 << blockBits
)

func (p *pool) at(index uint32) *call {
	return &p.blocks[index>>blockBits][index%blockSize]
}

// touch reads a little of each of the three cache lines of a call.
func (p *pool) touch(index uint32) {
	c := p.at(index)
	p.seen += c.client + uint64(c.sent) + uint64(c.generation)
}

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
	if p.free != 0 {
		c := p.at(p.free - 1)
		p.free = c.number
		return c
	}
	if p.given%blockSize == 0 {
		p.blocks = append(p.blocks, make([]call, blockSize))
	}
	c := p.at(p.given)
	c.index = p.given
	p.given++
	return c
}

// release takes a call back. Events that it waits for come to nothing.
func (p *pool) release(c *call) {
	if c.flying {
		p.flying--
		c.flying = false
	}
	c.generation++
	c.number, p.free = p.free, c.index+1
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
