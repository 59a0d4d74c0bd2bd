package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/squall-sim/squall/internal/verify"
	"github.com/squall-sim/squall/reports"
)

// verifyOptions are the flags of the verify command.
type verifyOptions struct {
	policies []string
	seed     uint64
	speed    float64
	replays  bool
	out      string
	quiet    bool
}

func newVerifyCommand(env environment) *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify SCENARIO [flags]",
		Short: "Show that the simulation and a run on real sockets agree",
		Long: `verify plays a scenario in the modes model, http and live, and says whether they
agree. Live is real time: goroutines with a real HTTP client around the production retry
and breaker, to the backend of the scenario on a socket of loopback. All modes make the
same keyed draws.

model and http must make the same record. Where nothing of a policy depends on time, every
live call must make the same attempts as the simulated one, with the same outcomes and end.
With breakers, budgets, capacity, quotas, time-outs and the like, the numbers must be
similar: within a stated tolerance, or no further from the simulation than ten other seeds
are. Durations are compared as distributions (Kolmogorov-Smirnov), with a slack for what the
machine takes, and not at all where it began calls late. Both sides of the wire are counted: Go's transport repeats some requests
without a word, which is switched off here; --replays leaves it on.

--speed 10 lets ten seconds of the scenario pass in one, for clients and backend alike; what
the machine takes then counts for ten times as much. Without it the speed is one that makes
for a run of a quarter of a minute, and for no more than 1,000 calls a second.

--out writes the report as JSON.

exit codes: 0 they agree, 99 they do not, or the machine could not hold the rate, 2 bad
flags or a bad scenario, 130 interrupted (what was seen by then is printed and written), 1
anything else.`,
		Example: `  # a built-in scenario, one policy
  simulate verify api-rate-limit --policy api

  # the last word: as fast as life
  simulate verify brownout --speed 1

  # how many requests the backend sees of which no policy knows
  simulate verify mine.yaml --replays`,
		Args: func(_ *cobra.Command, args []string) error {
			return someScenarios(args, "simulate list shows the built-in ones", "verify needs a scenario: a name or a file")
		},
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), env, args) },
		ValidArgsFunction: completeScenarios(false),
	}
	f := cmd.Flags()
	f.StringSliceVarP(&o.policies, "policy", "p", nil, "only the policy `NAME`: repeat it, or NAME,NAME for more")
	f.Uint64VarP(&o.seed, "seed", "s", defaultSeed, "draw all chance from this `NUMBER`")
	f.Float64Var(&o.speed, "speed", 0, "play `N` seconds of the scenario in one (default: as it fits)")
	f.BoolVar(&o.replays, "replays", false, "let the clients' transport repeat requests by itself, as net/http does")
	f.StringVarP(&o.out, "out", "o", "", "write the report to `FILE` as JSON")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print only what failed")
	_ = cmd.RegisterFlagCompletionFunc("policy", completePolicies)
	_ = cmd.MarkFlagFilename("out", "json")
	return cmd
}

func (o *verifyOptions) run(ctx context.Context, env environment, args []string) error {
	if len(args) > 1 {
		return usage("run it once for each", "verify takes one scenario, got %d", len(args))
	}
	opened, err := openAll(env, args)
	if err != nil {
		return err
	}
	sc := opened[0]
	if sc.ServedOnly() {
		return usage("write load and policies", "%s has no load and no policies to verify", args[0])
	}
	if err := checkPolicies(sc, args[0], o.policies); err != nil {
		return err
	}
	bar := newProgress(env, o.quiet, sc.Name)
	report, err := verify.Run(ctx, sc, verify.Options{
		Seed: o.seed, Policies: o.policies, Speed: o.speed, Replays: o.replays, Version: thisBuild().Version, Progress: bar.update,
	})
	bar.clear()
	if report == nil {
		if ctx.Err() != nil {
			return &failure{code: exitInterrupted, cause: fmt.Errorf("%s was interrupted before it was played in real time", sc.Name)}
		}
		return badRun(args[0], err)
	}
	return o.tell(env, report, args[0])
}

// tell prints and writes the report, and turns it into an exit code.
func (o *verifyOptions) tell(env environment, report *verify.Report, arg string) error {
	if !o.quiet {
		if err := report.Text(env.Stdout, env.columns()); err != nil {
			return wrong("", err)
		}
	}
	if o.out != "" {
		if err := reports.WriteFile(o.out, func(w io.Writer) error { return report.JSON(w) }); err != nil {
			return wrong("simulate verify --out FILE writes elsewhere", err)
		}
	}
	if report.Interrupted {
		return &failure{code: exitInterrupted, cause: fmt.Errorf("%s was interrupted", report.Scenario)}
	}
	if !report.Failed() {
		return nil
	}
	hint := ""
	for _, p := range report.Policies {
		for _, c := range p.Checks {
			if c.Passed {
				continue
			}
			fmt.Fprintf(env.Stderr, "simulate: %s: %s: %s\n", p.Name, c.Name, oneLine(c.Text))
			if p.Law == verify.LawSimilar && report.Speed > 1 {
				hint = fmt.Sprintf("simulate verify %s --speed %v goes more slowly, so that the machine's own time counts for less", arg, max(1, report.Speed/2))
			}
		}
	}
	for _, w := range report.Warnings {
		fmt.Fprintf(env.Stderr, "simulate: %s\n", oneLine(w.Message))
	}
	if hint == "" && o.out == "" {
		hint = "simulate verify " + arg + " --out report.json writes all numbers"
	}
	if hint != "" {
		fmt.Fprintf(env.Stderr, "hint: %s\n", hint)
	}
	return verdict(exitFailed)
}
