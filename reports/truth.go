package reports

import (
	"fmt"
	"strings"
)

// truth tells, for each operation, where callers were not told what the backend
// did, and what it did more than once.
func (t *textWriter) truth(p *Policy) string {
	var parts []string
	for i := range p.Ops {
		truth := &p.Ops[i].Metrics.Truth
		var wrong []string
		add := func(n uint64, one, many string, bad bool) {
			s := FormatCount(n) + " " + many
			switch {
			case n == 0:
				return
			case n == 1:
				s = "1 " + one
			}
			if bad {
				s = t.paint(red, s)
			}
			wrong = append(wrong, s)
		}
		add(truth.FalseFailures, "false failure", "false failures", false)
		add(truth.FalseSuccesses, "false success", "false successes", true)
		add(truth.Duplicates, "duplicate", "duplicates", false)
		if len(wrong) > 0 {
			parts = append(parts, fmt.Sprintf("%s: %s", OneLine(p.Ops[i].Op), strings.Join(wrong, ", ")))
		}
	}
	return limited(parts, 8, "; ")
}
