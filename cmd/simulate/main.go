package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
)

// main wires the process to run and does nothing else: every other function of
// this package takes what it needs as an argument, and is tested that way.
func main() {
	// The first signal ends ctx, and with it the run, which keeps what it has.
	// stop gives the signals back to the system, so that a second one kills.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, systemEnv()))
}

// systemEnv is the process as an environment.
func systemEnv() environment {
	return environment{
		Args:           os.Args[1:],
		Stdin:          os.Stdin,
		Stdout:         os.Stdout,
		Stderr:         os.Stderr,
		LookupEnv:      os.LookupEnv,
		StdoutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		StderrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		Width:          stdoutWidth,
		Environ:        os.Environ,
		Signals:        endSignals,
		Now:            wallClock,
	}
}

// endSignals are the signals that ask to end, for a command that hands them on.
func endSignals() (<-chan os.Signal, func()) {
	c := make(chan os.Signal, 8)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	return c, func() { signal.Stop(c) }
}

// stdoutWidth is the terminal's width in columns, 0 where there is none.
func stdoutWidth() int {
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		return 0
	}
	return width
}
