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

	"github.com/squall-sim/squall/internal/matrix"
	"github.com/squall-sim/squall/reports"
)

// run makes the matrix, tells it, and compares it. All that can be known to be wrong
// is told before it starts.
func (o *matrixOptions) run(cmd *cobra.Command, env environment) error {
	if err := o.together(cmd); err != nil {
		return err
	}
	kept, err := o.kept()
	if err != nil {
		return err
	}
	if err := o.checkOut(); err != nil {
		return err
	}
	m, err := o.make(cmd.Context(), env)
	if err != nil {
		return err
	}
	if err := o.tell(env, m); err != nil {
		return err
	}
	if m.Interrupted {
		return &failure{code: exitInterrupted, cause: errors.New("the matrix was interrupted; cells are missing")}
	}
	if kept != nil {
		return o.compare(env, kept, m)
	}
	return nil
}

// together refuses flags that have no meaning beside others.
func (o *matrixOptions) together(cmd *cobra.Command) error {
	given := func(names ...string) string {
		for _, name := range names {
			if cmd.Flags().Changed(name) {
				return name
			}
		}
		return ""
	}
	if o.exec != "" {
		if name := given("preset", "scenario", "attempt-timeout", "stream", "idempotent", "classify-s3"); name != "" {
			return usage("leave --"+name+" out: a program has its own ways", "--%s is for built-in clients, not for --exec", name)
		}
	} else if name := given("jobs", "timeout"); name != "" {
		return usage("give a program with --exec, or leave --"+name+" out", "--%s is for programs", name)
	}
	if given("preset") != "" && o.scenario != "" {
		return usage("leave one of them out", "the clients are those of --preset or of --scenario, not of both")
	}
	if given("fault") != "" && o.allCodes {
		return usage("leave one of them out", "--all-codes and --fault both say which faults")
	}
	if o.attemptTimeout < 0 || given("attempt-timeout") != "" && o.attemptTimeout == 0 {
		return usage("write a positive duration, such as 2s", "an --attempt-timeout of %v is not possible", o.attemptTimeout)
	}
	if o.exec != "" && o.jobs < 1 {
		return usage("write 1 or more", "--jobs %d is not possible", o.jobs)
	}
	if o.exec != "" && o.timeout <= 0 {
		return usage("write a positive duration, such as 30s", "a --timeout of %v is not possible", o.timeout)
	}
	return nil
}

// make plays the policies, or runs the program.
func (o *matrixOptions) make(ctx context.Context, env environment) (*matrix.Matrix, error) {
	kind := matrix.Kind(o.kind)
	effects, err := matrix.ParseFaults(o.faults)
	if err != nil {
		return nil, badMatrix(err)
	}
	if o.allCodes {
		effects = matrix.Faults(kind, true)
	}
	bar := newProgress(env, o.quiet, "matrix")
	defer bar.clear()
	progress := func(done, total int) { bar.update(time.Duration(done), time.Duration(total)) }
	version := thisBuild().Version
	if o.exec != "" {
		m, err := matrix.Exec(ctx, matrix.ExecOptions{
			Kind: kind, Faults: effects, Ops: o.ops, Version: version, Progress: progress,
			Command: o.exec, Jobs: o.jobs, Timeout: o.timeout,
			Environ: func(url string) []string {
				return append(clientEnv(env.Environ()), urlVars(url, matrix.Bucket, kind == matrix.S3)...)
			},
		})
		return m, badMatrix(err)
	}
	policies, err := matrix.Presets(kind, o.presets)
	if err != nil {
		return nil, badMatrix(err)
	}
	if o.scenario != "" {
		sc, err := open(env, o.scenario)
		if err != nil {
			return nil, err
		}
		policies = matrix.PoliciesOf(sc)
	}
	m, err := matrix.Play(ctx, matrix.Options{
		Kind: kind, Policies: policies, Faults: effects, Ops: o.ops, Version: version, Progress: progress,
		AttemptTimeout: o.attemptTimeout, Stream: o.stream, Idempotent: o.idempotent, ClassifyS3: o.classifyS3,
	})
	return m, badMatrix(err)
}

// badMatrix gives an error of package matrix its exit code and hint.
func badMatrix(err error) error {
	var option *matrix.OptionError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &option) && option.Option == "command":
		return usage(option.Hint, "--exec: %s", option.Message)
	case errors.As(err, &option):
		return usage(option.Hint, "%s", option.Message)
	}
	return wrong("", err)
}

// writer writes the matrix in one of its forms.
func (o *matrixOptions) writer(m *matrix.Matrix, form string, width int) func(io.Writer) error {
	options := matrix.TextOptions{Width: width, Full: o.full}
	switch form {
	case string(formatJSON):
		return m.WriteJSON
	case formatMarkdown:
		return func(w io.Writer) error { return m.Markdown(w, options) }
	}
	return func(w io.Writer) error { return m.Text(w, options) }
}

// endings are those of --out, and the forms that they stand for.
var endings = map[string]string{".json": string(formatJSON), ".md": formatMarkdown, ".txt": string(formatText)}

// checkOut finds out what would keep --out from being written.
func (o *matrixOptions) checkOut() error {
	const hint = "--out FILE.json, FILE.md or FILE.txt"
	if o.out == "" {
		return nil
	}
	if endings[strings.ToLower(filepath.Ext(o.out))] == "" {
		return usage(hint, "the ending of %s does not say what to write", o.out)
	}
	if info, err := os.Stat(o.out); err == nil && info.IsDir() {
		return wrong(hint, fmt.Errorf("%s cannot be written: it is a directory", o.out))
	}
	if err := probe(filepath.Dir(o.out)); err != nil {
		return wrong(hint, fmt.Errorf("%s cannot be written: %w", o.out, cause(err)))
	}
	return nil
}

// tell writes and prints the matrix. First the file: whoever reads the table may stop
// before its end.
func (o *matrixOptions) tell(env environment, m *matrix.Matrix) error {
	if o.out != "" {
		form := endings[strings.ToLower(filepath.Ext(o.out))]
		if err := reports.WriteFile(o.out, o.writer(m, form, 0)); err != nil {
			return wrong("--out FILE writes elsewhere", err)
		}
	}
	if !o.quiet {
		if err := o.writer(m, o.format, env.columns())(env.Stdout); err != nil {
			return wrong("", err)
		}
	}
	tellDoubts(env, m)
	return nil
}

// tellDoubts tells of programs that fail, or ask for something else, whatever
// happens to them: their cells prove nothing.
func tellDoubts(env environment, m *matrix.Matrix) {
	var failing, silent []string
	for _, c := range m.Cells {
		switch {
		case len(m.Clients) == 0 || !m.Clients[0].Program:
		case c.Attempts.Max == 0 && !slices.Contains(silent, c.Op):
			silent = append(silent, c.Op)
		case c.Fault == matrix.NoFault && (c.ExitCode != 0 || c.TimedOut()):
			failing = append(failing, c.Op)
		}
	}
	if len(silent) > 0 {
		fmt.Fprintf(env.Stderr, "simulate: the program sent no request of %s\n", strings.Join(silent, ", "))
	}
	if len(failing) > 0 {
		fmt.Fprintf(env.Stderr, "simulate: the program failed without a fault on %s\n", strings.Join(failing, ", "))
	}
}

// kept reads the matrix to compare with; nil: none.
func (o *matrixOptions) kept() (*matrix.Matrix, error) {
	if o.check == "" {
		return nil, nil
	}
	const hint = "simulate matrix --out FILE.json writes one"
	f, err := os.Open(o.check)
	if err != nil {
		return nil, usage(hint, "cannot read %s: %w", o.check, cause(err))
	}
	defer f.Close()
	m, err := matrix.ReadJSON(f)
	if err != nil {
		return nil, usage(hint, "cannot compare with %s: %s", o.check, oneLine(withoutPackage(cause(err).Error())))
	}
	if string(m.Kind) != o.kind {
		return nil, usage("give --kind "+string(m.Kind), "%s is of the kind %s", o.check, m.Kind)
	}
	return m, nil
}

// mostChanges is how many are told.
const mostChanges = 50

// compare tells what changed, and fails if anything did.
func (o *matrixOptions) compare(env environment, kept, m *matrix.Matrix) error {
	changes := matrix.Compare(kept, m)
	if len(changes) == 0 {
		return nil
	}
	for i, c := range changes {
		if i == mostChanges {
			fmt.Fprintf(env.Stderr, "simulate: and %s more\n", count(len(changes)-mostChanges, "cell", "cells"))
			break
		}
		fmt.Fprintf(env.Stderr, "simulate: %s\n", c)
	}
	fmt.Fprintf(env.Stderr, "simulate: %s not as kept in %s\n", count(len(changes), "cell is", "cells are"), o.check)
	fmt.Fprintf(env.Stderr, "hint: if that is meant, --out %s keeps what is now\n", o.check)
	return verdict(exitFailed)
}
