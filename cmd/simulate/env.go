package main

import (
	"io"
	"os"
	"time"
)

// environment is all that the command takes from its process, so that a test
// can be the process. Files are the exception: paths mean what they mean to the
// operating system.
type environment struct {
	Args   []string // without the program's name
	Stdin  io.Reader
	Stdout io.Writer // results
	Stderr io.Writer // progress, errors, and why a run failed

	LookupEnv      func(key string) (value string, ok bool)
	StdoutTerminal bool       // results are read by a person: colours are allowed
	StderrTerminal bool       // errors are read by a person: a progress bar is allowed
	Width          func() int // the terminal's width in columns; 0: unknown

	Environ func() []string                   // of programs that the command runs
	Signals func() (<-chan os.Signal, func()) // those that ask to end, from the call until the function is called

	Now func() time.Time // for telling how long something took; no result depends on it
}

// color tells whether results may be coloured: on a terminal, unless NO_COLOR
// is set to anything but nothing (no-color.org), or the terminal is dumb.
func (e environment) color() bool {
	if v, ok := e.LookupEnv("NO_COLOR"); ok && v != "" {
		return false
	}
	if v, ok := e.LookupEnv("TERM"); ok && v == "dumb" {
		return false
	}
	return e.StdoutTerminal
}

// columns is how wide results may be: the terminal's width, 0 (no bound) when
// they go to a file or a pipe.
func (e environment) columns() int {
	if !e.StdoutTerminal || e.Width == nil {
		return 0
	}
	return e.Width()
}
