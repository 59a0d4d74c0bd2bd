package main

import (
	"github.com/spf13/cobra"
)

// shells are those that cobra writes completion for.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func newCompletionCommand(env environment) *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Write a script that completes commands, scenarios and policies in a shell",
		Long: `completion writes a script to standard output. Sourced by the shell, it completes
commands, flags, the names of scenarios, and the policies of a scenario given
before --policy. SHELL is bash, zsh, fish or powershell.`,
		Example: `  # bash, for this session
  source <(simulate completion bash)

  # zsh, for all sessions
  simulate completion zsh > "${fpath[1]}/_simulate"

  # fish, for all sessions
  simulate completion fish > ~/.config/fish/completions/simulate.fish

  # PowerShell, for this session
  simulate completion powershell | Out-String | Invoke-Expression`,
		ValidArgs: shells,
		Args: func(_ *cobra.Command, args []string) error {
			const help = "simulate completion bash, or one of zsh, fish and powershell"
			switch {
			case len(args) == 0:
				return usage(help, "completion needs the name of a shell")
			case len(args) > 1:
				return usage(help, "completion takes one shell, got %d", len(args))
			}
			for _, s := range shells {
				if s == args[0] {
					return nil
				}
			}
			return usage(help, "no completion for the shell %q", args[0])
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(env.Stdout, true)
			case "zsh":
				return root.GenZshCompletion(env.Stdout)
			case "fish":
				return root.GenFishCompletion(env.Stdout, true)
			default:
				return root.GenPowerShellCompletionWithDesc(env.Stdout)
			}
		},
	}
}
