package scenarios

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"github.com/squall-sim/squall/sim"
)

// dist reads a distribution: a map {dist: lognormal, median: 30ms, …}, the text
// lognormal(median=30ms,…), or a duration alone, which is fixed.
func (d *decoder) dist(n ast.Node, p *path) sim.Dist {
	if isMap(n) {
		return d.distMap(n, p)
	}
	s, ok := d.scalar(n, p, "a distribution", "write {dist: lognormal, median: 30ms, sigma: 0.6}, or a duration alone")
	if !ok {
		return sim.Dist{}
	}
	if strings.IndexFunc(strings.TrimSpace(s), func(r rune) bool { return (r < '0' || r > '9') && r != '.' && r != '-' }) != 0 && !strings.Contains(s, "(") {
		return sim.Dist{Kind: sim.Fixed, Value: d.duration(n, p)}
	}
	out, err := sim.ParseDist(s)
	var bad *sim.ParseError
	if errors.As(err, &bad) {
		message, hint := split(bad.Message)
		d.report(d.within(n, s, bad.Offset), p, message, hint)
	}
	return out
}

func (d *decoder) distMap(n ast.Node, p *path) (out sim.Dist) {
	durations := map[string]*time.Duration{
		"value": &out.Value, "lower": &out.Lower, "upper": &out.Upper, "median": &out.Median,
		"mean": &out.Mean, "min": &out.Min, "max": &out.Max,
	}
	numbers := map[string]*float64{"sigma": &out.Sigma, "alpha": &out.Alpha}
	known := []string{"dist", "value", "lower", "upper", "median", "mean", "min", "max", "sigma", "alpha", "percentiles"}
	given := []string{"dist"}
	d.object(n, p, known, func(key string, v ast.Node, p *path) {
		given = append(given, key)
		switch {
		case key == "dist":
			out.Kind = d.choice(v, p, "distribution", sim.Kinds())
		case key == "percentiles":
			out.Percentiles = d.percentiles(v, p)
		case durations[key] != nil:
			*durations[key] = d.duration(v, p)
		default:
			*numbers[key] = d.number(v, p)
		}
	})
	needs, _, _ := sim.Fields(out.Kind)
	for _, key := range needs { // a field at 0 may be right, but not one that is left out
		at := p.key(key)
		if !slices.Contains(given, key) && !d.bad[at.String()] {
			d.report(d.locate(at), at, out.Kind+" needs "+key, "write all of "+strings.Join(needs, ", "))
		}
	}
	return out
}

// percentiles reads {p0: 1ms, p50: 30ms, p100: 5s}.
func (d *decoder) percentiles(n ast.Node, p *path) (list []sim.Percentile) {
	d.entries(n, p, func(key string, keyNode, v ast.Node, p *path) {
		number, isPoint := strings.CutPrefix(key, "p")
		percent, err := strconv.ParseFloat(number, 64)
		if !isPoint || err != nil {
			d.wrong(keyNode, p, quote(key)+" is not a percentile", "write p and a number from 0 to 100, such as p99")
			return
		}
		list = append(list, sim.Percentile{P: percent, Value: d.duration(v, p)})
	})
	return list
}

// within is the place of a byte of a scalar's text, where the scalar stands on
// one line without escapes; else that of the scalar.
func (d *decoder) within(n ast.Node, s string, offset int) position {
	pos := at(n)
	if pos.line > len(d.text.lines) || offset < 0 || offset > len(s) {
		return pos
	}
	start := pos.column
	if quoted(n) {
		start++
	}
	line := []rune(d.text.lines[pos.line-1])
	if start-1 > len(line) || !strings.HasPrefix(string(line[start-1:]), s) {
		return pos
	}
	return position{pos.line, start + utf8.RuneCountInString(s[:offset])}
}

// split cuts what another package says into what is wrong and what would be
// right.
func split(text string) (message, hint string) {
	for _, cut := range []string{"; want ", ", want "} {
		if message, want, found := strings.Cut(text, cut); found {
			return message, "write " + want
		}
	}
	return text, ""
}

// distText writes a distribution as a map on one line.
func distText(d sim.Dist) string {
	var f flow
	f.add("dist", d.Kind)
	needs, may, _ := sim.Fields(d.Kind)
	for _, name := range append(needs, may...) {
		switch name {
		case "value":
			f.add(name, durationText(d.Value))
		case "lower":
			f.add(name, durationText(d.Lower))
		case "upper":
			f.add(name, durationText(d.Upper))
		case "median":
			f.add(name, durationText(d.Median))
		case "mean":
			f.add(name, durationText(d.Mean))
		case "min":
			f.add(name, durationText(d.Min))
		case "max":
			f.when(d.Max != 0, name, durationText(d.Max))
		case "sigma":
			f.add(name, strconv.FormatFloat(d.Sigma, 'g', -1, 64))
		case "alpha":
			f.add(name, strconv.FormatFloat(d.Alpha, 'g', -1, 64))
		case "percentiles":
			var points flow
			for _, p := range d.Percentiles {
				points.add("p"+strconv.FormatFloat(p.P, 'f', -1, 64), durationText(p.Value))
			}
			f.add(name, points.String())
		}
	}
	return f.String()
}

// dist asks the sim package for what is wrong.
func (c *checker) dist(p *path, d sim.Dist) {
	err := d.Validate()
	var wrong *sim.InvalidError
	if d.Kind == "" {
		if !d.Equal(sim.Dist{}) { // some of its fields are there
			p = p.key("dist")
		}
		c.report(p, "there is no distribution", "write one, such as {dist: lognormal, median: 30ms, sigma: 0.6, max: 5s}")
	} else if errors.As(err, &wrong) {
		for _, one := range wrong.Problems {
			message, hint := split(one.Message)
			c.report(p.fields(one.Field), message, hint)
		}
	}
}
