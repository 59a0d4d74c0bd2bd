package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/squall-sim/squall/internal/live"
)

func newExecCommand(env environment) *cobra.Command {
	o := execOptions{thresholds: thresholdsAuto}
	cmd := &cobra.Command{
		Use:   "exec SCENARIO [flags] -- CMD [ARG...]",
		Short: "Run a program against the backend of a scenario, with its faults",
		Long: `exec serves a scenario as simulate serve does, and runs CMD with the variables that
point clients at it: AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_DEFAULT_REGION and SQUALL_BUCKET, which is
there, for S3; HTTP_ENDPOINT; and SQUALL_ADMIN, the admin API. AWS_PROFILE and
session tokens are taken away, and NO_PROXY has loopback.

With --tls it is HTTPS, and AWS_CA_BUNDLE, SSL_CERT_FILE, REQUESTS_CA_BUNDLE,
CURL_CA_BUNDLE, NODE_EXTRA_CA_CERTS and SQUALL_CA name the certificate to trust. All but
NODE_EXTRA_CA_CERTS take the place of the system's roots: CMD then trusts no other host.

Standard input, output and error are those of CMD, which gets the signals too. When it
has ended, standard error tells what the server saw: requests, attempts per call of
clients that number them, as AWS SDKs do, what each fault did, and the ground truth
where it is not what clients were told: calls that were told failure and yet changed
something (false failures), that were told success and changed nothing (false
successes), changes made twice by one call (duplicates), and multipart uploads that
nobody ended.

A fault that never fired fails, as in simulate run: nothing was proved. With --phase
only that phase's faults count.

The thresholds of a scenario file are judged as in simulate run, under the name of CMD, on
what the server can know: calls, success_rate, goodput, attempts_per_call,
amplification, call_duration, attempt_duration, retry_delay, false_failures,
false_successes, duplicates, leaked_uploads, and time_to_recover without --phase. Those
on what only a client knows (its breaker, its budget), those for one policy and those of
a phase that had no turn are not judged, and told. A built-in scenario's are about its
own load; --thresholds judge holds CMD to them all the same. A call is what has one
amz-sdk-invocation-id; without one, a request for the same method and target after
one that failed is taken for its retry.

What CMD leaves running in the background loses the backend when CMD ends.

exit codes: that of CMD where it failed (128 and the signal, if one killed it), 99 a
threshold was missed or a fault never fired, 130 interrupted, 2 bad flags or a bad
scenario, 1 anything else.`,
		Example: `  # a test of yours against S3 that throttles nine in ten writes
  simulate exec s3-throttle-burst --phase burst -- ./test.sh

  # a scenario of yours with thresholds, in CI, with all that the server saw in a file
  simulate exec mine.yaml --phase steady --out server.json -- ./test.sh

  # the variables that a program gets
  simulate exec s3-throttle-burst --phase steady -- env`,
		Args: func(cmd *cobra.Command, args []string) error {
			at := cmd.ArgsLenAtDash()
			if at < 0 || at == len(args) {
				return usage("simulate exec s3-outage -- CMD runs CMD", "exec needs a program to run, after --")
			}
			return oneScenario("exec")(cmd, args[:at])
		},
		RunE: func(_ *cobra.Command, args []string) error {
			return execute(env, &o, args[0], args[1:])
		},
		ValidArgsFunction: completeScenarios(true),
	}
	o.register(cmd, "standard error")
	addChoice(cmd, &o.thresholds, "thresholds", []string{thresholdsAuto, thresholdsJudge, thresholdsSkip},
		"judge the scenario's thresholds, or skip them; auto judges those of a file, and skips those of a built-in scenario")
	cmd.Flags().StringVarP(&o.out, "out", "o", "", "write the server's side to `FILE`, as JSON: counters, verdicts and the last calls")
	_ = cmd.MarkFlagFilename("out")
	return cmd
}

// execOptions are the flags of the exec command.
type execOptions struct {
	backendOptions
	thresholds string
	out        string
}

// execute runs a program against a backend and judges both.
func execute(env environment, o *execOptions, arg string, argv []string) error {
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return usage("after -- comes a program, by its path or on the PATH", "cannot run %s: %w", argv[0], unwrapped(err))
	}
	if o.out != "" {
		if err := checkOutFile(o.out); err != nil {
			return err
		}
	}
	signals, release := env.Signals() // from here on; one that came before ends us
	defer release()
	b, err := o.start(env, arg, env.Stderr)
	if err != nil {
		return err
	}
	cmd := exec.Command(path, argv[1:]...)
	cmd.Args[0] = argv[0]
	cmd.Env = append(clientEnv(env.Environ()), b.vars()...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bare(env.Stdin), env.Stdout, env.Stderr
	cmd.WaitDelay = grace // for what CMD leaves running with a pipe of ours
	interrupted, err := attend(env, cmd, signals)
	stopped := b.stop()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return errors.Join(usage("after -- comes a program, by its path or on the PATH", "cannot run %s: %w", argv[0], unwrapped(err)), stopped)
	}
	code := exitOK
	if exit != nil {
		code = exitCode(exit.ProcessState)
	}
	s := o.sideOf(b, argv, code)
	s.tell(env.Stderr)
	var judged error
	if !interrupted {
		judged = s.verdict(env, len(b.scenario.Phases))
	}
	if o.out != "" {
		if err := s.write(o.out); err != nil {
			return errors.Join(err, stopped)
		}
	}
	switch {
	case exit != nil:
		return verdict(code)
	case stopped != nil:
		return stopped
	case interrupted:
		return &failure{code: exitInterrupted, cause: fmt.Errorf("%s was interrupted", argv[0])}
	}
	return judged
}

// tellIdle tells of the faults that never fired: what the scenario is to prove was
// not tried, and of a way to have them where the scenario has more phases than one.
// It returns the failure.
func tellIdle(env environment, state live.State, phases int) error {
	idle := state.Idle()
	if len(idle) == 0 {
		return verdict(exitFailed)
	}
	for _, r := range idle {
		_, why, _ := strings.Cut(fate(r), ", ")
		where := "of phase " + r.Phase
		if r.ID != 0 {
			where = place(r)
		}
		fmt.Fprintf(env.Stderr, "simulate: the fault %q %s never fired: %s\n", r.Text, where, why)
	}
	if !state.Held && phases > 1 && idle[0].ID == 0 {
		fmt.Fprintf(env.Stderr, "hint: simulate exec --phase %s stays in that phase\n", idle[0].Phase)
	}
	return verdict(exitFailed)
}

// attend runs cmd to its end and hands it the signals that come for this
// process. An interrupt from a terminal reaches all its processes without us,
// and many programs take the second one for an order to drop everything.
func attend(env environment, cmd *exec.Cmd, signals <-chan os.Signal) (interrupted bool, err error) {
	if err := cmd.Start(); err != nil {
		return false, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case sig := <-signals:
			interrupted = true
			if sig == os.Interrupt && (env.StdoutTerminal || env.StderrTerminal) {
				continue
			}
			_ = cmd.Process.Signal(sig) // its error: the program has just ended
		case err := <-done:
			if errors.Is(err, exec.ErrWaitDelay) {
				err = nil // what it left running is not CMD
			}
			return interrupted, err
		}
	}
}

// exitCode is that of a program, as a shell tells it.
func exitCode(p *os.ProcessState) int {
	if w, ok := p.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int(w.Signal())
	}
	return p.ExitCode()
}

// bare is standard input as CMD should get it: the file itself, of which it may
// read as much as it likes.
func bare(in io.Reader) io.Reader {
	if s, ok := in.(*stoppable); ok {
		return s.from
	}
	return in
}

// clientEnv is the environment without what would lead an AWS client elsewhere,
// and with loopback excepted from proxies.
func clientEnv(vars []string) []string {
	var out []string
	direct := "127.0.0.1,localhost"
	for _, v := range vars {
		name, value, _ := strings.Cut(v, "=")
		switch name {
		case "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS":
			continue
		case "NO_PROXY", "no_proxy":
			if value != "" {
				direct = value + ",127.0.0.1,localhost"
			}
			continue
		}
		out = append(out, v)
	}
	return append(out, "NO_PROXY="+direct, "no_proxy="+direct)
}

// unwrapped drops what an error of starting a program repeats of the message.
func unwrapped(err error) error {
	var e *exec.Error
	if errors.As(err, &e) {
		err = e.Err
	}
	return cause(err)
}
