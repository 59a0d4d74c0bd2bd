package scenarios

import (
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/squall-sim/squall/internal/fleet"
	"github.com/squall-sim/squall/sim"
)

// share reads the share of the clients that something happens to: 0.5, 50% or all.
func (d *decoder) share(n ast.Node, p *path) float64 {
	const hint = "write a number above 0 up to 1, a percentage such as 50%, or all"
	s, ok := d.scalar(n, p, "a share of the clients", hint)
	if !ok || s == "all" {
		return 1
	}
	number, percent := strings.CutSuffix(s, "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		v /= 100
	}
	if err != nil || !(v > 0 && v <= 1) || strings.ContainsAny(number, "xX_pP") {
		d.wrong(n, p, quote(s)+" is not a share of the clients", hint)
		return 1
	}
	return v
}

// start reads {spread: 10s}, or any distribution.
func (d *decoder) start(n ast.Node, p *path) (out sim.Dist) {
	m, isMap := n.(*ast.MappingNode)
	if !isMap || entryOf(m, p.key("spread")) == nil {
		return d.dist(n, p)
	}
	d.object(n, p, []string{"spread"}, func(_ string, v ast.Node, p *path) {
		out = sim.Dist{Kind: sim.Uniform, Upper: d.duration(v, p)}
	})
	return out
}

// startText writes what start reads.
func startText(d sim.Dist) string {
	if d.Equal(sim.Dist{Kind: sim.Uniform, Upper: d.Upper}) {
		return "{spread: " + durationText(d.Upper) + "}"
	}
	return distText(d)
}

// lives checks who comes and goes in phase i.
func (c *checker) lives(p *path, i int, ph Phase) {
	for _, one := range []struct {
		key   string
		share float64
	}{{"restart", ph.Restart}, {"offline", ph.Offline}} {
		switch at := p.key(one.key); {
		case one.share == 0:
		case c.sc.ServedOnly():
			c.report(at, "a scenario that is only served has no clients that could come and go", "leave it out, or write a load and policies")
		case !(one.share > 0 && one.share <= 1):
			c.report(at, "the share "+formatNumber(one.share)+" is not possible", "write a number above 0 up to 1")
		case i == 0 && one.key == "restart":
			c.report(at, "no client has begun when the first phase begins", "leave it out, or write a phase before it")
		}
	}
}

// fleetLives returns who comes and goes in each phase; nil where nobody does.
func (sc *Scenario) fleetLives() (lives []fleet.Lives) {
	some := false
	for _, ph := range sc.Phases {
		lives = append(lives, fleet.Lives{Restart: ph.Restart, Offline: ph.Offline})
		some = some || ph.Restart > 0 || ph.Offline > 0
	}
	if !some {
		return nil
	}
	return lives
}
