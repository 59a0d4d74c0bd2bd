package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/squall-sim/squall/internal/nearest"
)

// run is the command as a function: it does what env.Args ask for and returns
// the exit code. When ctx ends, a run stops, writes what it has, marked as
// interrupted, and gives 130.
func run(ctx context.Context, env environment) int {
	env.Stdin = &stoppable{ctx: ctx, from: env.Stdin}
	root := newRoot(env)
	root.SetArgs(env.Args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	if err := root.ExecuteContext(ctx); err != nil {
		return tell(env.Stderr, err)
	}
	return exitOK
}

func newRoot(env environment) *cobra.Command {
	root := &cobra.Command{
		Use:   "simulate COMMAND",
		Short: "Show what retry, backoff and breaker settings do on a bad day",
		Long: `simulate replays hours of trouble with an S3 or HTTP service in seconds of
virtual time, on the retry and breaker code that a service imports, and shows
what each policy made of it.`,
		Example: `  # what is built in
  simulate list

  # run one scenario: table on the terminal, figures in simulate-out/
  simulate run s3-throttle-burst

  # make a scenario of your own from a built-in one
  simulate show s3-throttle-burst > mine.yaml
  simulate check mine.yaml && simulate run mine.yaml`,
		SilenceErrors:     true, // run tells them
		SilenceUsage:      true,
		Args:              knownCommand,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return noEmptyFlags(cmd) },
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		// "simulate rnu --quiet": the command is the mistake, not its flag.
		if cmd == root && !strings.HasPrefix(env.Args[0], "-") {
			return unknownCommand(root, env.Args[0])
		}
		return flagError(cmd, err)
	})
	root.AddCommand(
		newRunCommand(env),
		newVerifyCommand(env),
		newServeCommand(env),
		newExecCommand(env),
		newMatrixCommand(env),
		newMapCommand(env),
		newListCommand(env),
		newShowCommand(env),
		newCheckCommand(env),
		newImportCommand(env),
		newVersionCommand(env),
		newCompletionCommand(env),
	)
	root.SetHelpCommand(newHelpCommand())
	root.SetUsageTemplate(usageTemplate)
	for _, cmd := range append(root.Commands(), root) {
		cmd.DisableFlagsInUseLine = true // Use has them where there are any
		cmd.Flags().SortFlags = false    // in the order of use, as the code has them
		cmd.Flags().BoolP("help", "h", false, "show this help")
	}
	return root
}

// usageTemplate is cobra's without the parts that this command has no use for.
const usageTemplate = `usage:
  {{.UseLine}}

examples:
{{.Example}}
{{- if .HasAvailableSubCommands}}

commands:
{{- range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}

simulate COMMAND --help tells more about a command, with examples.
{{- else}}

flags:
{{.LocalFlags.FlagUsagesWrapped 100 | trimTrailingWhitespaces}}
{{- end}}
`

// newHelpCommand replaces cobra's, which takes an unknown topic for success.
func newHelpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show the help of a command",
		Example: `  # the flags of run, with examples
  simulate help run`,
		RunE: func(cmd *cobra.Command, args []string) error {
			topic, rest, err := cmd.Root().Find(args)
			if err == nil && len(rest) > 0 {
				return unknownCommand(cmd.Root(), rest[0])
			}
			if err != nil {
				return err
			}
			return topic.Help()
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return commandNames(cmd.Root()), cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// knownCommand is the argument check of the root: whatever reaches it named no
// command.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return unknownCommand(cmd, args[0])
}

func unknownCommand(root *cobra.Command, name string) error {
	hint := "simulate --help lists the commands"
	if near := nearest.Word(name, commandNames(root)); near != "" {
		hint = "did you mean simulate " + near + "? " + hint
	}
	return usage(hint, "unknown command %q", name)
}

func commandNames(root *cobra.Command) []string {
	var names []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return names
}

// noArgs is the argument check of commands that take none.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage(cmd.CommandPath()+" --help shows its usage", "%s takes no arguments, got %q", cmd.Name(), args[0])
	}
	return nil
}
