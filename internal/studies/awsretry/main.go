// Awsretry plays the study of AWS Retry Behavior 2.1 against the settings before it,
// and writes docs/studies/aws-retry-2.1.md with its figures. It takes some minutes.
//
//	go run ./internal/studies/awsretry             in the module's directory
//	go run ./internal/studies/awsretry -png DIR    figures as PNG, too, into DIR
//
// All runs are variations of two built-in scenarios, aws-retry-outage and
// aws-retry-overload, in the mode model; the same program writes the same bytes.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/reports/figures"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/scenarios"
)

func main() {
	out := flag.String("out", filepath.Join("docs", "studies"), "directory of the page")
	png := flag.String("png", "", "directory for the figures as PNG, to look at")
	seeds := flag.Int("seeds", 5, "runs of each point")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "awsretry: %q is no flag; see -help\n", flag.Args())
		os.Exit(2)
	}
	if err := write(*out, *png, *seeds); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(out, png string, seeds int) error {
	s, err := play(seeds)
	if err != nil {
		return err
	}
	for _, c := range s.charts() {
		if _, err := figures.WriteChart(filepath.Join(out, "images"), c, figures.Options{}); err != nil {
			return err
		}
		if png == "" {
			continue
		}
		if _, err := figures.WriteChart(png, c, figures.Options{PNG: true}); err != nil {
			return err
		}
	}
	return reports.WriteFile(filepath.Join(out, "aws-retry-2.1.md"), func(w io.Writer) error {
		_, err := io.WriteString(w, s.page())
		return err
	})
}

// variation is a built-in scenario with other settings.
type variation struct {
	scenario string
	settings []scenarios.Setting
	phase    int           // whose metrics count
	timeout  time.Duration // of every policy's attempts; 0: the scenario's
}

// outcome is what one policy made of a variation: the mean of some seeds.
type outcome struct {
	success       float64 // share of the phase's calls
	amplification float64
	p99           float64 // s, of the phase's calls
	recovery      float64 // s, from the start of the last phase
	recovered     int     // seeds in which it was well again by the end
}

// policies are those that are compared, by their names in the page.
var policies = []struct{ name, preset string }{
	{"2.1", "aws-standard-2.1"},
	{"Go before", "aws-go-legacy"},
	{"boto standard before", "botocore-standard"},
	{"boto default", "botocore-legacy"},
	{"no retries", "none"},
}

// make is the scenario with the policies of the study and no others.
func (v variation) make() (*scenarios.Scenario, error) {
	sc, err := scenarios.Builtin(v.scenario)
	if err == nil {
		sc, err = sc.With(v.settings...)
	}
	if err != nil {
		return nil, err
	}
	timeout := cmp.Or(v.timeout, sc.Policies[0].Retry.AttemptTimeout)
	sc.Policies, sc.Thresholds = nil, nil
	for _, p := range policies {
		preset, _ := retry.Preset(p.preset) // the names are this program's
		preset.AttemptTimeout = timeout
		sc.Policies = append(sc.Policies, scenarios.Policy{Name: p.name, Retry: preset})
	}
	return sc, sc.Validate()
}

// run plays the variation with one seed.
func (v variation) run(seed uint64) ([]reports.Policy, error) {
	sc, err := v.make()
	if err != nil {
		return nil, err
	}
	record, err := scenarios.Run(context.Background(), sc, scenarios.Options{Seed: seed, Mode: scenarios.ModeModel})
	if err != nil {
		return nil, err
	}
	return record.Policies, nil
}

// playAll plays all variations with so many seeds each, one for each processor at
// a time, and returns an outcome for each policy, in the order of both.
func playAll(list []variation, seeds int) ([][]outcome, error) {
	found := make([][]reports.Policy, len(list)*seeds)
	errs := make([]error, len(found))
	slots := make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)) // a run plays its policies side by side
	var group sync.WaitGroup
	for i := range found {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			found[i], errs[i] = list[i/seeds].run(uint64(i%seeds) + 1)
		})
	}
	group.Wait()
	out := make([][]outcome, len(list))
	for i, v := range list {
		out[i] = make([]outcome, len(policies))
		for k := range seeds {
			if err := errs[i*seeds+k]; err != nil {
				return nil, err
			}
			for j, p := range found[i*seeds+k] {
				out[i][j].add(p, v.phase, float64(seeds))
			}
		}
	}
	return out, nil
}

// add takes in one run of n.
func (o *outcome) add(p reports.Policy, phase int, n float64) {
	m := &p.Phases[phase]
	o.success += m.SuccessRate / n
	o.amplification += m.Amplification / n
	o.p99 += float64(m.CallDuration.P99NS) / 1e9 / n
	for _, r := range p.Recovery {
		o.recovery += float64(r.AfterNS) / 1e9 / n
		if r.Recovered {
			o.recovered++
		}
	}
}
