package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/scenarios"
	"github.com/squall-sim/squall/scenarios/logs"
)

// sketch is what an imported scenario is made from: a starting point that runs
// as it is, for somebody to edit.
type sketch struct {
	name    string
	log     string // the log's name, for the reader
	trace   string // the trace file, relative to the scenario
	speed   float64
	s3      bool
	summary logs.Summary // at the log's own pace

	outageAt, outageFor time.Duration // of the replay; outageFor 0: none
}

// span is how long the replay takes: the whole seconds that hold its last
// request.
func (s *sketch) span() time.Duration {
	d := s.paced(s.summary.Span)
	if whole := d.Truncate(time.Second); whole < d {
		return whole + time.Second
	}
	return max(d, time.Second)
}

// fits finds out whether the scenario is possible.
func (s *sketch) fits() error {
	if s.span() > scenarios.MaxDuration {
		return usage("--from, --to and --speed make it shorter", "the replay takes %s, more than %s",
			reports.FormatDuration(s.span()), reports.FormatDuration(scenarios.MaxDuration))
	}
	if s.outageFor == 0 {
		return nil
	}
	if s.outageAt >= s.span() {
		return usage("--outage-at counts from the start of the replay", "the outage begins at %s, after the end of the replay at %s",
			reports.FormatExact(s.outageAt), reports.FormatExact(s.span()))
	}
	if s.outageFor > scenarios.MaxDuration-s.outageAt {
		return usage("--outage-for 30m", "the outage ends after %s, the longest that a run may be", reports.FormatDuration(scenarios.MaxDuration))
	}
	return nil
}

// check finds out whether the scenario is possible and would prove anything:
// an outage that no request meets does not.
func (s *sketch) check(replay *logs.Replay) error {
	if err := s.fits(); err != nil || s.outageFor == 0 {
		return err
	}
	busiest, most, minute := time.Duration(0), 0, []time.Duration(nil)
	for row := range replay.Rows() {
		at := s.paced(row.At)
		if at >= s.outageAt && at-s.outageAt < s.outageFor {
			return nil
		}
		for minute = append(minute, at); at-minute[0] >= time.Minute; {
			minute = minute[1:]
		}
		if len(minute) > most {
			busiest, most = minute[0], len(minute)
		}
	}
	return usage(fmt.Sprintf("the busiest minute begins at %s, with %s", reports.FormatExact(busiest.Truncate(time.Second)), count(most, "request", "requests")),
		"no request of the log falls in the outage, from %s to %s",
		reports.FormatExact(s.outageAt), reports.FormatExact(s.outageAt+s.outageFor))
}

// paced is a time of the log as one of the replay; the longest that can be told
// where that is longer still.
func (s *sketch) paced(at time.Duration) time.Duration {
	if s.speed == 1 {
		return at
	}
	if paced := float64(at) / s.speed; paced < float64(longest) {
		return time.Duration(paced)
	}
	return longest
}

// longest is far beyond any run, and leaves room to add a second.
const longest = time.Duration(1 << 62)

// yaml is the scenario file.
func (s *sketch) yaml() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Made by simulate import from %s: %s of %s for %s,\n# %s to %s.\n",
		comment(s.log), count(int(s.summary.Requests), "request", "requests"), count(int(s.summary.Clients), "client", "clients"),
		count(int(s.summary.Keys), "key", "keys"), s.summary.First.Format(time.RFC3339), s.summary.Last.Format(time.RFC3339))
	fmt.Fprintf(&b, "scenario: %s\n", strconv.Quote(s.name))
	fmt.Fprintf(&b, "about: %s\n", strconv.Quote(s.about()))
	fmt.Fprintf(&b, "backend:\n  kind: %s\n", s.kind())
	b.WriteString("  latency: {dist: lognormal, median: 30ms, sigma: 0.6, max: 5s}  # a guess: logs do not have it\n")
	fmt.Fprintf(&b, "load:\n  model: replay\n  trace: %s\n  speed: %s\n", strconv.Quote(s.trace), strconv.FormatFloat(s.speed, 'f', -1, 64))
	b.WriteString("phases:\n")
	s.phases(&b)
	b.WriteString(s.policies())
	b.WriteString("thresholds:\n")
	s.thresholds(&b)
	return b.String()
}

func (s *sketch) kind() string {
	if s.s3 {
		return "s3"
	}
	return "http"
}

func (s *sketch) about() string {
	about := "The requests of " + comment(s.log)
	if s.speed != 1 {
		about += ", " + strconv.FormatFloat(s.speed, 'f', -1, 64) + " times as fast"
	}
	if s.outageFor > 0 {
		return about + fmt.Sprintf(", with the backend out for %s from %s on.",
			reports.FormatExact(s.outageFor), reports.FormatExact(s.outageAt))
	}
	return about + ", on a good day."
}

// phases writes the replay as one phase, or with an outage in it. An outage
// that outlasts the replay is its last phase.
func (s *sketch) phases(b *strings.Builder) {
	phase := func(label string, d time.Duration, faults string) {
		fmt.Fprintf(b, "  - {label: %s, for: %s%s}\n", label, reports.FormatExact(d), faults)
	}
	if s.outageFor == 0 {
		phase("replay", s.span(), "")
		b.WriteString("  # to see a bad day, add phases such as:\n")
		b.WriteString("  # - {label: outage, for: 30m, faults: [{p: 1, effect: outage}]}\n")
		return
	}
	if s.outageAt > 0 {
		phase("before", s.outageAt, "")
	}
	phase("outage", s.outageFor, ", faults: [{p: 1, effect: outage}]")
	if after := s.span() - s.outageAt - s.outageFor; after > 0 {
		phase("after", after, "")
	}
}

// policies are the ones to begin with: what squall would ship, with and
// without a breaker, and a single attempt to compare with.
func (s *sketch) policies() string {
	if s.s3 {
		return `policies:
  s3-breaker:   {retry: s3, breaker: {failures: 5, open_for: 30s, scope: fleet}}
  aws-standard: {baseline: true, retry: aws-standard-2.1}
  none:         {baseline: true, retry: none}
`
	}
	return `policies:
  api-breaker: {retry: api, breaker: {failures: 5, open_for: 30s, scope: fleet}}
  api:         {baseline: true, retry: api}
  none:        {baseline: true, retry: none}
`
}

// thresholds are claims that hold when nothing but the outage goes wrong.
func (s *sketch) thresholds(b *strings.Builder) {
	if s.outageFor == 0 {
		b.WriteString("  success_rate: [\"value>0.999\"]\n")
		return
	}
	if s.outageAt > 0 {
		b.WriteString("  \"success_rate{phase:before}\": [\"value>0.999\"]\n")
	}
	b.WriteString("  amplification: [\"value<2\"]\n")
}

// comment makes a log's name fit for a comment and a sentence: one line of
// characters that can be seen, and not too many of them.
func comment(s string) string {
	const most = 80
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '-'
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return s
}
