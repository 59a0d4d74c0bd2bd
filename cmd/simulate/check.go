package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/scenarios"
)

func newCheckCommand(env environment) *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE...",
		Short: "Check scenario files without running them",
		Long: `check reads scenario files and tells every mistake in them with its file, line and
column, and what would be right. Of faults that come and go, or stand behind others, it
tells how many of the requests that they select they are expected to hit. FILE may be - for standard input. It exits with 2
if there is any.`,
		Example: `  # all scenarios of a repository, before they are committed
  simulate check scenarios/*.yaml

  # what another program writes
  simulate show s3-outage | simulate check -`,
		Args: func(_ *cobra.Command, args []string) error {
			return someScenarios(args, "simulate check mine.yaml, or - for standard input", "check needs a file")
		},
		RunE: func(_ *cobra.Command, args []string) error { return checkFiles(env, args) },
	}
}

// checkFiles checks all files, also those after a bad one.
func checkFiles(env environment, files []string) error {
	worst := exitOK
	for _, file := range files {
		sc, err := openFile(env, file)
		if err != nil {
			worst = max(worst, tell(env.Stderr, err))
			continue
		}
		policies := count(len(sc.Policies), "policy", "policies")
		if sc.ServedOnly() {
			policies = "only served"
		}
		fmt.Fprintf(env.Stdout, "%s: fine (%s, %s, %s, %s)\n", file, reports.FormatExact(length(sc)),
			count(len(sc.Phases), "phase", "phases"), policies,
			count(len(sc.Thresholds), "threshold", "thresholds"))
		writeRates(env.Stdout, sc)
	}
	if worst != exitOK {
		return verdict(worst)
	}
	return nil
}

// writeRates tells how many requests faults are expected to hit, where that is not
// what their p says.
func writeRates(w io.Writer, sc *scenarios.Scenario) {
	for _, r := range sc.FaultRates() {
		share := "nominally "
		if !r.Known {
			share = "at most "
		}
		fmt.Fprintf(w, "  fault %s: %s: %s of the requests that it selects\n", r.Phase, r.Rule, share+reports.FormatShare(r.Share))
	}
}

// count writes a number with the word that fits it.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return reports.FormatCount(uint64(n)) + " " + many
}

// openFile opens a scenario file, or standard input for "-". A built-in scenario
// needs no check, so its name is taken for a file's.
func openFile(env environment, file string) (*scenarios.Scenario, error) {
	if file == "-" {
		return openStdin(env)
	}
	sc, err := scenarios.Open(file)
	return sc, badScenario(file, err)
}
