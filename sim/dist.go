package sim

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The kinds of [Dist].
const (
	Fixed       = "fixed"       // always value
	Uniform     = "uniform"     // from lower to upper, each duration equally likely
	Lognormal   = "lognormal"   // median·e^(sigma·Z), Z standard normal: the usual shape of latencies
	Exponential = "exponential" // with the given mean: memoryless
	Pareto      = "pareto"      // min·(1-u)^(-1/alpha): a tail so heavy that below alpha = 1 it has no mean
	Empirical   = "empirical"   // measured percentiles, joined by straight lines
)

// Dist is a distribution of durations (latencies, service times, pauses) as
// plain data. Which fields apply depends on the kind; those that do not must
// be zero. The zero value has no kind and is not valid.
//
//	kind         needs                    may have
//	fixed        value
//	uniform      lower, upper
//	lognormal    median, sigma            max
//	exponential  mean                     max
//	pareto       min, alpha               max
//	empirical    percentiles
//
// [Dist.Sampler] makes it ready to draw from; [ParseDist] and [Dist.String]
// are its text form.
type Dist struct {
	Kind        string        `yaml:"dist"`                  // one of [Kinds]
	Value       time.Duration `yaml:"value,omitempty"`       // fixed: ≥ 0
	Lower       time.Duration `yaml:"lower,omitempty"`       // uniform: ≥ 0
	Upper       time.Duration `yaml:"upper,omitempty"`       // uniform: ≥ Lower
	Median      time.Duration `yaml:"median,omitempty"`      // lognormal: > 0
	Mean        time.Duration `yaml:"mean,omitempty"`        // exponential: > 0, before max cuts
	Min         time.Duration `yaml:"min,omitempty"`         // pareto: its scale, the least draw: > 0
	Max         time.Duration `yaml:"max,omitempty"`         // a longer draw becomes Max, which is at least Median, Mean or Min; 0: no limit
	Sigma       float64       `yaml:"sigma,omitempty"`       // lognormal: standard deviation of the logarithm: ≥ 0
	Alpha       float64       `yaml:"alpha,omitempty"`       // pareto: tail index: > 0, smaller is heavier
	Percentiles []Percentile  `yaml:"percentiles,omitempty"` // empirical: from p0 to p100, both ascending
}

// Percentile is one point of an empirical distribution: P percent of the
// draws are at most Value.
type Percentile struct {
	P     float64       `yaml:"p"` // 0 to 100
	Value time.Duration `yaml:"value"`
}

// Kinds returns the valid values of [Dist.Kind].
func Kinds() []string {
	return []string{Fixed, Uniform, Lognormal, Exponential, Pareto, Empirical}
}

// fieldsOf tells which fields each kind needs and, after the bar, may have, in
// the order of the text form.
var fieldsOf = map[string]struct{ needs, may []string }{
	Fixed:       {needs: []string{"value"}},
	Uniform:     {needs: []string{"lower", "upper"}},
	Lognormal:   {needs: []string{"median", "sigma"}, may: []string{"max"}},
	Exponential: {needs: []string{"mean"}, may: []string{"max"}},
	Pareto:      {needs: []string{"min", "alpha"}, may: []string{"max"}},
	Empirical:   {needs: []string{"percentiles"}},
}

// Fields returns the names of the fields (as in YAML and in the text form)
// that a kind needs and those that it may have besides; false for an unknown
// kind.
func Fields(kind string) (needs, may []string, ok bool) {
	f, ok := fieldsOf[kind]
	return slices.Clone(f.needs), slices.Clone(f.may), ok
}

// Problem is one thing wrong with a [Dist].
type Problem struct {
	Field   string // as in YAML: "dist", "median", "percentiles[2]"
	Message string // what is wrong and what would be right
}

// String returns "field: message".
func (p Problem) String() string { return p.Field + ": " + p.Message }

// InvalidError is what [Dist.Validate] returns: everything that is wrong with
// a distribution, in the order of its fields.
type InvalidError struct {
	Problems []Problem // at least one
}

// Error returns all problems in one line.
func (e *InvalidError) Error() string {
	text := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		text[i] = p.String()
	}
	return "sim: invalid distribution: " + strings.Join(text, "; ")
}

// Validate returns nil, or an *[InvalidError] that holds every problem of d.
func (d Dist) Validate() error {
	var c checker
	if f, ok := fieldsOf[d.Kind]; !ok {
		c.add("dist", "%s", unknownKind(d.Kind))
	} else {
		c.strangers(d, f.needs, f.may)
		c.values(d)
	}
	if len(c.problems) == 0 {
		return nil
	}
	return &InvalidError{Problems: c.problems}
}

func unknownKind(kind string) string {
	if kind == "" {
		return "missing; want one of " + strings.Join(Kinds(), ", ")
	}
	return fmt.Sprintf("unknown distribution %q; want one of %s", kind, strings.Join(Kinds(), ", "))
}

// Equal reports whether d and o are the same distribution, written the same
// way.
func (d Dist) Equal(o Dist) bool {
	p, q := d.Percentiles, o.Percentiles
	d.Percentiles, o.Percentiles = nil, nil
	return d.scalars() == o.scalars() && slices.Equal(p, q)
}

// scalars is a Dist without its percentiles, which is comparable.
type scalars struct {
	kind                                        string
	value, lower, upper, median, mean, min, max time.Duration
	sigma, alpha                                float64
}

func (d Dist) scalars() scalars {
	return scalars{d.Kind, d.Value, d.Lower, d.Upper, d.Median, d.Mean, d.Min, d.Max, d.Sigma, d.Alpha}
}

// checker collects problems.
type checker struct{ problems []Problem }

func (c *checker) add(field, format string, args ...any) {
	c.problems = append(c.problems, Problem{field, fmt.Sprintf(format, args...)})
}

// strangers reports the fields that are set although the kind has no use for
// them.
func (c *checker) strangers(d Dist, needs, may []string) {
	for _, f := range d.fields() {
		if f.set && !slices.Contains(needs, f.name) && !slices.Contains(may, f.name) {
			c.add(f.name, "does not apply to %s, which takes %s", d.Kind, strings.Join(append(slices.Clone(needs), may...), ", "))
		}
	}
}

// values checks the fields that belong to d's kind.
func (c *checker) values(d Dist) {
	switch d.Kind {
	case Fixed:
		c.notNegative("value", d.Value)
	case Uniform:
		c.notNegative("lower", d.Lower)
		if d.Upper < d.Lower {
			c.add("upper", "must be at least lower (%v), is %v", d.Lower, d.Upper)
		}
	case Lognormal:
		c.positive("median", d.Median)
		if !(d.Sigma >= 0) || math.IsInf(d.Sigma, 0) {
			c.add("sigma", "must be a number that is not negative, such as 0.5, is %v", d.Sigma)
		}
		if d.Max > 0 && d.Max < d.Median {
			c.add("max", "must be at least the median (%v), is %v", d.Median, d.Max)
		}
	case Exponential:
		c.positive("mean", d.Mean)
		if d.Max > 0 && d.Max < d.Mean {
			c.add("max", "must be at least the mean (%v), is %v", d.Mean, d.Max)
		}
	case Pareto:
		c.positive("min", d.Min)
		if !(d.Alpha > 0) || math.IsInf(d.Alpha, 0) {
			c.add("alpha", "must be a positive number, such as 1.5, is %v", d.Alpha)
		}
		if d.Max > 0 && d.Max < d.Min {
			c.add("max", "must be at least min (%v), is %v", d.Min, d.Max)
		}
	case Empirical:
		c.percentiles(d.Percentiles)
	}
	if d.Max < 0 {
		c.add("max", "must be positive, or 0 for no limit, is %v", d.Max)
	}
}

func (c *checker) notNegative(field string, d time.Duration) {
	if d < 0 {
		c.add(field, "must not be negative, is %v", d)
	}
}

func (c *checker) positive(field string, d time.Duration) {
	if d <= 0 {
		c.add(field, "must be positive, such as 30ms, is %v", d)
	}
}

func (c *checker) percentiles(list []Percentile) {
	if len(list) == 0 {
		c.add("percentiles", "missing; want points from p0 to p100, such as {p0: 1ms, p50: 30ms, p100: 5s}")
		return
	}
	for i, p := range list {
		at := "percentiles[" + strconv.Itoa(i) + "]"
		switch {
		case !(p.P >= 0 && p.P <= 100):
			c.add(at, "p must be from 0 to 100, is %v", p.P)
		case i > 0 && !(p.P > list[i-1].P):
			c.add(at, "p%v must come before p%v, once", p.P, list[i-1].P)
		}
		switch {
		case p.Value < 0:
			c.add(at, "must not be negative, is %v", p.Value)
		case i > 0 && p.Value < list[i-1].Value:
			c.add(at, "p%v must be at least p%v (%v), is %v", p.P, list[i-1].P, list[i-1].Value, p.Value)
		}
	}
	if list[0].P != 0 {
		c.add("percentiles", "must start at p0, the least duration, not at p%v", list[0].P)
	}
	if last := list[len(list)-1].P; last != 100 {
		c.add("percentiles", "must end at p100, the greatest duration, not at p%v", last)
	}
}
