//go:build unix

package sim

import (
	"syscall"
	"testing"
	"time"
)

// processor is the time that this process has had of all processors: unlike the time
// of day, it does not grow by what other processes do.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
