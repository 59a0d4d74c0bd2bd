package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/squall-sim/squall/internal/matrix"
)

// matrixOptions are the flags of the matrix command.
type matrixOptions struct {
	kind     string
	presets  []string
	scenario string
	faults   []string
	ops      []string
	allCodes bool

	attemptTimeout time.Duration
	stream         bool
	idempotent     bool
	classifyS3     bool

	exec    string
	jobs    int
	timeout time.Duration

	format string
	full   bool
	out    string
	check  string
	quiet  bool
}

func newMatrixCommand(env environment) *cobra.Command {
	o := matrixOptions{kind: string(matrix.S3), format: string(formatText)}
	cmd := &cobra.Command{
		Use:   "matrix [flags]",
		Short: "Show what a client makes of every fault on every operation",
		Long: `matrix makes one call for each fault and operation, and shows how many attempts
came of it, what the first error was taken for (throttle, transient, fatal …), what a
circuit breaker counts, the wait before the second attempt, whether the server's hint
was heard, what the caller got, and whether that is true: the backend's store is asked.
The fault meets every request of the operation.

The client is a preset (or several, side by side), or the policies of a --scenario, on
the production code: retryhttp's Transport with the real classifier and the real bytes
of every answer, in process and in virtual time. The same command gives the same bytes.

Or it is any program: --exec runs a line of sh for each cell, in real time, against a
backend on a socket of its own. {op}, {endpoint}, {bucket} and {key} in it are filled
in ({source} is what CopyObject copies); the variables of simulate exec are set, and
SQUALL_OP and SQUALL_KEY. The server counts the attempts and measures the wait; what
the caller got is the exit code and the last line of standard error. The object is
there for operations that read or delete it, {key}-other for DeleteObjects too.

Faults are those that clients tell apart and one of every other kind; --fault names
others, in the form of a scenario's effect ("none" is a call that nothing happens to).
Operations that come to the same share a row: all, others, or their HTTP method.

--out writes the table as JSON, Markdown or text, by the ending of the file. --check
compares with a JSON that was kept, and fails with the cells that changed: run it with
the flags that the file was made with. Of programs, delays and messages do not count.

exit codes: 0 fine, 99 a cell is not as it was kept, 2 bad flags or a program that
cannot be run, 130 interrupted (what there is by then is printed and written), 1
anything else.`,
		Example: `  # the preset for S3, all faults
  simulate matrix

  # three presets side by side, on what throttles
  simulate matrix --preset s3,aws-standard-2.1,none --fault SlowDown --fault 429 --fault "503 retry-after=3s"

  # an HTTP service, with attempts that give up after 2 s
  simulate matrix --kind http --preset api --attempt-timeout 2s

  # in CI: what is retried must not change unnoticed
  simulate matrix --quiet --out kept.json
  simulate matrix --quiet --check kept.json

  # a program of yours
  simulate matrix --exec './test.sh {op} {endpoint} {bucket} {key}' --op PutObject --fault SlowDown --fault reset`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd, env) },
	}
	o.register(cmd)
	return cmd
}

func (o *matrixOptions) register(cmd *cobra.Command) {
	f := cmd.Flags()
	addChoice(cmd, &o.kind, "kind", []string{string(matrix.S3), string(matrix.HTTP)}, "the backend: s3, or http for a plain web service")
	f.StringSliceVarP(&o.presets, "preset", "p", nil, "the policy `NAME` (default s3, for http api): repeat it, or NAME,NAME for more")
	f.StringVar(&o.scenario, "scenario", "", "the policies of the scenario `NAME`, built in or a file, instead of presets")
	f.StringArrayVarP(&o.faults, "fault", "f", nil, "only the fault `TEXT`, such as \"SlowDown retry-after=3s\"; repeat it for more")
	f.StringSliceVar(&o.ops, "op", nil, "only the operation `NAME`: repeat it, or NAME,NAME for more")
	f.BoolVar(&o.allCodes, "all-codes", false, "every error code of S3")
	f.DurationVar(&o.attemptTimeout, "attempt-timeout", 0, "the policies end an attempt after `DURATION`")
	f.BoolVar(&o.stream, "stream", false, "hand bodies on as they come: one that breaks off is then not retried")
	f.BoolVar(&o.idempotent, "idempotent", false, "mark every request as one that may be made twice, POST too")
	f.BoolVar(&o.classifyS3, "classify-s3", false, "ask retryhttp.ClassifyS3 before the policy's own table")
	f.StringVar(&o.exec, "exec", "", "run `CMD`, a line for sh, for each cell")
	f.IntVar(&o.jobs, "jobs", matrix.DefaultJobs, "run `N` programs at once")
	f.DurationVar(&o.timeout, "timeout", matrix.DefaultTimeout, "kill a program after `DURATION`")
	addChoice(cmd, &o.format, "format", []string{string(formatText), formatMarkdown, string(formatJSON)}, "print text for people, md (Markdown) or json")
	f.BoolVar(&o.full, "full", false, "a row for each operation, in text and Markdown")
	f.StringVarP(&o.out, "out", "o", "", "write `FILE`.json, .md or .txt too")
	f.StringVar(&o.check, "check", "", "fail where a cell is not as in `FILE`, a JSON of --out")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print only what failed")
	none := cobra.ShellCompDirectiveNoFileComp
	_ = cmd.RegisterFlagCompletionFunc("preset", cobra.FixedCompletions(matrix.PresetNames(), none))
	_ = cmd.RegisterFlagCompletionFunc("op", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return matrix.Operations(matrix.Kind(o.kind)), none
	})
	_ = cmd.RegisterFlagCompletionFunc("fault", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var words []string
		for _, e := range matrix.Faults(matrix.Kind(o.kind), true)[1:] {
			words = append(words, e.String())
		}
		return words, none
	})
	_ = cmd.MarkFlagFilename("out")
	_ = cmd.MarkFlagFilename("check", "json")
	_ = cmd.MarkFlagFilename("scenario", "yaml", "yml")
}

const formatMarkdown = "md"
