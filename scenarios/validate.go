package scenarios

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/squall-sim/squall/faults"
)

// Validate looks for every mistake that can be seen without running the
// scenario. The error is a *Problems with paths; Parse and Open add the places
// in the file. It reads the trace's Records, if there are any.
func (sc *Scenario) Validate() error {
	var list []Problem
	c := &checker{sc: sc, report: func(p *path, message, hint string) {
		if len(list) < maxProblems {
			list = append(list, Problem{Path: p.String(), Message: message, Hint: hint})
		}
	}}
	c.scenario()
	return asError(list)
}

// checker looks for mistakes in plain data.
type checker struct {
	sc  *Scenario
	ops map[string]bool // that the load calls; nil: not known
	// selectors are those of the thresholds: one for each key of the file, even
	// where its expressions cannot be read. nil: take them from the thresholds.
	selectors []selector
	broken    map[string]bool // the paths of faults that could not be read whole
	report    func(p *path, message, hint string)
}

// refuse reports why a text was refused.
func (c *checker) refuse(p *path, err *scalarError) {
	if err != nil {
		c.report(p, err.message, err.hint)
	}
}

var root *path // of every path

func (c *checker) scenario() {
	sc := c.sc
	c.refuse(root.key("scenario"), checkName(sc.Name))
	if strings.TrimSpace(sc.About) != sc.About || badText(sc.About) {
		c.report(root.key("about"), "the text has blanks around it or control characters in it", "write a sentence or two")
	}
	if b := sc.Backend; b.Kind == "" && b.Latency.Kind == "" && b.Network == nil && b.Capacity == nil && b.Bucket == "" && len(b.Quotas) == 0 && b.Prefixes == nil && len(b.Routes) == 0 {
		c.report(root.key("backend"), "there is no backend", "write one, such as backend: {kind: s3, latency: 30ms}")
	} else {
		c.backend(root.key("backend"))
	}
	switch {
	case sc.ServedOnly():
	case sc.Load.empty():
		c.report(root.key("load"), "there is no load", "write one, such as load: {model: open, rate: 200/s, mix: […]}; or no policies either, for a scenario that is only served")
	default:
		c.load(root.key("load"))
	}
	c.quotaOps(root.key("backend").key("quotas"))
	c.phases(root.key("phases"))
	c.policies(root.key("policies"))
	c.thresholds(root.key("thresholds"))
}

// checkName refuses what cannot name a folder on every system.
func checkName(name string) *scalarError {
	const longest = 64
	const want = "write letters, digits, dots, dashes and underscores, at most 64, the first a letter or digit"
	switch {
	case name == "":
		return scalarErr("the scenario has no name", "write scenario: and a name such as s3-outage")
	case len(name) > longest:
		return scalarErr("the name is "+fmt.Sprint(len(name))+" characters long", want)
	}
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !letter && (i == 0 || !strings.ContainsRune("._-", r)) {
			return scalarErr(quote(name)+" cannot name a folder", want)
		}
	}
	return nil
}

// badText reports control characters, but for the ends of lines.
func badText(s string) bool {
	return !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && unicode.IsControl(r) || r == '\uFEFF' })
}

// checkLabel refuses what a threshold's filter could not name.
func checkLabel(what, label string) *scalarError {
	const longest = 64 // characters
	switch {
	case label == "":
		return scalarErr("the "+what+" has no name", "write one, such as "+map[string]string{"phase": "label: outage", "policy": "shipped", "group": "name: web"}[what])
	case utf8.RuneCountInString(label) > longest:
		return scalarErr("the name of the "+what+" is longer than 64 characters", "write a shorter one")
	case badText(label) || strings.ContainsAny(label, "{},:\"\n") || strings.TrimSpace(label) != label:
		return scalarErr(quote(label)+" cannot name a "+what, `write a name without { } , : " and without blanks around it`)
	}
	return nil
}

func (c *checker) phases(p *path) {
	if len(c.sc.Phases) == 0 {
		c.report(p, "there is no phase", "write at least one, such as {label: steady, for: 60s}")
	}
	if len(c.sc.Phases) > maxPhases {
		c.report(p, fmt.Sprintf("there are %d phases", len(c.sc.Phases)), fmt.Sprintf("write at most %d", maxPhases))
		return
	}
	var total time.Duration
	seen := make(map[string]int, len(c.sc.Phases))
	for i, ph := range c.sc.Phases {
		at := p.at(i)
		c.refuse(at.key("label"), checkLabel("phase", ph.Label))
		if first, twice := seen[ph.Label]; twice && ph.Label != "" {
			c.report(at.key("label"), "the label "+quote(ph.Label)+" is that of "+p.at(first).String()+" too", "write another: thresholds tell phases apart by it")
		} else {
			seen[ph.Label] = i
		}
		switch {
		case ph.For == 0:
			c.report(at.key("for"), "the phase takes no time", "write how long it lasts, such as for: 60s")
		case ph.For < MinPhase:
			c.report(at.key("for"), ph.For.String()+" is too short for a phase", "write at least "+MinPhase.String())
		case ph.For > MaxDuration-total:
			c.report(at.key("for"), "the run grows longer than "+hours(MaxDuration), "write shorter phases")
			return // once is enough, and the sum is lost
		}
		total += max(ph.For, 0)
		c.phaseRates(at.key("rate"), ph)
		c.lives(at, i, ph)
		c.phaseCapacity(at.key("capacity"), ph.Capacity)
		if len(ph.Faults) > faults.MaxRules {
			c.report(at.key("faults"), fmt.Sprintf("there are %d faults in one phase", len(ph.Faults)), fmt.Sprintf("write at most %d", faults.MaxRules))
			continue
		}
		var decided []int
		for j, r := range ph.Faults {
			if c.rule(at.key("faults").at(j), r, max(0, ph.For)) {
				decided = c.reached(at.key("faults"), j, ph.Faults, decided)
			}
		}
	}
}

// selector is the filter of a threshold's key, and where it stands.
type selector struct {
	filter Filter
	at     *path
}

func (c *checker) thresholds(p *path) {
	count := make(map[string]int)
	selectors := c.selectors
	last := ""
	for _, t := range c.sc.Thresholds {
		text := t.Selector()
		at := p.key(text).at(count[text])
		if count[text] > 0 && last != text {
			c.report(at, "the thresholds of "+text+" are apart", "put them next to each other")
		}
		if c.selectors == nil && count[text] == 0 {
			selectors = append(selectors, selector{t.Filter, p.key(text).itself()})
		}
		count[text]++
		last = text
		c.threshold(at, t)
	}
	c.references(selectors)
}

// references reports filters that name what the scenario does not have.
func (c *checker) references(selectors []selector) {
	var labels, names []string
	bindable := len(c.sc.Policies) == 0 // a mistake of its own
	for _, ph := range c.sc.Phases {
		labels = append(labels, ph.Label)
	}
	for _, pol := range c.sc.Policies {
		names = append(names, pol.Name)
		bindable = bindable || !pol.Baseline
	}
	phases, sure := known(labels)
	policies, sureToo := known(names)
	for _, s := range selectors {
		if f := s.filter.Phase; f != "" && !phases[f] && sure {
			c.report(s.at, "unknown phase "+quote(f), didYouMean(f, labels))
		}
		c.groupRef(s)
		if f := s.filter.Policy; f != "" && c.sc.ServedOnly() {
			c.report(s.at, "a scenario that is only served has no policies", "leave the filter out, or write a load and policies")
		}
		if f := s.filter.Policy; f != "" && !policies[f] && sureToo {
			c.report(s.at, "unknown policy "+quote(f), didYouMean(f, names))
		}
		if s.filter.Policy == "" && !bindable {
			c.report(s.at, "it binds no policy, as all are baselines", "take baseline off those that must pass, or name one: {policy:"+names[0]+"}")
		}
		if f := s.filter.Op; f != "" && c.ops != nil && !c.ops[f] {
			c.report(s.at, "the load has no "+quote(f), didYouMean(f, c.opNames()))
		}
	}
}

// known collects names. Where one is missing or doubled, a mistake that is told
// already, an unknown reference may mean that one: then it is not sure.
func known(names []string) (set map[string]bool, sure bool) {
	set = make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set, len(names) > 0 && len(set) == len(names) && !set[""]
}

// threshold checks one that may have been built in Go: by reading it back.
func (c *checker) threshold(at *path, t Threshold) {
	back, err := parseSelector(t.Selector())
	if err == nil && (back.Metric != t.Metric || back.Filter != t.Filter) {
		err = scalarErr(quote(t.Selector())+" is not a metric with a filter", "write names without { } , : and blanks around them")
	}
	if err == nil {
		err = back.parseExpr(t.Expr())
	}
	if err == nil && (back.Aggregate != t.Aggregate || back.Percentile != t.Percentile || back.Operator != t.Operator || back.Value != t.Value) {
		err = scalarErr(quote(t.Expr())+" does not say what the threshold holds", "set Percentile for p alone, and a Value that FormatValue can write")
	}
	if err == nil && t.Text != "" {
		said := t
		if err = said.parseExpr(t.Text); err == nil && said != t {
			err = scalarErr("the text "+quote(t.Text)+" is of another threshold", "write "+t.Expr()+", or leave Text empty")
		}
	}
	c.refuse(at, err)
}
