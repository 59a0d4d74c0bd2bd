package fleet

import "github.com/squall-sim/squall/reports"

// truth holds what the backend carried out against what the callers were told. An
// attempt that the backend has room for is carried out, also where its client no
// longer waits or the run ends before the answer: the work goes on.
type truth struct {
	writes                          uint64 // calls that were there to change something
	failures, successes, duplicates uint64
}

// add books the end of a call: whether it was there to change something, whether
// its caller was told success, how many changes its attempts made, and whether the
// answer was a lie.
func (t *truth) add(writes, ok bool, commits uint64, lie bool) {
	if writes {
		t.writes++
	}
	if commits > 1 {
		t.duplicates += commits - 1
	}
	switch {
	case !ok && commits > 0:
		t.failures++
	case ok && (lie || writes && commits == 0):
		t.successes++
	}
}

func (t *truth) merge(o truth) {
	t.writes += o.writes
	t.failures += o.failures
	t.successes += o.successes
	t.duplicates += o.duplicates
}

func (t truth) report() reports.Truth {
	return reports.Truth{Writes: t.writes, FalseFailures: t.failures, FalseSuccesses: t.successes, Duplicates: t.duplicates}
}
