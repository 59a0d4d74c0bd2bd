package s3fake

import (
	"slices"
	"sort"
)

// keyset is a sorted set of keys in blocks: inserting moves one block's keys at
// most, so a million keys are as easy as a thousand. The zero value is empty.
type keyset struct {
	blocks [][]string // none empty, all sorted
}

const blockSize = 512

// block returns the number of the block where key is or belongs.
func (s *keyset) block(key string) int {
	i := sort.Search(len(s.blocks), func(i int) bool { return s.blocks[i][0] > key })
	return max(0, i-1)
}

func (s *keyset) insert(key string) {
	if len(s.blocks) == 0 {
		s.blocks = [][]string{{key}}
		return
	}
	n := s.block(key)
	b := s.blocks[n]
	i, found := slices.BinarySearch(b, key)
	if found {
		return
	}
	b = slices.Insert(b, i, key)
	s.blocks[n] = b
	if len(b) > 2*blockSize {
		right := slices.Clone(b[blockSize:])
		clear(b[blockSize:])
		s.blocks[n] = b[:blockSize]
		s.blocks = slices.Insert(s.blocks, n+1, right)
	}
}

func (s *keyset) remove(key string) {
	if len(s.blocks) == 0 {
		return
	}
	n := s.block(key)
	i, found := slices.BinarySearch(s.blocks[n], key)
	if !found {
		return
	}
	s.blocks[n] = slices.Delete(s.blocks[n], i, i+1)
	if len(s.blocks[n]) == 0 {
		s.blocks = slices.Delete(s.blocks, n, n+1)
	}
}

// cursor walks over a keyset that does not change meanwhile.
type cursor struct {
	set          *keyset
	block, index int
}

// seek returns a cursor at the first key that is not below key.
func (s *keyset) seek(key string) cursor {
	if len(s.blocks) == 0 {
		return cursor{set: s}
	}
	n := s.block(key)
	i, _ := slices.BinarySearch(s.blocks[n], key)
	return cursor{set: s, block: n, index: i}
}

// next returns the key at the cursor and moves on; false at the end.
func (c *cursor) next() (string, bool) {
	for c.block < len(c.set.blocks) {
		if b := c.set.blocks[c.block]; c.index < len(b) {
			c.index++
			return b[c.index-1], true
		}
		c.block, c.index = c.block+1, 0
	}
	return "", false
}
