package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/squall-sim/squall/internal/regions"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/reports/figures"
	"github.com/squall-sim/squall/scenarios"
)

// mapOptions are the flags of the map command.
type mapOptions struct {
	x, y    string
	set     []string
	policy  string
	seeds   int
	seed    uint64
	below   float64
	edge    float64
	columns int
	mode    string
	format  format
	out     string
	png     bool
	quiet   bool
}

func newMapCommand(env environment) *cobra.Command {
	o := mapOptions{mode: string(scenarios.ModeModel)}
	cmd := &cobra.Command{
		Use:   "map SCENARIO --x PATH=VALUES [flags]",
		Short: "Draw where a scenario recovers and where it stays down, over two settings",
		Long: `map plays a scenario with other settings, each pair with its trigger (the faults
and surges of its phases) and without, several seeds each, and tells three regions
apart: stable (well in the end), bistable (well, until a trigger brings it down for
good) and collapsed (not even well without a trigger).

A run has collapsed if fewer than half of the calls of the last third of the last
phase succeed (--below says another share); a point has if most of its runs have. So
the last phase must be one without trouble, and long enough to recover in.

PATH is a place of the scenario file, with dots between its keys: load.rate,
backend.capacity.workers, policy.retry.attempts (policy is the one of --policy),
policies.shipped.breaker.open_for. Items of lists go by label, name or operation, or by
number from 0: phases.surge.rate, load.mix.GET.weight, phases.outage.faults.0.p. VALUES are
a range A..B, a range with N values A..B:N, or a list A,B,C, of numbers, durations,
rates or sizes; a number without a unit has the unit that the scenario has there. Wide
ranges take equal ratios as equal steps.

Along --x the edges are located by halving, within --edge of the range. Along --y there
is one row for each value. It writes map.json and map.svg to simulate-out/<scenario>-map/,
or to --out. The same command gives the same bytes, everywhere.

exit codes: 0 fine, 2 bad flags or a bad scenario, 130 interrupted (what there is by
then is printed and written), 1 anything else.`,
		Example: `  # how few workers are enough, by the number of attempts of one policy
  simulate map brownout --policy eager --x backend.capacity.workers=4..32 --y policy.retry.attempts=1,3,5 --seeds 1 --columns 5

  # the same of a shorter scenario, for programs
  simulate map brownout --set phases.recovery.for=30s --x load.rate=80..120:2 --seeds 1 --format json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("simulate list shows the built-in ones", "map needs one scenario: a name or a file")
			}
			return nil
		},
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), env, args[0]) },
		ValidArgsFunction: completeScenarios(true),
	}
	f := cmd.Flags()
	f.StringVar(&o.x, "x", "", "the axis along which edges are located, as `PATH=VALUES`")
	f.StringVar(&o.y, "y", "", "one row for each of its values, as `PATH=VALUES`")
	f.StringArrayVar(&o.set, "set", nil, "first set the scenario's `PATH=VALUE`; repeat it for more")
	f.StringVarP(&o.policy, "policy", "p", "", "the policy `NAME` (default the first that is no baseline)")
	f.IntVar(&o.seeds, "seeds", 5, "play each point with `N` seeds")
	f.Uint64VarP(&o.seed, "seed", "s", defaultSeed, "the first seed is `NUMBER`")
	f.Float64Var(&o.below, "below", 0.5, "collapsed: less than this `SHARE` of the last calls succeeds")
	f.Float64Var(&o.edge, "edge", 0.01, "locate edges within this `SHARE` of the range of --x")
	f.IntVar(&o.columns, "columns", 9, "begin with `N` values of --x, where it is a range without a number of values")
	addChoice(cmd, &o.mode, "mode", modes(), "model (outcomes only), http (real requests and answers, in process) or auto (http where small enough)")
	o.format.register(cmd)
	f.StringVarP(&o.out, "out", "o", "", "write to `DIR` (default simulate-out/<scenario>-map)")
	f.BoolVar(&o.png, "png", false, "write the figure as PNG too")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing")
	_ = cmd.RegisterFlagCompletionFunc("policy", completePolicies)
	_ = cmd.MarkFlagDirname("out")
	return cmd
}

func (o *mapOptions) run(ctx context.Context, env environment, arg string) error {
	sc, err := open(env, arg)
	if err != nil {
		return err
	}
	if o.policy == "" && len(sc.Policies) > 0 {
		first := slices.IndexFunc(sc.Policies, func(p scenarios.Policy) bool { return !p.Baseline })
		o.policy = sc.Policies[max(first, 0)].Name
	}
	var settings []scenarios.Setting
	for _, s := range o.set {
		path, value, ok := strings.Cut(s, "=")
		if !ok {
			return usage("write a place and its value, such as --set load.rate=50/s", "--set %q is not a setting", s)
		}
		settings = append(settings, scenarios.Setting{Path: scenarios.FullPath(o.policy, path), Value: value})
	}
	if len(settings) > 0 {
		if sc, err = sc.With(settings...); err != nil { // all at once: one may need another
			return badMap("--set: ", err)
		}
	}
	options, err := o.options(sc, arg)
	if err != nil {
		return err
	}
	dir := o.out
	if dir == "" {
		dir = filepath.Join(outRoot, sc.Name+"-map")
	}
	if err := checkOutput("map", dir, o.files()); err != nil {
		return err
	}
	bar := newProgress(env, o.quiet, "map")
	m, err := regions.Draw(ctx, sc, *options, func(done, total int) { bar.update(time.Duration(done), time.Duration(total)) })
	bar.clear()
	switch {
	case m == nil && ctx.Err() != nil:
		return &failure{code: exitInterrupted, cause: errors.New("the map was interrupted before there was anything")}
	case m == nil:
		return badMap("", err)
	}
	m.Version = thisBuild().Version
	return o.show(env, dir, m)
}

// options reads the axes and makes sure of the policy.
func (o *mapOptions) options(sc *scenarios.Scenario, arg string) (*regions.Options, error) {
	if o.x == "" {
		return nil, usage("write one, such as --x load.rate=20..60", "map needs an axis: --x")
	}
	if err := checkPolicies(sc, arg, []string{o.policy}); err != nil && !sc.ServedOnly() {
		return nil, err
	}
	out := &regions.Options{
		Policy: o.policy, Seeds: o.seeds, Seed: o.seed, Below: o.below, Edge: o.edge, Columns: o.columns,
		Mode: scenarios.Mode(o.mode),
	}
	var err error
	if out.X, err = scenarios.ParseAxis(sc, o.policy, o.x); err != nil {
		return nil, badMap("--x: ", err)
	}
	if o.y == "" {
		return out, nil
	}
	y, err := scenarios.ParseAxis(sc, o.policy, o.y)
	if err != nil {
		return nil, badMap("--y: ", err)
	}
	out.Y = &y
	return out, nil
}

// show prints the map and writes its files.
func (o *mapOptions) show(env environment, dir string, m *regions.Map) error {
	names, failed := o.write(dir, m)
	if !o.quiet {
		print := m.Text
		if o.format == formatJSON {
			print = func(w io.Writer) error { return writeJSON(w, m) }
		}
		if err := print(env.Stdout); err != nil {
			return wrong("", err)
		}
	}
	if failed != nil {
		return wrong("simulate map --out DIR writes elsewhere", failed)
	}
	if !o.quiet && o.format != formatJSON {
		fmt.Fprintf(env.Stdout, "\n%s\n", wrote(dir, names))
	}
	if m.Interrupted {
		return &failure{code: exitInterrupted, cause: fmt.Errorf("the map was interrupted; what there was by then is in %s", dir)}
	}
	return nil
}

// write writes the map's files, each whole or not at all.
func (o *mapOptions) write(dir string, m *regions.Map) (names []string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	err = reports.WriteFile(filepath.Join(dir, "map.json"), func(w io.Writer) error { return writeJSON(w, m) })
	if err == nil {
		_, err = figures.WriteRegions(dir, m.Picture(), figures.Options{PNG: o.png})
	}
	return o.files(), err
}

// files are the names of the files that are written.
func (o *mapOptions) files() []string {
	names := []string{"map.json", "map.svg"}
	if o.png {
		names = append(names, "map.png")
	}
	return names
}

// badMap gives an error of an axis or of a map its exit code and hint.
func badMap(where string, err error) error {
	var option *regions.OptionError
	var setting *scenarios.SettingError
	var axis *scenarios.AxisError
	switch {
	case errors.As(err, &option):
		return usage(option.Hint, "%s%s", where, option.Message)
	case errors.As(err, &setting):
		return usage(setting.Hint, "%s%s cannot be %s: %s", where, setting.Path, setting.Value, setting.Message)
	case errors.As(err, &axis):
		return usage(axis.Hint, "%s%s", where, axis.Message)
	}
	return wrong("", err)
}
