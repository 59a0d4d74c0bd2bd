//go:build !race

package sim_test

// racing is true under the race detector, which makes long computations on one
// goroutine slower by ten and finds nothing in them.
const racing = false
