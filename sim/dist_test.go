package sim_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/sim"
)

func TestValidateNamesEveryProblem(t *testing.T) {
	const ms, s = time.Millisecond, time.Second
	type points = []sim.Percentile
	tests := []struct {
		dist sim.Dist
		want []string // field: part of the message
	}{
		{sim.Dist{}, []string{"dist: missing; want one of fixed, uniform, lognormal, exponential, pareto, empirical"}},
		{sim.Dist{Kind: "gamma"}, []string{`dist: unknown distribution "gamma"; want one of fixed`}},
		{sim.Dist{Kind: "Fixed"}, []string{`dist: unknown distribution "Fixed"`}},
		{sim.Dist{Kind: "fixed", Value: -ms}, []string{"value: must not be negative, is -1ms"}},
		{sim.Dist{Kind: "fixed", Value: ms, Sigma: 1, Max: s}, []string{"sigma: does not apply to fixed, which takes value", "max: does not apply"}},
		{sim.Dist{Kind: "fixed", Sigma: math.NaN()}, []string{"sigma: does not apply"}},
		{sim.Dist{Kind: "uniform", Lower: 2 * ms, Upper: ms}, []string{"upper: must be at least lower (2ms), is 1ms"}},
		{sim.Dist{Kind: "uniform", Lower: -2 * ms, Upper: -3 * ms}, []string{"lower: must not be negative", "upper: must be at least lower"}},
		{sim.Dist{Kind: "lognormal"}, []string{"median: must be positive, such as 30ms, is 0s"}},
		{sim.Dist{Kind: "lognormal", Median: ms, Sigma: -1, Max: -1}, []string{"sigma: must be a number that is not negative", "max: must be positive, or 0 for no limit, is -1ns"}},
		{sim.Dist{Kind: "lognormal", Median: ms, Sigma: math.NaN()}, []string{"sigma: must be a number"}},
		{sim.Dist{Kind: "lognormal", Median: ms, Sigma: math.Inf(1)}, []string{"sigma: must be a number"}},
		{sim.Dist{Kind: "exponential", Mean: -1}, []string{"mean: must be positive"}},
		{sim.Dist{Kind: "pareto"}, []string{"min: must be positive", "alpha: must be a positive number"}},
		{sim.Dist{Kind: "lognormal", Median: s, Max: ms}, []string{"max: must be at least the median (1s), is 1ms"}},
		{sim.Dist{Kind: "exponential", Mean: s, Max: ms}, []string{"max: must be at least the mean (1s), is 1ms"}},
		{sim.Dist{Kind: "pareto", Min: s, Alpha: math.NaN(), Max: ms}, []string{"alpha: must be a positive number, such as 1.5, is NaN", "max: must be at least min (1s), is 1ms"}},
		{sim.Dist{Kind: "pareto", Min: s, Alpha: math.Inf(1)}, []string{"alpha: must be a positive number"}},
		{sim.Dist{Kind: "empirical"}, []string{"percentiles: missing; want points from p0 to p100"}},
		{sim.Dist{Kind: "empirical", Percentiles: points{{P: 50, Value: ms}}}, []string{"percentiles: must start at p0", "percentiles: must end at p100"}},
		{sim.Dist{Kind: "empirical", Percentiles: points{{P: 0, Value: 2 * ms}, {P: 50, Value: ms}, {P: 50, Value: ms}, {P: 100, Value: ms}}},
			[]string{"percentiles[1]: p50 must be at least p0 (2ms), is 1ms", "percentiles[2]: p50 must come before p50, once"}},
		{sim.Dist{Kind: "empirical", Percentiles: points{{P: -1, Value: -1}, {P: math.NaN()}, {P: 101, Value: 1}}},
			[]string{"percentiles[0]: p must be from 0 to 100, is -1", "percentiles[0]: must not be negative, is -1ns", "percentiles[1]: p must be from 0 to 100, is NaN",
				"percentiles[2]: p must be from 0 to 100, is 101", "percentiles: must start at p0", "percentiles: must end at p100"}},
	}
	for _, test := range tests {
		err := test.dist.Validate()
		var invalid *sim.InvalidError
		if !errors.As(err, &invalid) {
			t.Errorf("%v: error %v, want problems %q", test.dist, err, test.want)
			continue
		}
		got := make([]string, len(invalid.Problems))
		for i, p := range invalid.Problems {
			got[i] = p.String()
			if !strings.Contains(err.Error(), got[i]) {
				t.Errorf("%v: error text %q lacks %q", test.dist, err, got[i])
			}
		}
		if !slices.EqualFunc(got, test.want, strings.HasPrefix) {
			t.Errorf("%v: problems\n\t%q, want\n\t%q", test.dist, got, test.want)
		}
		if s, err := test.dist.Sampler(); s != nil || err == nil {
			t.Errorf("%v: has a sampler", test.dist)
		}
	}
}

func TestValidDistributions(t *testing.T) {
	for _, d := range append(slices.Clone(everyKind),
		sim.Dist{Kind: sim.Fixed},
		sim.Dist{Kind: sim.Uniform},
		sim.Dist{Kind: sim.Uniform, Lower: time.Second, Upper: time.Second},
		sim.Dist{Kind: sim.Lognormal, Median: 1},
		sim.Dist{Kind: sim.Lognormal, Median: sim.Never, Sigma: math.MaxFloat64},
		sim.Dist{Kind: sim.Pareto, Min: 1, Alpha: math.SmallestNonzeroFloat64},
	) {
		if err := d.Validate(); err != nil {
			t.Errorf("%v: %v", d, err)
		}
	}
}

// What Fields says is what Validate demands: a field that it does not name is
// refused.
func TestFieldsCoverTheStruct(t *testing.T) {
	all := map[string]bool{}
	for _, kind := range sim.Kinds() {
		needs, may, ok := sim.Fields(kind)
		if !ok || len(needs) == 0 {
			t.Errorf("%s needs nothing", kind)
		}
		for _, f := range append(needs, may...) {
			all[f] = true
		}
	}
	typ := reflect.TypeFor[sim.Dist]()
	for i := range typ.NumField() {
		name, _, _ := strings.Cut(typ.Field(i).Tag.Get("yaml"), ",")
		if name != "dist" && !all[name] {
			t.Errorf("field %s (%q) belongs to no kind", typ.Field(i).Name, name)
		}
		delete(all, name)
	}
	if len(all) != 0 {
		t.Errorf("fields %v are not in the struct", all)
	}
	if _, _, ok := sim.Fields("gamma"); ok {
		t.Error("an unknown kind has fields")
	}
}

func TestParseDist(t *testing.T) {
	const ms, s = time.Millisecond, time.Second
	tests := []struct {
		text string
		want sim.Dist
	}{
		{"fixed(value=20ms)", sim.Dist{Kind: "fixed", Value: 20 * ms}},
		{"20ms", sim.Dist{Kind: "fixed", Value: 20 * ms}},
		{" 1m30s ", sim.Dist{Kind: "fixed", Value: 90 * s}},
		{"0", sim.Dist{Kind: "fixed"}},
		{"uniform(lower=1ms,upper=2ms)", sim.Dist{Kind: "uniform", Lower: ms, Upper: 2 * ms}},
		{" uniform ( upper = 2ms , lower = 0 ) ", sim.Dist{Kind: "uniform", Upper: 2 * ms}},
		{"lognormal(median=30ms,sigma=0.6,max=5s)", sim.Dist{Kind: "lognormal", Median: 30 * ms, Sigma: 0.6, Max: 5 * s}},
		{"lognormal(sigma=6e-1,median=30ms)", sim.Dist{Kind: "lognormal", Median: 30 * ms, Sigma: 0.6}},
		{"exponential(mean=1s)", sim.Dist{Kind: "exponential", Mean: s}},
		{"pareto(min=5ms,alpha=1.5,max=1m0s)", sim.Dist{Kind: "pareto", Min: 5 * ms, Alpha: 1.5, Max: 60 * s}},
		{"empirical(p0=1ms,p99.9=2s,p100=5s)", sim.Dist{Kind: "empirical", Percentiles: []sim.Percentile{{0, ms}, {99.9, 2 * s}, {100, 5 * s}}}},
	}
	for _, test := range tests {
		got, err := sim.ParseDist(test.text)
		if err != nil || !got.Equal(test.want) {
			t.Errorf("ParseDist(%q) = %+v, %v, want %+v", test.text, got, err, test.want)
		}
	}
}

func TestParseDistPointsAtTheMistake(t *testing.T) {
	tests := []struct {
		text, at string // at: what stands at the offset
		message  string
	}{
		{"", "", "want a duration such as 30ms, or a distribution"},
		{"30", "30", "want a duration such as 30ms"},
		{"quick", "quick", "want a duration such as 30ms"},
		{"-5ms", "-5ms", "value: must not be negative, is -5ms"},
		{"lognormal", "", "want brackets with median and sigma after lognormal"},
		{"  gamma(k=2)", "gamma(k=2)", `unknown distribution "gamma"; want one of fixed`},
		{"(value=1s)", "(value=1s)", "missing; want one of fixed"},
		{"fixed(value=1s", "", "the closing bracket is missing"},
		{"fixed(", "", "the closing bracket is missing"},
		{"fixed(value=1s) x", "", "the closing bracket is missing"},
		{"fixed()", "", "fixed needs value"},
		{"lognormal(median=3ms)", "", "lognormal needs sigma"},
		{"lognormal(median=3ms,)", ")", "want name=value, such as median=…"},
		{"lognormal(median=3ms,,sigma=1)", ",sigma=1)", "want name=value"},
		{"lognormal(median=3,sigma=1)", "3,sigma=1)", `want a duration such as 30ms for median, not "3"`},
		{"lognormal(median=3ms, sigma=x)", "x)", `want a number such as 0.5 for sigma, not "x"`},
		{"lognormal(median=3ms,sigma=1e999)", "1e999)", `want a number such as 0.5 for sigma`},
		{"lognormal(median=3ms,sigma=NaN)", "NaN)", "sigma: must be a number that is not negative"},
		{"lognormal(median=3ms,sigma=1,mean=2ms)", "2ms)", "mean: does not apply to lognormal, which takes median, sigma, max"},
		{"lognormal(median=3ms,sigma=1,colour=2)", "colour=2)", `unknown field "colour"; lognormal takes median, sigma, max`},
		{"lognormal(median=3ms,median=4ms)", "median=4ms)", "median is given twice"},
		{"fixed(value=1s))", "1s))", `want a duration such as 30ms for value, not "1s)"`},
		{"fixed(value=300000h0m0.9999999999s)", "", ""},
		{"fixed(value=3000000h)", "3000000h)", "want a duration"},
		{"empirical()", "", "percentiles: missing"},
		{"empirical(p0=1ms,q50=2ms)", "q50=2ms)", `want a percentile such as p99=2s, not "q50"`},
		{"empirical(p0=1ms,p100=2)", "2)", `want a duration such as 30ms for p100, not "2"`},
		{"empirical(p0=2ms,p100=1ms)", "p100=1ms)", "percentiles[1]: p100 must be at least p0 (2ms), is 1ms"},
		{"empirical(p0=2ms,p0=3ms,p100=4ms)", "p0=3ms,p100=4ms)", "percentiles[1]: p0 must come before p0, once"},
	}
	for _, test := range tests {
		_, err := sim.ParseDist(test.text)
		if test.message == "" {
			if err != nil {
				t.Errorf("ParseDist(%q): %v", test.text, err)
			}
			continue
		}
		var parse *sim.ParseError
		if !errors.As(err, &parse) {
			t.Errorf("ParseDist(%q): error %v, want one at %q", test.text, err, test.at)
			continue
		}
		if at := parse.Text[parse.Offset:]; at != test.at || !strings.HasPrefix(parse.Message, test.message) || parse.Text != test.text {
			t.Errorf("ParseDist(%q) fails at %q: %q; want %q: %q", test.text, at, parse.Message, test.at, test.message)
		}
		var invalid *sim.InvalidError
		if strings.Contains(test.message, "must be") && !errors.As(err, &invalid) {
			t.Errorf("ParseDist(%q): the problems are not in the error", test.text)
		}
		if !strings.HasPrefix(err.Error(), fmt.Sprintf("sim: distribution %q, at byte %d: ", test.text, parse.Offset)) {
			t.Errorf("ParseDist(%q): error text %q", test.text, err)
		}
	}
}

// anyDist draws valid distributions of every kind, from the tame to the
// extreme.
var anyDist = rapid.Custom(func(t *rapid.T) sim.Dist {
	atLeast := func(least time.Duration, name string) time.Duration {
		return time.Duration(rapid.Int64Range(int64(least), math.MaxInt64).Draw(t, name))
	}
	d := sim.Dist{Kind: rapid.SampledFrom(sim.Kinds()).Draw(t, "kind")}
	limit := func(least time.Duration) {
		if rapid.Bool().Draw(t, "limited") {
			d.Max = atLeast(least, "max")
		}
	}
	switch d.Kind {
	case sim.Fixed:
		d.Value = atLeast(0, "value")
	case sim.Uniform:
		d.Lower = atLeast(0, "lower")
		d.Upper = atLeast(d.Lower, "upper")
	case sim.Lognormal:
		d.Median, d.Sigma = atLeast(1, "median"), rapid.Float64Range(0, math.MaxFloat64).Draw(t, "sigma")
		limit(d.Median)
	case sim.Exponential:
		d.Mean = atLeast(1, "mean")
		limit(d.Mean)
	case sim.Pareto:
		d.Min, d.Alpha = atLeast(1, "min"), rapid.Float64Range(math.SmallestNonzeroFloat64, math.MaxFloat64).Draw(t, "alpha")
		limit(d.Min)
	case sim.Empirical:
		p := sim.Percentile{Value: atLeast(0, "p0")}
		for p.P < 100 {
			d.Percentiles = append(d.Percentiles, p)
			p.P = min(100, rapid.Float64Range(math.Nextafter(p.P, 100), 120).Draw(t, "p"))
			p.Value = atLeast(p.Value, "value")
		}
		d.Percentiles = append(d.Percentiles, p)
	}
	return d
})

func TestTextFormRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := anyDist.Draw(t, "dist")
		back, err := sim.ParseDist(d.String())
		if err != nil || !reflect.DeepEqual(back, d) || !back.Equal(d) {
			t.Fatalf("%v comes back as %v, %v", d, back, err)
		}
	})
}

func FuzzParseDist(f *testing.F) {
	for _, d := range everyKind {
		f.Add(d.String())
	}
	for _, text := range []string{"20ms", "", "fixed()", "uniform(lower=1s,upper=0)", "empirical(p0=0s,p1e-9=1ns,p100=1s)", "lognormal(median=1s,sigma=-0)"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := sim.ParseDist(text)
		if err != nil {
			var parse *sim.ParseError
			if !errors.As(err, &parse) || parse.Offset < 0 || parse.Offset > len(text) || parse.Message == "" {
				t.Fatalf("%q: error %#v", text, err)
			}
			return
		}
		if err := d.Validate(); err != nil {
			t.Fatalf("%q reads as %v, which is invalid: %v", text, d, err)
		}
		if back, err := sim.ParseDist(d.String()); err != nil || !back.Equal(d) {
			t.Fatalf("%q reads as %v, which reads as %v, %v", text, d, back, err)
		}
		s, err := d.Sampler()
		if err != nil {
			t.Fatal(err)
		}
		if x := s.Sample(0.5); x < 0 {
			t.Fatalf("%v has a negative median %v", d, x)
		}
	})
}

func TestEqual(t *testing.T) {
	a := everyKind[5]
	b := a
	b.Percentiles = slices.Clone(a.Percentiles)
	if !a.Equal(b) {
		t.Error("a copy is not equal")
	}
	b.Percentiles[1].Value++
	if a.Equal(b) {
		t.Error("another percentile makes no difference")
	}
	if everyKind[0].Equal(everyKind[1]) {
		t.Error("distributions of two kinds are equal")
	}
}
