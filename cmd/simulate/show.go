package main

import (
	"github.com/spf13/cobra"

	"github.com/squall-sim/squall/scenarios"
)

func newShowCommand(env environment) *cobra.Command {
	return &cobra.Command{
		Use:   "show NAME",
		Short: "Print a built-in scenario as a file",
		Long: `show prints the YAML of a scenario, as it is built in: the best start for one of
your own.`,
		Example: `  # what a scenario does
  simulate show s3-throttle-burst

  # a copy of it to change
  simulate show s3-throttle-burst > mine.yaml`,
		Args: func(_ *cobra.Command, args []string) error {
			const hint = "simulate list shows the built-in scenarios"
			switch len(args) {
			case 0:
				return usage(hint, "show needs the name of a scenario")
			case 1:
				return nil
			}
			return usage(hint, "show takes one scenario, got %d", len(args))
		},
		RunE: func(_ *cobra.Command, args []string) error {
			data, ok := scenarios.Source(args[0])
			if !ok {
				_, err := scenarios.Builtin(args[0]) // for its error, with the name that was meant
				return badScenario(args[0], err)
			}
			_, err := env.Stdout.Write(data)
			return err
		},
		ValidArgsFunction: completeScenarios(false),
	}
}
