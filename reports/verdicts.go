package reports

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// policy writes the lines below the table that tell how one policy fared. Only
// lines with something to tell are written.
func (t *textWriter) policy(p *Policy) {
	name := orNone(OneLine(p.Name))
	if p.Baseline {
		name += " (baseline: thresholds do not bind it)"
	}
	t.line(t.paint(bold, name))
	t.fact("settings", OneLine(p.Settings))
	t.fact("recovery", t.recovery(p))
	t.fact("breaker", t.breakers(p))
	t.fact("failed calls", ends(&p.Total))
	t.fact("attempts", attempts(&p.Total))
	t.fact("groups", groups(p)...)
	t.fact("ground truth", t.truth(p))
	t.fact("faults", t.faults(p)...)
	t.fact("limits", limits(p)...)
	t.fact("partitions", partitions(p))
	t.line("")
}

// fact writes "  name          text", wrapped under the text. Of several texts each begins
// a line, and those that it goes on in are set in.
func (t *textWriter) fact(name string, texts ...string) {
	const width = 16
	indent, hanging := strings.Repeat(" ", width), ""
	if len(texts) > 1 {
		hanging = "  "
	}
	// paragraph splits at spaces: the gap after the name is part of no word.
	var inner textWriter
	inner.opt = t.opt
	inner.opt.Width = t.opt.Width - width
	for _, s := range texts {
		if s != "" {
			inner.paragraph(hanging, s)
		}
	}
	if inner.buf.Len() == 0 {
		return
	}
	for i, l := range strings.Split(strings.TrimSuffix(inner.buf.String(), "\n"), "\n") {
		lead := indent
		if i == 0 {
			lead = "  " + t.paint(faint, fmt.Sprintf("%-*s", width-2, name))
		}
		t.line(lead + l)
	}
}

func (t *textWriter) recovery(p *Policy) string {
	var parts []string
	for _, r := range p.Recovery {
		phase := OneLine(r.Phase)
		switch {
		case !r.Recovered:
			parts = append(parts, t.paint(red, "not good again by the end of "+phase))
		case r.AfterNS == 0:
			parts = append(parts, "good at once in "+phase)
		default:
			parts = append(parts, "good again "+FormatDuration(time.Duration(r.AfterNS))+" into "+phase)
		}
	}
	return limited(parts, 8, "; ")
}

func (t *textWriter) breakers(p *Policy) string {
	b := p.Breakers
	if b.Count <= 0 {
		return ""
	}
	who := "1 breaker"
	if b.Count > 1 {
		who = FormatCount(uint64(b.Count)) + " breakers"
	}
	if b.Scope != "" {
		who += " (scope " + OneLine(b.Scope) + ")"
	}
	if b.Transitions == 0 {
		return who + ", never opened"
	}
	s := fmt.Sprintf("%s, %s state changes, open for %s", who, FormatCount(b.Transitions), FormatDuration(time.Duration(b.OpenNS)))
	if b.Count > 1 {
		s += " in all"
	}
	if t.run.DurationNS > 0 {
		// A breaker may stay open past the run's end, while calls still end.
		of := float64(b.OpenNS) / (float64(t.run.DurationNS) * float64(b.Count))
		s += fmt.Sprintf(" (%s of the time)", percent(min(of, 1)))
	}
	return s
}

// ends tells why failed calls ended, the most frequent reason first.
func ends(m *Metrics) string {
	if m.Failed == 0 {
		return ""
	}
	list := append([]End(nil), m.Ends...)
	sort.SliceStable(list, func(i, j int) bool { return list[i].Calls > list[j].Calls })
	var parts []string
	for _, e := range list {
		if e.Calls > 0 {
			parts = append(parts, FormatCount(e.Calls)+" "+OneLine(e.Reason))
		}
	}
	s := FormatCount(m.Failed)
	if len(parts) > 0 {
		s += ": " + limited(parts, 8, ", ")
	}
	return s
}

// attempts tells what became of the attempts, and how much of the backend's
// work helped nobody.
func attempts(m *Metrics) string {
	if m.Attempts == 0 {
		return ""
	}
	var parts []string
	for i, n := range m.AttemptOutcomes {
		if n > 0 && i < len(Outcomes) {
			parts = append(parts, percent(share(n, m.Attempts))+" "+Outcomes[i])
		}
	}
	s := FormatCount(m.Attempts)
	if len(parts) > 0 {
		s += ": " + strings.Join(parts, ", ")
	}
	if m.WorkNS > 0 && m.WastedWorkNS > 0 {
		s += fmt.Sprintf("; wasted %s of the backend's work", percent(float64(m.WastedWorkNS)/float64(m.WorkNS)))
	}
	return s
}

// faults tells how often each rule hit, in a text for each: a fault that the policy hardly
// met proves little about it.
func (t *textWriter) faults(p *Policy) []string {
	var parts []string
	for _, f := range p.Faults {
		s := fmt.Sprintf("%s: hit %s of %s attempts", OneLine(f.Phase), FormatCount(f.Fired), FormatCount(f.Matched))
		if f.Share > 0 {
			s += fmt.Sprintf(" (nominally %s), %s of all in its phase", percent(f.NominalP), percent(f.Share))
		}
		if f.Seen != f.Fired {
			s += fmt.Sprintf(", %s seen in time", FormatCount(f.Seen))
		}
		s += " (" + OneLine(f.Rule) + ")"
		if f.Fired == 0 {
			s = t.paint(red, s)
		}
		parts = append(parts, s)
	}
	return first(parts, 6)
}

// limits tells how often each limit of the backend refused an attempt, in a text for
// each. A capacity that sufficed, and the rate of what nobody asked for, are not worth a
// line.
func limits(p *Policy) []string {
	var parts []string
	for _, l := range p.Limits {
		if l.Refused > 0 || l.Kind == LimitQuota || l.Kind == LimitPrefix && l.Asked > 0 {
			parts = append(parts, fmt.Sprintf("%s: refused %s of %s attempts", OneLine(l.Limit), FormatCount(l.Refused), FormatCount(l.Asked)))
		}
	}
	return first(parts, 6)
}

// partitions tells when partitioned prefixes were split.
func partitions(p *Policy) string {
	if len(p.Partitions) == 0 {
		return ""
	}
	if len(p.Partitions) == 1 {
		return "1 all the time"
	}
	var parts []string
	for i, one := range p.Partitions {
		s := FormatCount(uint64(max(one.Count, 0)))
		if i > 0 {
			s += fmt.Sprintf(" from %s on (split at %s)", FormatDuration(time.Duration(one.AtNS)), OneLine(one.Key))
		}
		parts = append(parts, s)
	}
	return limited(parts, 6, ", ")
}

// limited joins the first parts and counts the others.
func limited(parts []string, most int, separator string) string {
	return strings.Join(first(parts, most), separator)
}

// first is the first parts, and one that counts the others.
func first(parts []string, most int) []string {
	if len(parts) <= most {
		return parts
	}
	return append(parts[:most:most], fmt.Sprintf("%d more", len(parts)-most))
}

// verdicts writes the thresholds, passed and missed, and the warnings.
func (t *textWriter) verdicts() {
	missed := 0
	for i := range t.run.Thresholds {
		if !t.run.Thresholds[i].Passed {
			missed++
		}
	}
	switch n := len(t.run.Thresholds); {
	case n == 0:
		t.line(t.paint(faint, "no thresholds"))
	case missed == 0 && n == 1:
		t.line("thresholds: 1 passed")
	case missed == 0:
		t.line(fmt.Sprintf("thresholds: all %d passed", n))
	default:
		t.line(fmt.Sprintf("thresholds: %d of %d missed", missed, n))
	}
	for i := range t.run.Thresholds {
		th := &t.run.Thresholds[i]
		if th.Passed {
			t.line("  " + t.paint(green, "✓") + " " + passed(th))
		} else {
			t.line("  " + t.paint(red, "✗ "+th.Miss()))
		}
	}
	for _, w := range t.run.Warnings {
		mark, attribute := "warning", amber
		if w.Fails {
			mark, attribute = "fails the run", red
		}
		where := ""
		if w.Policy != "" {
			where = " (policy " + OneLine(w.Policy) + ")"
		}
		t.paragraph("  ", t.paint(attribute, mark+":")+" "+OneLine(w.Message)+where)
	}
}

// passed words a threshold that held.
func passed(th *Threshold) string {
	return fmt.Sprintf("%s %s: %s (%s)", OneLine(th.Metric), OneLine(th.want()), orNone(OneLine(th.Actual)), th.who())
}

// who names whom the threshold was held against.
func (th *Threshold) who() string {
	if th.Client != "" {
		return "client " + OneLine(th.Client)
	}
	return "policy " + OneLine(th.Policy)
}

// Held words a threshold that held in one line, as [Threshold.Miss] does one that
// was missed.
func (th *Threshold) Held() string { return passed(th) }

// Miss words a missed threshold in one line, with what was wanted, what came
// and the place in the scenario file:
//
//	threshold missed: call_duration{phase:burst} p(99) < 20s: got 31.2s (policy shipped), scenario.yaml:31:5
func (th *Threshold) Miss() string {
	got := "got " + OneLine(th.Actual)
	if th.Reason != "" {
		got = OneLine(th.Reason)
	} else if th.Actual == "" {
		got = "no value"
	}
	s := fmt.Sprintf("threshold missed: %s %s: %s (%s)", OneLine(th.Metric), OneLine(th.want()), got, th.who())
	if th.File == "" {
		return s
	}
	s += ", " + OneLine(th.File)
	if th.Line > 0 {
		s += fmt.Sprintf(":%d", th.Line)
		if th.Column > 0 {
			s += fmt.Sprintf(":%d", th.Column)
		}
	}
	return s
}

// want is the expectation in the form made for people, or as it was written.
func (th *Threshold) want() string {
	if th.Expected != "" {
		return th.Expected
	}
	return th.Expr
}

// groups tells how the groups of clients fared, in a text for each, where there are some.
func groups(p *Policy) []string {
	var parts []string
	for i := range p.Groups {
		g := &p.Groups[i]
		m, name := &g.Metrics, OneLine(g.Group)
		if g.Policy != "" {
			name += " (policy " + OneLine(g.Policy) + ")"
		}
		if m.Calls == 0 {
			parts = append(parts, name+": no calls")
			continue
		}
		parts = append(parts, fmt.Sprintf("%s: %s of %s calls succeeded, %s attempts each, p99 %s", name, FormatShare(m.SuccessRate),
			FormatCount(m.Calls), FormatNumber(m.Amplification), FormatDuration(time.Duration(m.CallDuration.P99NS))))
	}
	return first(parts, 20)
}
