package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/squall-sim/squall/internal/nearest"
	"github.com/squall-sim/squall/scenarios"
)

// Exit codes. They are part of the command's contract: scripts and CI jobs
// tell by them what happened.
const (
	exitOK          = 0
	exitError       = 1   // anything that has no code of its own
	exitUsage       = 2   // bad flags, or a bad scenario
	exitFailed      = 99  // a threshold was missed, or a warning fails the run
	exitInterrupted = 130 // stopped by a signal; what was seen by then is written
)

// failure is an error with its exit code and, for people, the command that
// helps. All errors of this command have one voice: "simulate: ", lower case,
// one line, no full stop; then "hint: ".
type failure struct {
	code  int
	cause error
	hint  string
}

func (f *failure) Error() string { return f.cause.Error() }

func (f *failure) Unwrap() error { return f.cause }

// usage makes the failure of bad flags or arguments.
func usage(hint, format string, args ...any) error {
	return &failure{code: exitUsage, cause: fmt.Errorf(format, args...), hint: hint}
}

// wrong makes a failure with exit code 1.
func wrong(hint string, cause error) error {
	return &failure{code: exitError, cause: cause, hint: hint}
}

// verdict is how a command ended that has told everything already: only its
// exit code is left to give.
type verdict int

func (v verdict) Error() string { return fmt.Sprintf("exit code %d", int(v)) }

// tell writes err in the command's voice and gives its exit code.
func tell(w io.Writer, err error) int {
	var quiet verdict
	if errors.As(err, &quiet) {
		return int(quiet)
	}
	code, hint := exitError, ""
	var f *failure
	if errors.As(err, &f) {
		code, hint = f.code, f.hint
	}
	if errors.Is(err, errInterrupted) {
		code = exitInterrupted
	}
	var problems *scenarios.Problems
	if errors.As(err, &problems) {
		tellProblems(w, problems)
	} else {
		fmt.Fprintf(w, "simulate: %s\n", oneLine(withoutPackage(err.Error())))
	}
	if hint != "" {
		fmt.Fprintf(w, "hint: %s\n", hint)
	}
	return code
}

// tellProblems writes the mistakes of a scenario, each with its place, in the
// form that editors understand ("file:line:column: …" begins a line), and the
// line of the file below it.
func tellProblems(w io.Writer, problems *scenarios.Problems) {
	list := problems.List
	count := "1 problem"
	if len(list) != 1 {
		count = fmt.Sprintf("%d problems", len(list))
	}
	file := list[0].File
	if file == "" {
		file = "the scenario"
	}
	fmt.Fprintf(w, "simulate: %s has %s\n%s\n", file, count, problems.Error())
}

// withoutPackage drops the name of the package that an error came from: it helps
// programmers, but not who typed a command.
func withoutPackage(s string) string {
	for _, name := range []string{"scenarios", "logs", "live", "matrix", "reports", "figures", "fleet", "faults", "retry", "breaker"} {
		if rest, found := strings.CutPrefix(s, name+": "); found {
			return withoutPackage(rest)
		}
	}
	return s
}

// oneLine keeps an error of another package to the one line that a message has.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

// flagError rewords what pflag says of a command line, and says what would be
// right.
func flagError(cmd *cobra.Command, err error) error {
	help := cmd.CommandPath() + " --help lists the flags"
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		if unknown.GetSpecifiedShortnames() != "" {
			return usage(help, "unknown flag -%s", unknown.GetSpecifiedName())
		}
		name := unknown.GetSpecifiedName()
		if near := nearest.Word(name, flagNames(cmd)); near != "" {
			return usage("did you mean --"+near+"? "+help, "unknown flag --%s", name)
		}
		return usage(help, "unknown flag --%s", name)
	}
	var missing *pflag.ValueRequiredError
	if errors.As(err, &missing) {
		return usage(help, "--%s needs a value", missing.GetFlag().Name)
	}
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		f := invalid.GetFlag()
		return usage(fmt.Sprintf("--%s takes %s", f.Name, takes(f)), "%q is no value for --%s", invalid.GetValue(), f.Name)
	}
	return usage(help, "%w", err)
}

// noEmptyFlags refuses the value "", which is most often a variable of a script
// that was not set: to do as if the flag were not there would run other policies,
// or write elsewhere, than was meant.
func noEmptyFlags(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if text := f.Value.String(); err == nil && (text == "" || text == "[]") {
			err = usage("leave the flag out for its default; "+cmd.CommandPath()+" --help lists the flags", "--%s has an empty value", f.Name)
		}
	})
	return err
}

// takes tells what a flag's value looks like.
func takes(f *pflag.Flag) string {
	if c, ok := f.Value.(*choice); ok {
		return or(c.words)
	}
	switch f.Value.Type() {
	case "uint64":
		return fmt.Sprintf("a whole number from 0 to %d", uint64(math.MaxUint64))
	case "bool":
		return "true or false"
	case "duration":
		return "a number and a unit, such as 500ms, 30s, 5m or 36h"
	case "size":
		return "a size such as 512MiB"
	case "float64":
		return "a number, such as 2 or 0.5"
	}
	return "a " + f.Value.Type()
}

func flagNames(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return names
}

// or joins words as a sentence lists alternatives: "a, b or c".
func or(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
