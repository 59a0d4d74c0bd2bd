package breaker

import (
	"fmt"
	"strconv"
	"strings"
)

// String describes the settings in one line, defaults left out, as in "opens after 5
// failures, or at 50% failures in 30s, for 30s, growing ×2 to 5m0s".
func (c Config) String() string {
	var rules []string
	if c.Failures > 0 {
		rules = append(rules, fmt.Sprintf("after %d failures", c.Failures))
	}
	if f := c.FailureCount; f != (FailureCount{}) {
		rules = append(rules, fmt.Sprintf("at %d failures %s", f.Failures, f.Window))
	}
	if f := c.FailureRate; f != (FailureRate{}) {
		rules = append(rules, percent(f.Rate)+" failures "+f.Window.atLeast(f.MinCalls))
	}
	if s := c.SlowRate; s != (SlowRate{}) {
		rules = append(rules, fmt.Sprintf("%s slower than %v %s", percent(s.Rate), s.After, s.Window.atLeast(s.MinCalls)))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "opens %s for %v", strings.Join(rules, ", or "), c.OpenFor)
	if c.OpenMultiplier > 1 {
		fmt.Fprintf(&b, ", growing ×%v to %v", c.OpenMultiplier, c.OpenMax)
	}
	if c.OpenJitter > 0 {
		fmt.Fprintf(&b, ", %v of it by chance", c.OpenJitter)
	}
	if c.MaxHint > 0 {
		fmt.Fprintf(&b, ", up to %v if the server says so", c.MaxHint)
	}
	if c.spare() > 0 {
		fmt.Fprintf(&b, ", closes after %d of %d probes", c.Successes, c.Probes)
	} else if c.Probes > 1 {
		fmt.Fprintf(&b, ", closes after %d probes", c.Probes)
	}
	if c.ProbeLease > 0 {
		fmt.Fprintf(&b, " of at most %v", c.ProbeLease)
	}
	if c.Shadow {
		b.WriteString(", in shadow")
	}
	return b.String()
}

// String says which calls these are, as in "of the last 20 calls" or "in 30s".
func (w Window) String() string {
	if w.Calls > 0 {
		return fmt.Sprintf("of the last %d calls", w.Calls)
	}
	return "in " + w.Span.String()
}

// atLeast is String with the calls that there must be, where they are not all.
func (w Window) atLeast(calls int) string {
	if n := w.minCalls(calls); n != uint64(w.Calls) {
		return fmt.Sprintf("%s (%d calls or more)", w, n)
	}
	return w.String()
}

func percent(rate float64) string {
	return "at " + strconv.FormatFloat(rate*100, 'g', 6, 64) + "%"
}
