package scenarios

import (
	"math"
	"strings"
	"time"
	"unicode"

	"github.com/goccy/go-yaml/ast"

	"github.com/squall-sim/squall/breaker"
)

// breakerKeys are those of a breaker, in the order of the documents.
var breakerKeys = []string{
	"failures", "failure_count", "failure_rate", "slow_rate",
	"open_for", "open_multiplier", "open_max", "open_jitter", "max_hint",
	"probes", "successes", "probe_lease", "shadow", "scope", "sync_every",
}

func (d *decoder) breaker(n ast.Node, p *path) *Breaker {
	b := &Breaker{Config: breaker.Config{Probes: 1}, Scope: ScopeOperation}
	durations := map[string]*time.Duration{
		"open_for": &b.OpenFor, "open_max": &b.OpenMax, "max_hint": &b.MaxHint, "probe_lease": &b.ProbeLease, "sync_every": &b.SyncEvery,
	}
	numbers := map[string]*float64{"open_multiplier": &b.OpenMultiplier, "open_jitter": &b.OpenJitter}
	d.object(n, p, breakerKeys, func(key string, v ast.Node, p *path) {
		switch key {
		case "failures":
			b.Failures = d.integer(v, p, 1, math.MaxInt32)
		case "failure_count":
			b.FailureCount = d.failureCount(v, p)
		case "failure_rate":
			b.FailureRate = d.failureRate(v, p)
		case "slow_rate":
			b.SlowRate = d.slowRate(v, p)
		case "probes":
			b.Probes = d.integer(v, p, 1, math.MaxInt32)
		case "successes":
			b.Successes = d.integer(v, p, 1, math.MaxInt32)
		case "shadow":
			b.Shadow = d.boolean(v, p)
		case "scope":
			b.Scope = Scope(d.choice(v, p, "scope", texts(Scopes())))
		default:
			if into := durations[key]; into != nil {
				*into = d.duration(v, p)
			} else {
				*numbers[key] = d.number(v, p)
			}
		}
	})
	return b
}

func (d *decoder) failureCount(n ast.Node, p *path) (f breaker.FailureCount) {
	d.object(n, p, []string{"failures", "calls", "span"}, func(key string, v ast.Node, p *path) {
		if key == "failures" {
			f.Failures = d.integer(v, p, 1, math.MaxInt32)
		} else {
			d.window(&f.Window, key, v, p)
		}
	})
	return f
}

func (d *decoder) failureRate(n ast.Node, p *path) (f breaker.FailureRate) {
	d.rateRule(n, p, &f.Rate, &f.MinCalls, &f.Window, nil)
	return f
}

func (d *decoder) slowRate(n ast.Node, p *path) (s breaker.SlowRate) {
	d.rateRule(n, p, &s.Rate, &s.MinCalls, &s.Window, &s.After)
	return s
}

// rateRule reads a rule on a share of calls; after is nil where it has none.
func (d *decoder) rateRule(n ast.Node, p *path, rate *float64, minCalls *int, w *breaker.Window, after *time.Duration) {
	known := []string{"rate", "min_calls", "calls", "span"}
	if after != nil {
		known = append([]string{"after"}, known...)
	}
	d.object(n, p, known, func(key string, v ast.Node, p *path) {
		switch key {
		case "after":
			*after = d.duration(v, p)
		case "rate":
			*rate = d.number(v, p)
		case "min_calls":
			*minCalls = d.integer(v, p, 1, math.MaxInt32)
		default:
			d.window(w, key, v, p)
		}
	})
}

// window reads calls or span, which stand beside the rule's own keys.
func (d *decoder) window(w *breaker.Window, key string, v ast.Node, p *path) {
	if key == "calls" {
		w.Calls = d.integer(v, p, 1, math.MaxInt32)
	} else {
		w.Span = d.duration(v, p)
	}
}

// breakerField is where the field of a breaker stands in the file: SlowRate.Window.Span
// at slow_rate.span.
func breakerField(p *path, field string) *path {
	for _, part := range strings.Split(field, ".") {
		if part != "Window" {
			p = p.key(snake(part))
		}
	}
	return p
}

// breakerWords puts the keys of the file for the fields that the package names.
var breakerWords = strings.NewReplacer("OpenFor", "open_for", "OpenMultiplier", "open_multiplier", "Probes", "probes")

// snake writes a Go name as a key: OpenFor as open_for.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
