package published

import (
	"fmt"
	"math"
	"strconv"

	"github.com/squall-sim/squall/reports"
)

// Effort is the share of a study's runs that are made, above 0 and at most 1.
type Effort float64

// Full makes all runs that a study is meant to have.
const Full Effort = 1

// of returns how many of all runs an effort makes, and at least so many.
func (e Effort) of(all, least int) int {
	return min(all, max(least, int(math.Ceil(float64(e)*float64(all)))))
}

// Study is one published result.
type Study struct {
	Result string // its number, as in "R1"
	Title  string
	Source string // who published it, and where
	Model  string // what is simulated, which parts of it are ours, and what is odd: Markdown
	Run    func(Effort) Report
}

// Report is what a study found. It is plain data, the same in every process.
type Report struct {
	Checks  []Check
	Figures []reports.Chart
	Notes   []string // paragraphs of Markdown under the table
	Table   string   // one more table of Markdown, under the notes; or empty
}

// Check is one published number, or one that theory gives, beside ours.
type Check struct {
	Result    string // of the study, as in "R1"
	Name      string // what the number is, as in "N = 20, full jitter: calls"
	Unit      string // as in "ms"; empty for a plain number
	Digits    int    // decimals that are shown
	Published float64
	Measured  float64
	Tolerance float64 // the largest difference that passes
	Test      string  // how the tolerance came about
	Pass      bool
}

// String is the check in one line.
func (c Check) String() string {
	verdict := "ok"
	if !c.Pass {
		verdict = "FAILED"
	}
	row := c.Row()
	return fmt.Sprintf("%s %s: %s, measured %s ± %s (%s): %s", c.Result, c.Name,
		row.Published, row.Measured, row.Tolerance, c.Test, verdict)
}

// Row is the numbers of a [Check] as they are shown.
type Row struct{ Published, Measured, Tolerance string }

// Row returns the numbers as they are shown, with their unit. What is measured has a
// decimal more than what was published, unless it has to be equal to it.
func (c Check) Row() Row {
	number := func(x float64, digits int) string {
		s := strconv.FormatFloat(x, 'f', digits, 64)
		switch c.Unit {
		case "":
			return s
		case "%":
			return s + c.Unit
		}
		return s + " " + c.Unit
	}
	digits := c.Digits + 1
	if c.Tolerance == 0 {
		digits = c.Digits
	}
	return Row{number(c.Published, c.Digits), number(c.Measured, digits), number(c.Tolerance, digits)}
}

// within999 is the number of standard errors that a normal variable stays within in
// 99.9 % of all cases.
const within999 = 3.2905267314918945

// student is the number of standard errors that the mean of n runs stays within as
// often as a normal variable within z, as the standard error is that of the runs
// themselves. (Student's distribution by the expansion of Cornish and Fisher;
// Abramowitz and Stegun 26.7.5. From 5 runs on it is less than 2 % off at 99.9 %.)
func student(z float64, n int) float64 {
	v := float64(max(n-1, 1))
	z2 := float64(z * z)
	t := float64(z*(z2+1)) / 4
	t2 := float64(z*(float64(z2*(float64(5*z2)+16))+3)) / 96
	t3 := float64(z*(float64(z2*(float64(z2*(float64(3*z2)+19))+17))-15)) / 384
	t4 := float64(z*(float64(z2*(float64(z2*(float64(z2*(float64(79*z2)+776))+1482))-1920))-945)) / 92160
	return z + (t+(t2+(t3+t4/v)/v)/v)/v
}

// against judges a mean of ours by a published one whose standard error is known,
// or 0 where it is exact: the difference has at most 3.29 standard errors, or as many
// more as Student's distribution has for few runs.
func (c Check) against(published, standardError float64, m mean) Check {
	c.Published, c.Measured = published, m.value
	c.Tolerance = math.Hypot(float64(student(within999, m.n)*m.err), float64(within999*standardError)) + c.rounding()
	c.Test = fmt.Sprintf("99.9 %% interval of the difference, %d runs", m.n)
	if standardError == 0 {
		c.Test = fmt.Sprintf("99.9 %% interval, %d runs", m.n)
	}
	return c.judged()
}

// oneOf judges the mean of our runs by the number of a single one that was
// published: is that a run as ours are?
func (c Check) oneOf(published float64, m mean) Check {
	c.Published, c.Measured = published, m.value
	c.Tolerance = float64(student(within999, m.n)*m.err*math.Sqrt(float64(m.n)+1)) + c.rounding()
	c.Test = fmt.Sprintf("99.9 %% interval of a single run, from %d runs", m.n)
	return c.judged()
}

// exactly judges a number that has no noise.
func (c Check) exactly(published, measured, tolerance float64, test string) Check {
	c.Published, c.Measured, c.Tolerance, c.Test = published, measured, tolerance, test
	return c.judged()
}

// rounding is half a unit of the last digit that was published.
func (c Check) rounding() float64 { return 0.5 * math.Pow10(-c.Digits) }

func (c Check) judged() Check {
	c.Pass = math.Abs(c.Measured-c.Published) <= c.Tolerance // false for NaN
	return c
}
