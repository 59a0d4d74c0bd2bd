// Package peers holds the benchmark of squall's retry and breaker against the
// libraries that people use today: one table of cases, which the benchmarks of
// this package and the command cmd/peers both run.
//
// Every library is set up alike: three attempts in all, no delay, no hooks, no
// attempt timeout, and everything that can be made once is made once, outside
// the loop. A library whose policy objects cannot be reused (cenkalti's BackOff
// is reset by each call, sethvargo's counts on) gets what its documentation
// asks for: a new one for each call.
package peers

import (
	"context"
	"errors"
	"testing"
)

// Case is one thing that every library is asked to do.
type Case struct {
	Name    string
	Entries []Entry // squall's first
}

// Entry is one library in one case.
type Entry struct {
	Library string
	Run     func(b *testing.B)
}

// Cases returns all cases, in the order of the table.
func Cases() []Case {
	return []Case{
		{"success", retries(succeed)},
		{"one-failure", retries(failOnce)},
		{"http-success", transports(succeed)},
		{"http-one-failure", transports(failOnce)},
		{"breaker-closed", breakers(closedLoop)},
		{"breaker-open", breakers(openLoop)},
		{"breaker-closed-parallel", breakers(parallelLoop)},
		{"breaker-rate-closed", windowBreakers(closedLoop)},
	}
}

// errBackend is what a failing attempt returns. Its methods make it retryable
// to every library that has a classifier.
var errBackend error = backendError{}

type backendError struct{}

func (backendError) Error() string        { return "backend failed" }
func (backendError) Retryable() bool      { return true }
func (backendError) RetryableError() bool { return true }

var errLost = errors.New("peers: the result was lost")

// sink keeps results alive.
var sink int

// op is an operation that fails a given number of times before it succeeds.
// It is made once for a loop and wound up for each call.
type op struct{ left, failures int }

func (o *op) wind() { o.left = o.failures }

func (o *op) call() (int, error) {
	if o.left > 0 {
		o.left--
		return 0, errBackend
	}
	return 42, nil
}

func (o *op) callContext(context.Context) (int, error) { return o.call() }

type failures int

const (
	succeed  failures = 0
	failOnce failures = 1
)

// measure runs one call after another and demands the result of each.
func measure(b *testing.B, o *op, call func() (int, error)) {
	b.ReportAllocs()
	for b.Loop() {
		o.wind()
		v, err := call()
		if err != nil || v != 42 {
			b.Fatal(errors.Join(errLost, err))
		}
		sink = v
	}
}
