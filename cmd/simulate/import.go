package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/scenarios"
	"github.com/squall-sim/squall/scenarios/logs"
)

// importOptions are the flags of the import command.
type importOptions struct {
	format    string
	from, to  string
	speed     float64
	name      string
	out       string
	outageAt  time.Duration
	outageFor time.Duration
	outage    bool // --outage-at was given, 0s included
	force     bool
}

func newImportCommand(env environment) *cobra.Command {
	o := importOptions{format: "auto", speed: 1}
	cmd := &cobra.Command{
		Use:   "import LOG [flags]",
		Short: "Make a scenario that replays an access log",
		Long: `import reads an access log (Apache or nginx, common or combined format; or S3
server access log; plain or gzip) and writes a scenario whose load replays the
log's requests at their times: operations, keys, sizes, and clients by address.
LOG is a file, or - for standard input.

It writes two files side by side: the scenario (YAML, to be edited) and its trace
(CSV). Addresses become numbers; queries, user agents and user names are left out.

--outage-at and --outage-for put an outage on top: for that long no connection to
the backend is accepted. Both are times of the replay: at --speed 10 an hour of
the log is six minutes.`,
		Example: `  # a scenario with the load of a log, in access.yaml and access.csv
  simulate import access.log

  # half an hour of outage in the middle of the second day
  simulate import access.log --outage-at 36h --outage-for 30m

  # one day of it, ten times as fast
  simulate import access.log --from 2015-05-18 --to 2015-05-19 --speed 10 -o busy-day.yaml

  # many S3 logs at once
  cat logs/2026-* | simulate import - --format s3 --name uploads`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("simulate import access.log, or - for standard input", "import needs one log, got %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.outage = cmd.Flags().Changed("outage-at")
			return o.run(cmd.Context(), env, args[0])
		},
	}
	f := cmd.Flags()
	addChoice(cmd, &o.format, "format", []string{"auto", "apache", "s3"}, "read the log as apache (nginx's too) or s3; auto finds out")
	f.StringVar(&o.from, "from", "", "leave out requests before `TIME`: 2015-05-18T06:00:00Z, 2015-05-18, or 36h into the log")
	f.StringVar(&o.to, "to", "", "leave out requests from `TIME` on")
	f.Float64Var(&o.speed, "speed", 1, "replay `N` times as fast as recorded")
	f.StringVar(&o.name, "name", "", "call the scenario `NAME` (default: as the log)")
	f.StringVarP(&o.out, "output", "o", "", "write the scenario to `FILE`, the trace beside it (default <log name>.yaml)")
	f.DurationVar(&o.outageAt, "outage-at", 0, "begin an outage at this `DURATION` into the replay")
	f.DurationVar(&o.outageFor, "outage-for", 0, "let the outage last for `DURATION`")
	f.BoolVar(&o.force, "force", false, "overwrite files that are there")
	return cmd
}

func (o *importOptions) run(ctx context.Context, env environment, log string) error {
	window, err := o.check(log)
	if err != nil {
		return err
	}
	if err := o.checkFiles(log); err != nil {
		return err
	}
	replay, report, err := o.read(ctx, env, log, window)
	if err != nil {
		return importError(log, report, err)
	}
	s := sketch{
		name: o.name, log: report.Name, trace: filepath.Base(tracePath(o.out)), speed: o.speed,
		s3: report.Format == logs.S3, summary: replay.Summary(), outageAt: o.outageAt, outageFor: o.outageFor,
	}
	if err := s.check(replay); err != nil {
		return err
	}
	if err := o.write(ctx, replay, s); err != nil {
		if errors.Is(err, errInterrupted) {
			return importError(log, report, err)
		}
		return err
	}
	s.summary.Span = s.span()
	fmt.Fprintf(env.Stdout, "%v%vwrote %s and %s\nnext: simulate run %s\n",
		report, s.summary, o.out, tracePath(o.out), o.out)
	return nil
}

// check looks at the flags, and fills in the names that they leave out.
func (o *importOptions) check(log string) (logs.ReplayOptions, error) {
	var window logs.ReplayOptions
	var err error
	const times = "write an offset such as 36h, or a time such as 2015-05-18T06:00:00Z or 2015-05-18"
	if window.From, err = logs.ParseBound(o.from); err != nil {
		return window, usage(times, "%q is no value for --from", o.from)
	}
	if window.To, err = logs.ParseBound(o.to); err != nil {
		return window, usage(times, "%q is no value for --to", o.to)
	}
	if err := window.Validate(); err != nil {
		return window, usage(times, "%w", err)
	}
	if !(o.speed >= logs.MinSpeed && o.speed <= logs.MaxSpeed) {
		return window, usage("--speed 10 plays an hour in six minutes", "--speed %v is not from %v to %v", o.speed, logs.MinSpeed, logs.MaxSpeed)
	}
	switch {
	case o.outageAt < 0 || o.outageFor < 0:
		return window, usage("--outage-at 36h --outage-for 30m", "an outage cannot have a negative time")
	case o.outage && o.outageFor == 0:
		return window, usage("add --outage-for, such as --outage-for 30m", "--outage-at needs --outage-for")
	case o.outageFor > 0 && !o.outage:
		return window, usage("add --outage-at, such as --outage-at 1h", "--outage-for needs --outage-at")
	}
	if o.name != "" && !goodName.MatchString(o.name) {
		return window, usage("--name "+safeName(o.name), "%q is no name for a scenario: it is letters, digits, dots, dashes and underscores, at most 64", o.name)
	}
	base := logName(log)
	if o.out == "" {
		o.out = base + ".yaml"
	}
	if o.name == "" {
		o.name = base
	}
	return window, nil
}

// goodName is what a scenario may be called.
var goodName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// checkFiles finds out before a long read what would be in the way of the
// files.
func (o *importOptions) checkFiles(log string) error {
	trace := tracePath(o.out)
	if trace == o.out {
		return usage("-o NAME.yaml", "%s cannot be the scenario: its trace has that name", o.out)
	}
	dir := filepath.Dir(o.out)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return usage("make it first, or choose another one with -o", "there is no directory %s", dir)
	}
	source, _ := os.Stat(log) // one that is not there is no file's equal
	for _, path := range []string{o.out, trace} {
		info, err := os.Stat(path)
		switch {
		case err == nil && os.SameFile(info, source):
			return usage("-o FILE writes elsewhere", "%s would overwrite the log", path)
		case err == nil && info.IsDir():
			return usage("-o FILE writes elsewhere", "%s is a directory", path)
		case err == nil && !o.force:
			return wrong("--force overwrites it, -o FILE writes elsewhere", fmt.Errorf("%s is there already", path))
		}
	}
	if err := probe(dir); err != nil {
		return wrong("-o FILE writes elsewhere", fmt.Errorf("the directory %s is not writable: %w", dir, cause(err)))
	}
	return nil
}

// read reads the log.
func (o *importOptions) read(ctx context.Context, env environment, log string, window logs.ReplayOptions) (*logs.Replay, logs.Report, error) {
	in, name := env.Stdin, "standard input"
	if log != "-" {
		f, err := os.Open(log)
		if err != nil {
			return nil, logs.Report{}, err
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return nil, logs.Report{}, wrong("cat "+log+"/* | simulate import - takes all files in it", fmt.Errorf("%s is a directory", log))
		}
		in, name = &stoppable{ctx: ctx, from: f}, filepath.Base(log)
	}
	format, err := logs.ParseFormat(o.format)
	if err != nil {
		return nil, logs.Report{}, err
	}
	return logs.Import(in, logs.Options{Name: name, Format: format, Replayable: replayable}, window)
}

// replayable tells which operations a scenario can hold.
func replayable(op string) bool {
	return contains(scenarios.Operations(scenarios.KindHTTP), op) || contains(scenarios.Operations(scenarios.KindS3), op)
}

// importError says what helps with a log that could not be read.
func importError(log string, report logs.Report, err error) error {
	var told *failure
	if errors.As(err, &told) {
		return err
	}
	var format *logs.FormatError
	var bad *logs.BadShareError
	switch {
	case errors.Is(err, errInterrupted):
		return fmt.Errorf("the import of %s was %w; nothing was written", log, errInterrupted)
	case errors.As(err, &format):
		return wrong("--format apache or --format s3 tells which it should be", err)
	case errors.As(err, &bad):
		return wrong("is it another format? --format apache or --format s3 tells", err)
	case errors.Is(err, logs.ErrEmpty) && report.Lines == 0:
		return wrong("simulate import FILE, or - for standard input", fmt.Errorf("the log %s is empty", log))
	case errors.Is(err, logs.ErrEmpty):
		if report.Taken == 0 && len(report.Skipped) > 0 {
			first := report.Skipped[0]
			return wrong(fmt.Sprintf("%d of %s skipped: %s", first.Lines, count(int(report.Lines), "line", "lines"), first.Reason), err)
		}
		return wrong("--from and --to choose what is replayed", err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return wrong("gunzip -t tests it; what is left of it can be imported with: gunzip -c FILE | simulate import -", fmt.Errorf("%w: the gzip file is cut off", err))
	case errors.Is(err, os.ErrNotExist):
		return wrong("simulate import FILE, or - for standard input", fmt.Errorf("there is no log %s", log))
	}
	return wrong("", err)
}

// write writes the trace, then the scenario that names it: a scenario is never
// there without its trace. It reads the scenario back, so that what it wrote is
// known to run.
func (o *importOptions) write(ctx context.Context, replay *logs.Replay, s sketch) error {
	if err := reports.WriteFile(tracePath(o.out), func(w io.Writer) error { return writeTrace(ctx, w, replay) }); err != nil {
		return wrong("", err)
	}
	err := reports.WriteFile(o.out, func(w io.Writer) error {
		_, err := io.WriteString(w, s.yaml())
		return err
	})
	if err != nil {
		return wrong("", err)
	}
	if _, err := scenarios.Open(o.out); err != nil {
		return wrong("", fmt.Errorf("the imported scenario does not pass its own check: %w", err))
	}
	return nil
}

func writeTrace(ctx context.Context, w io.Writer, replay *logs.Replay) error {
	t := scenarios.NewTraceWriter(w)
	for row := range replay.Rows() {
		if ctx.Err() != nil {
			return errInterrupted
		}
		err := t.Write(scenarios.TraceRow{
			At: row.At, Client: fmt.Sprint(row.Client), Op: row.Op, Key: row.Key,
			Size: min(scenarios.Size(row.Size), scenarios.MaxSize),
		})
		if err != nil {
			return err
		}
	}
	return t.Flush()
}

// tracePath is where the trace of a scenario file goes.
func tracePath(scenario string) string {
	return strings.TrimSuffix(scenario, filepath.Ext(scenario)) + ".csv"
}

// logName makes a name that a scenario may have from that of a log.
func logName(log string) string {
	if log == "-" {
		return "imported"
	}
	base := filepath.Base(log)
	for _, ext := range []string{".gz", ".log", ".txt"} {
		base = strings.TrimSuffix(base, ext)
	}
	return safeName(base)
}

// safeName replaces what a scenario's name cannot hold by dashes.
func safeName(s string) string {
	const longest = 64
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			return r
		}
		return '-'
	}, s)
	name = strings.Trim(name, ".-_")
	name = strings.TrimRight(name[:min(len(name), longest)], ".-_")
	if name == "" {
		return "imported"
	}
	return name
}
