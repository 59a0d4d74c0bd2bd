package main

import (
	"context"
	"errors"
	"io"
)

// errInterrupted is what a read ends with when the signal comes before its data.
var errInterrupted = errors.New("interrupted")

// stoppable reads until ctx ends: a signal must end a command that waits for
// somebody to type, and one that reads a log of gigabytes.
type stoppable struct {
	ctx  context.Context
	from io.Reader
	buf  []byte
}

// Read reads on a goroutine of its own, which is left behind when ctx ends: a
// read that hangs cannot be called off. So it has a buffer of its own too.
func (s *stoppable) Read(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, errInterrupted
	}
	if len(p) == 0 {
		return 0, nil
	}
	if len(s.buf) < len(p) {
		s.buf = make([]byte, len(p))
	}
	type result struct {
		n   int
		err error
	}
	done := make(chan result, 1)
	buf := s.buf[:len(p)]
	go func() {
		n, err := s.from.Read(buf)
		done <- result{n, err}
	}()
	select {
	case r := <-done:
		return copy(p, buf[:r.n]), r.err
	case <-s.ctx.Done():
		return 0, errInterrupted
	}
}
