package matrix

import (
	"fmt"
	"strings"
	"time"

	"github.com/squall-sim/squall/reports"
)

// Change is a cell that is not as it was.
type Change struct {
	Client, Fault, Op string
	// What are the fields that changed, as "attempts 3, were 5"; or that the cell
	// is new, or gone.
	What []string
}

// String is the change in one line.
func (c Change) String() string {
	where := fmt.Sprintf("%s, %s on %s", c.Client, c.Fault, c.Op)
	return reports.OneLine(where + ": " + strings.Join(c.What, "; "))
}

// Compare lists the cells in which now differs from what was kept: those that
// changed, in the order of now and with those that are new, then those that are
// gone. Of programs, whose time is real, delays and what they say do not count.
func Compare(kept, now *Matrix) []Change {
	type key struct{ client, fault, op string }
	keyOf := func(c *Cell) key { return key{c.Client, c.Fault, c.Op} }
	before := make(map[key]*Cell, len(kept.Cells))
	for i := range kept.Cells {
		before[keyOf(&kept.Cells[i])] = &kept.Cells[i]
	}
	there := make(map[key]bool, len(now.Cells))
	var changes []Change
	for i := range now.Cells {
		c := &now.Cells[i]
		there[keyOf(c)] = true
		was := before[keyOf(c)]
		what := []string{"it is new"}
		if was != nil {
			what = differences(was, c)
		}
		if len(what) > 0 {
			changes = append(changes, Change{c.Client, c.Fault, c.Op, what})
		}
	}
	for i := range kept.Cells {
		if c := &kept.Cells[i]; !there[keyOf(c)] {
			changes = append(changes, Change{c.Client, c.Fault, c.Op, []string{"it is gone"}})
		}
	}
	return changes
}

// differences names the fields of a cell that changed.
func differences(was, is *Cell) []string {
	var out []string
	differ := func(name, before, after string) {
		if before != after {
			out = append(out, fmt.Sprintf("%s %s, was %s", name, orNothing(after), orNothing(before)))
		}
	}
	differ("attempts", was.Attempts.String(), is.Attempts.String())
	differ("class", was.Class, is.Class)
	differ("ended", was.Ended, is.Ended)
	differ("breaker", was.Breaker, is.Breaker)
	differ("hint", was.Hint, is.Hint)
	differ("truth", was.Truth, is.Truth)
	differ("exit code", fmt.Sprint(was.ExitCode), fmt.Sprint(is.ExitCode))
	if is.program() {
		return out
	}
	differ("got", was.Got, is.Got)
	differ("first delay", exact(was.Delay.MinNS, was.Delay.MaxNS), exact(is.Delay.MinNS, is.Delay.MaxNS))
	differ("took", exact(was.TookNS.Min, was.TookNS.Max), exact(is.TookNS.Min, is.TookNS.Max))
	return out
}

// program reports whether the cell is one of a program.
func (c *Cell) program() bool { return c.Ended == endedExit || c.Ended == endedLate }

// exact writes a range of nanoseconds without rounding.
func exact(low, high int64) string {
	text := time.Duration(low).String()
	if high != low {
		text += "–" + time.Duration(high).String()
	}
	return text
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}
