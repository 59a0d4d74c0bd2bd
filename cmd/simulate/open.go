package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/squall-sim/squall/scenarios"
)

// openAll opens the scenarios that the arguments name. It tells the problems of
// all of them, not only of the first bad one.
func openAll(env environment, args []string) ([]*scenarios.Scenario, error) {
	var list []*scenarios.Scenario
	worst := exitOK
	for _, arg := range args {
		sc, err := open(env, arg)
		if err != nil {
			worst = max(worst, tell(env.Stderr, err))
			continue
		}
		list = append(list, sc)
	}
	if worst != exitOK {
		return nil, verdict(worst)
	}
	return list, nil
}

// open opens a built-in scenario by name, a file, or standard input for "-".
func open(env environment, arg string) (*scenarios.Scenario, error) {
	if arg == "-" {
		return openStdin(env)
	}
	sc, err := scenarios.Find(arg)
	return sc, badScenario(arg, err)
}

// someScenarios is the argument check of commands that take any number of them:
// there must be one, and standard input can be read once only.
func someScenarios(args []string, hint, missing string) error {
	if len(args) == 0 {
		return usage(hint, "%s", missing)
	}
	stdin := 0
	for _, arg := range args {
		if arg == "-" {
			stdin++
		}
	}
	if stdin > 1 {
		return usage("give the others as files", "standard input holds one scenario, but - is there %d times", stdin)
	}
	return nil
}

// openStdin reads a scenario from standard input. There a trace, whose path is
// relative to the scenario's file, has no place.
func openStdin(env environment) (*scenarios.Scenario, error) {
	data, err := io.ReadAll(env.Stdin)
	if err != nil {
		return nil, wrong("", fmt.Errorf("cannot read standard input: %w", err))
	}
	sc, err := scenarios.Parse("stdin", data)
	if err == nil && sc.Load.Trace != "" {
		return nil, usage("give the scenario's file", "a scenario from standard input cannot name a trace, got %s", sc.Load.Trace)
	}
	return sc, badScenario("standard input", err)
}

// badScenario gives an error of package scenarios its exit code and hint.
func badScenario(file string, err error) error {
	if err == nil {
		return nil
	}
	var problems *scenarios.Problems
	if errors.As(err, &problems) {
		return &failure{code: exitUsage, cause: err, hint: "simulate show s3-throttle-burst prints a scenario without mistakes"}
	}
	var missing *scenarios.NotFoundError
	if errors.As(err, &missing) {
		return usage(strings.ReplaceAll(missing.Hint, "`", ""), "there is no scenario %q, built in or as a file", missing.Name)
	}
	return usage("simulate show s3-throttle-burst > mine.yaml makes a scenario file", "cannot read %s: %w", file, cause(err))
}

// completeScenarios completes the names of built-in scenarios, with what they
// are about; and files, where those do as well.
func completeScenarios(files bool) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		directive := cobra.ShellCompDirectiveNoFileComp
		if files {
			directive = cobra.ShellCompDirectiveDefault
		} else if len(args) > 0 {
			return nil, directive
		}
		var words []string
		for _, one := range scenarios.List() {
			if !contains(args, one.Name) {
				words = append(words, cobra.CompletionWithDesc(one.Name, oneLine(one.About)))
			}
		}
		return words, directive
	}
}

// completePolicies completes the policies of the scenarios that stand before
// the flag, the part after the last comma of its value.
func completePolicies(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	before := ""
	if comma := strings.LastIndexByte(typed, ','); comma >= 0 {
		before = typed[:comma+1]
	}
	var words []string
	for _, arg := range args {
		sc, err := scenarios.Find(arg)
		if err != nil {
			continue
		}
		for _, p := range sc.Policies {
			if !contains(words, before+p.Name) && !contains(strings.Split(before, ","), p.Name) {
				words = append(words, before+p.Name)
			}
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}
