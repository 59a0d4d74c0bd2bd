package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/squall-sim/squall/internal/livefleet"
	"github.com/squall-sim/squall/internal/nearest"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/scenarios"
)

// defaultSeed is the seed of a run that names none. It is fixed, and not drawn:
// the same command shows the same run to everybody.
const defaultSeed = 1

// runOptions are the flags of the run command.
type runOptions struct {
	policies []string
	seed     uint64
	mode     string
	speed    float64
	out      string
	png      bool
	quiet    bool
	bounds   bounds
}

func newRunCommand(env environment) *cobra.Command {
	o := runOptions{mode: "auto", speed: 1}
	cmd := &cobra.Command{
		Use:   "run SCENARIO... [flags]",
		Short: "Run scenarios: print the table, write summary and figures",
		Long: `run replays each scenario under each of its policies and prints what became of
the calls. SCENARIO is the name of a built-in one (simulate list) or a file.

It writes summary.json and four figures to simulate-out/<scenario>/, or to --out:
latency (p50, p99 and max over time), attempts (per call), load (calls against
attempts at the backend) and breaker (state of the breakers over time).

The same scenario, seed and version give the same bytes, everywhere. Not so with
--mode live: there goroutines with a real HTTP client make the same calls in real time, to
the backend on a socket of loopback. --speed 10 lets ten seconds of the scenario pass in
one for all of them; what the machine takes then counts for ten times as much.

exit codes: 0 fine, 99 a threshold was missed or a fault never fired, 2 bad flags
or a bad scenario, 130 interrupted (what was seen by then is written), 1 anything
else, a run that was stopped by --max-memory or --max-wall among them (what was
seen by then is written, too).`,
		Example: `  # a built-in scenario under all of its policies
  simulate run s3-throttle-burst

  # two of the policies, with another seed
  simulate run s3-outage --policy shipped,none --seed 7

  # real requests and responses through the fake S3, in process
  simulate run --mode http s3-throttle-burst

  # in real time, on real sockets
  simulate run --mode live --speed 10 s3-throttle-burst --policy shipped

  # your own file, with the results in a directory of your choice
  simulate run mine.yaml --out results

  # no more of the machine than this
  simulate run --max-memory 1GiB --max-wall 5m mine.yaml

  # in CI: print only what failed; the exit code says the rest
  simulate run --quiet s3-throttle-burst s3-outage`,
		Args: func(_ *cobra.Command, args []string) error {
			return someScenarios(args, "simulate list shows the built-in ones", "run needs a scenario: a name or a file")
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.runAll(cmd.Context(), env, args)
		},
		ValidArgsFunction: completeScenarios(true),
	}
	f := cmd.Flags()
	f.StringSliceVarP(&o.policies, "policy", "p", nil, "run only the policy `NAME`: repeat it, or NAME,NAME for more")
	f.Uint64VarP(&o.seed, "seed", "s", defaultSeed, "draw all chance from this `NUMBER`")
	addChoice(cmd, &o.mode, "mode", modes(), "model (outcomes only), http (real requests and answers, in process), auto (http where small enough) or live (real time, real sockets)")
	f.Float64Var(&o.speed, "speed", 1, "with --mode live: play `N` seconds of the scenario in one")
	f.StringVarP(&o.out, "out", "o", "", "write to `DIR`; for several scenarios to DIR/<scenario> (default simulate-out/<scenario>)")
	f.BoolVar(&o.png, "png", false, "write the figures as PNG too")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print only what failed")
	o.bounds.flags(f)
	_ = cmd.RegisterFlagCompletionFunc("policy", completePolicies)
	_ = cmd.MarkFlagDirname("out")
	return cmd
}

// job is one scenario to run and the directory for its results.
type job struct {
	arg      string // as given on the command line
	scenario *scenarios.Scenario
	out      string
}

// runAll runs the scenarios in order. All that can be known to be wrong is told
// before the first one starts; a missed threshold of one does not keep the
// others from running.
func (o *runOptions) runAll(ctx context.Context, env environment, args []string) error {
	if o.speed != 1 && o.mode != string(scenarios.ModeLive) {
		return usage("--mode live plays in real time; in the other modes time is virtual", "--speed is for --mode live")
	}
	if o.speed == 0 {
		return usage("--speed takes a number above 0: 10 plays ten seconds in one", "time stands still at the speed 0")
	}
	if err := o.bounds.check(); err != nil {
		return err
	}
	jobs, err := o.prepare(env, args)
	if err != nil {
		return err
	}
	ctx, stop := o.bounds.watch(ctx)
	defer stop()
	failed := false
	for i, j := range jobs {
		if ctx.Err() != nil {
			return interruptedBefore(ctx, j)
		}
		if i > 0 && !o.quiet {
			fmt.Fprintln(env.Stdout)
		}
		record, err := o.runOne(ctx, env, j)
		if err != nil {
			return err
		}
		if record.Interrupted {
			return interrupted(ctx, record, j)
		}
		failed = tellMisses(env, j, record) || failed
	}
	if failed {
		return verdict(exitFailed)
	}
	return nil
}

// prepare opens and checks everything that the runs need.
func (o *runOptions) prepare(env environment, args []string) ([]job, error) {
	opened, err := openAll(env, args)
	if err != nil {
		return nil, err
	}
	jobs := make([]job, len(args))
	taken := make(map[string]string, len(args)) // output directories
	for i, sc := range opened {
		if sc.ServedOnly() {
			return nil, usage("write load and policies; or simulate serve "+args[i]+", to clients of yours", "%s has no load and no policies to run", args[i])
		}
		if err := checkPolicies(sc, args[i], o.policies); err != nil {
			return nil, err
		}
		jobs[i] = job{arg: args[i], scenario: sc, out: o.outDir(sc.Name, len(args))}
		if first, ok := taken[jobs[i].out]; ok {
			return nil, usage("give the scenario in one of them another name, or run them one at a time with --out",
				"%s and %s would both write to %s", first, args[i], jobs[i].out)
		}
		taken[jobs[i].out] = args[i]
		if err := checkOutput("run", jobs[i].out, artifactNames(o.png)); err != nil {
			return nil, err
		}
	}
	return jobs, nil
}

// outDir is where the results of one of n scenarios go.
func (o *runOptions) outDir(name string, n int) string {
	switch {
	case o.out == "":
		return filepath.Join(outRoot, name)
	case n == 1:
		return filepath.Clean(o.out)
	default:
		return filepath.Join(o.out, name)
	}
}

// checkPolicies makes sure that the scenario has the policies asked for.
func checkPolicies(sc *scenarios.Scenario, arg string, wanted []string) error {
	known := policyNames(sc)
	for _, w := range wanted {
		if contains(known, w) {
			continue
		}
		hint := "its policies are " + or(known)
		if near := nearest.Word(w, known); near != "" {
			hint = "did you mean " + near + "? " + hint
		}
		return usage(hint, "%s has no policy %q", arg, w)
	}
	return nil
}

func policyNames(sc *scenarios.Scenario) []string {
	names := make([]string, len(sc.Policies))
	for i, p := range sc.Policies {
		names[i] = p.Name
	}
	return names
}

// lighter is what helps a scenario that needs too much.
const lighter = "fewer clients, a lower rate or shorter phases need less; so does one policy at a time (--policy)"

// interrupted is what ends a run before its end, by a signal or a bound.
func interrupted(ctx context.Context, record *reports.Run, j job) error {
	if b, ok := passed(ctx); ok {
		return wrong(lighter, fmt.Errorf("%s was stopped: %w; what was seen by then is in %s", record.Scenario, b, j.out))
	}
	return &failure{code: exitInterrupted, cause: fmt.Errorf("%s was interrupted; what was seen by then is in %s", record.Scenario, j.out)}
}

func interruptedBefore(ctx context.Context, j job) error {
	if b, ok := passed(ctx); ok {
		return wrong(lighter, fmt.Errorf("%s was stopped before it began: %w", j.scenario.Name, b))
	}
	return &failure{code: exitInterrupted, cause: fmt.Errorf("%s was interrupted before it began", j.scenario.Name)}
}

func modes() []string {
	var words []string
	for _, m := range scenarios.Modes() {
		words = append(words, string(m))
	}
	return words
}

// runOne runs one scenario, writes its files and prints its table.
func (o *runOptions) runOne(ctx context.Context, env environment, j job) (*reports.Run, error) {
	bar := newProgress(env, o.quiet, j.scenario.Name)
	began := env.Now()
	options := scenarios.Options{
		Seed: o.seed, Mode: scenarios.Mode(o.mode), Policies: o.policies,
		Version: thisBuild().Version, Progress: bar.update,
	}
	var err error
	if options.Mode == scenarios.ModeLive {
		if options.Play, err = livefleet.New(j.scenario, livefleet.Options{Speed: o.speed, Policies: o.policies}); err != nil {
			return nil, badRun(j.arg, err)
		}
	}
	record, err := scenarios.Run(ctx, j.scenario, options)
	bar.clear()
	took := env.Now().Sub(began)
	if record == nil {
		if ctx.Err() != nil {
			return nil, interruptedBefore(ctx, j)
		}
		return nil, badRun(j.arg, err)
	}
	if err != nil && !record.Interrupted {
		return nil, wrong("", err)
	}
	if b, ok := passed(ctx); ok && record.Interrupted {
		record.Stopped = b.Error()
	}
	// First the files: whoever reads the table may stop before its end, and a pipe
	// that breaks ends the process.
	names, failed := writeArtifacts(j.out, record, o.png)
	if !o.quiet {
		if err := reports.Text(env.Stdout, record, reports.TextOptions{Color: env.color(), Width: env.columns()}); err != nil {
			return nil, wrong("", err)
		}
	}
	if failed != nil {
		return nil, wrong("simulate run --out DIR writes elsewhere", failed)
	}
	if !o.quiet {
		fmt.Fprintf(env.Stdout, "\n%s\n", wrote(j.out, names))
	}
	if !o.quiet && env.StderrTerminal && options.Play == nil {
		fmt.Fprintf(env.Stderr, "%s of virtual time for each of %s in %s\n", reports.FormatExact(length(j.scenario)),
			count(len(record.Policies), "policy", "policies"), reports.FormatDuration(took))
	}
	return record, nil
}

// tellMisses tells on standard error what makes the run fail, and whether
// anything does. The table has it too, but nobody reads a table in a CI log.
func tellMisses(env environment, j job, record *reports.Run) bool {
	for i := range record.Thresholds {
		if t := &record.Thresholds[i]; !t.Passed {
			fmt.Fprintf(env.Stderr, "simulate: %s\n", t.Miss())
		}
	}
	for _, w := range record.Warnings {
		if w.Fails {
			where := ""
			if w.Policy != "" {
				where = " (policy " + w.Policy + ")"
			}
			fmt.Fprintf(env.Stderr, "simulate: %s%s\n", oneLine(w.Message), where)
		}
	}
	if !record.Failed() {
		return false
	}
	hint := filepath.Join(j.out, "latency.svg") + " shows when it went wrong"
	if slices.ContainsFunc(record.Warnings, func(w reports.Warning) bool { return w.Code == "no-calls" }) {
		hint = "a higher load.rate, or longer phases, bring calls"
	}
	if _, ok := scenarios.Source(j.arg); ok {
		hint = "simulate show " + j.arg + " prints the scenario; " + hint
	}
	fmt.Fprintf(env.Stderr, "hint: %s\n", hint)
	return true
}

// badRun gives an error of scenarios.Run its exit code and hint.
func badRun(arg string, err error) error {
	var internal *scenarios.InternalError
	if errors.As(err, &internal) {
		return wrong("this is a defect of simulate, and not of the scenario; please report it with: simulate run "+arg+" "+internal.Flags()+
			" (version "+thisBuild().Version+")", err)
	}
	var option *scenarios.OptionError
	if errors.As(err, &option) {
		return usage(option.Hint, "%s", option.Message)
	}
	return badSockets(err)
}
