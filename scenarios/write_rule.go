package scenarios

import (
	"strconv"
	"strings"

	"github.com/squall-sim/squall/faults"
)

// ruleText prints a fault on one line.
func ruleText(r faults.Rule) string {
	var f flow
	if on := selectorText(r.On); len(on) > 0 {
		f.add("on", on.String())
	}
	f.when(r.From != 0, "from", durationText(r.From))
	f.when(r.Until != 0, "until", durationText(r.Until))
	f.when(r.Flap != (faults.Flap{}), "flap", flow{"up: " + durationText(r.Flap.Up), "down: " + durationText(r.Flap.Down)}.String())
	f.when(r.Bursts != (faults.Bursts{}), "bursts", flow{"good: " + durationText(r.Bursts.Good), "bad: " + durationText(r.Bursts.Bad)}.String())
	if o := r.Rolling; o != (faults.Rolling{}) {
		inner := flow{"nodes: " + strconv.Itoa(o.Nodes), "down: " + durationText(o.Down)}
		inner.when(o.Gap != 0, "gap", durationText(o.Gap))
		inner.when(o.ByClient, "by", "client")
		f.add("rolling", inner.String())
	}
	if e := r.Every; e.N > 0 {
		text := strconv.Itoa(e.N)
		if e.Per != faults.ByAll {
			text = flow{"n: " + text, "per: " + e.Per.String()}.String()
		}
		f.add("every", text)
	}
	if o := r.First; o.N > 0 {
		what := "attempts: "
		if o.Calls {
			what = "calls: "
		}
		f.add("first", flow{what + strconv.Itoa(o.N), "per: " + o.Per.String()}.String())
	}
	switch {
	case r.Ramp.Given:
		f.add("p", flow{"from: " + floatText(r.P), "to: " + floatText(r.Ramp.To)}.String())
	case r.P != 1:
		f.add("p", floatText(r.P))
	}
	f.when(r.AtMost != 0, "at_most", strconv.Itoa(r.AtMost))
	f.when(r.Continue, "continue", "true")
	f.add("effect", yamlText(r.Effect.String()))
	return f.String()
}

func selectorText(s faults.Selector) (on flow) {
	on.when(s.Op != "", "op", yamlText(s.Op))
	on.when(s.Method != "", "method", yamlText(s.Method))
	on.when(s.Bucket != "", "bucket", yamlText(s.Bucket))
	on.when(s.Key != "", "key", yamlText(s.Key))
	if len(s.Headers) > 0 {
		var h flow
		for _, one := range s.Headers {
			h.add(yamlText(one.Name), yamlText(one.Value))
		}
		on.add("header", h.String())
	}
	on.when(s.Clients != nil, "client", rangesText(s.Clients))
	on.when(s.Attempts != nil, "attempt", rangesText(s.Attempts))
	return on
}

func rangesText(ranges []faults.Range) string {
	text := strings.ReplaceAll(faults.FormatRanges(ranges), ",", ", ")
	if len(ranges) == 1 {
		return text
	}
	return "[" + text + "]"
}
