package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/squall-sim/squall/internal/live"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/scenarios"
)

// grace is how long requests may go on when a backend is told to stop.
const grace = 2 * time.Second

// backendOptions are the flags of the commands that put a backend on a socket.
type backendOptions struct {
	seed   uint64
	phase  string
	addr   string
	public bool
	admin  string
	log    string
	tls    bool
	tlsCA  string
}

// register gives cmd the flags; dash is where the log goes for "-".
func (o *backendOptions) register(cmd *cobra.Command, dash string) {
	f := cmd.Flags()
	f.StringVarP(&o.phase, "phase", "p", "", "stay in the phase `NAME` (default: phases in real time, from the start)")
	f.Uint64VarP(&o.seed, "seed", "s", defaultSeed, "draw all chance from this `NUMBER`")
	f.StringVar(&o.addr, "addr", live.DefaultAddr, "listen on `HOST:PORT`; port 0 is a free one")
	f.BoolVar(&o.public, "public", false, "allow an --addr that other machines reach")
	f.StringVar(&o.admin, "admin", live.DefaultAddr, "admin API on `HOST:PORT`, always on loopback")
	f.StringVar(&o.log, "log", "", "append a line for each request to `FILE`; - is "+dash)
	f.BoolVar(&o.tls, "tls", false, "speak HTTPS, with a certificate made for this run")
	f.StringVar(&o.tlsCA, "tls-ca", "", "with --tls: write the certificate that clients must trust to `FILE` (default: a temporary one)")
	_ = cmd.MarkFlagFilename("tls-ca")
	_ = cmd.RegisterFlagCompletionFunc("phase", completePhases)
	_ = cmd.MarkFlagFilename("log")
}

// backend is a scenario on a socket, as the commands need it.
type backend struct {
	*live.Server
	scenario *scenarios.Scenario
	log      *os.File // nil: none to close
	ca       caFile
	builtIn  bool // the scenario is
}

// start opens the scenario and serves it; dash is the log for "-".
func (o *backendOptions) start(env environment, arg string, dash io.Writer) (*backend, error) {
	if o.tlsCA != "" && !o.tls {
		return nil, usage("add --tls", "--tls-ca is of no use without --tls")
	}
	sc, err := open(env, arg)
	if err != nil {
		return nil, err
	}
	b := &backend{scenario: sc, builtIn: isBuiltIn(arg)}
	var log io.Writer
	switch o.log {
	case "":
	case "-":
		log = dash
	default:
		b.log, err = os.OpenFile(o.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
		if err != nil {
			return nil, wrong("--log FILE writes elsewhere", fmt.Errorf("the log %s cannot be written: %w", o.log, cause(err)))
		}
		log = b.log
	}
	b.Server, err = live.Start(sc, live.Options{
		Seed: o.seed, Addr: o.addr, Public: o.public, Admin: o.admin, Phase: o.phase, Log: log, TLS: o.tls,
	})
	if err != nil {
		if b.log != nil {
			_ = b.log.Close() // nothing was written
		}
		return nil, badBackend(err)
	}
	if o.tls {
		if b.ca, err = writeCA(o.tlsCA, b.CA()); err != nil {
			return nil, errors.Join(err, b.stop())
		}
	}
	if host, _, _ := net.SplitHostPort(o.addr); host != "localhost" && !net.ParseIP(host).IsLoopback() {
		fmt.Fprintf(env.Stderr, "simulate: listening on %s: whoever reaches this machine reaches the backend, without a password\n", b.ListenAddr())
	}
	return b, nil
}

// badBackend gives an error of live.Start its exit code and hint.
func badBackend(err error) error {
	var taken *live.ListenError
	if errors.As(err, &taken) {
		return wrong("--"+taken.Option+" 127.0.0.1:0 takes a free port", fmt.Errorf("cannot listen on --%s %s: %w", taken.Option, taken.Addr, taken.Cause()))
	}
	var option *live.OptionError
	if !errors.As(err, &option) {
		return badSockets(err)
	}
	hint := option.Hint
	if option.Option == "addr" {
		hint = strings.Replace(hint, "ask for a server that others reach", "add --public to let other machines reach it", 1)
	}
	if option.Option == "phase" { // the message says it all
		return usage(hint, "%s", option.Message)
	}
	return usage(hint, "--%s %s", option.Option, option.Message)
}

// badSockets gives an error its exit code: it is the scenario's fault if that asks for what
// there is only in simulation.
func badSockets(err error) error {
	var problems *scenarios.Problems
	if errors.As(err, &problems) {
		return &failure{code: exitUsage, cause: err}
	}
	return wrong("", err)
}

// stop ends the backend; its State stays. The certificate goes first: a second signal
// may kill us while the backend waits for its clients.
func (b *backend) stop() error {
	err := errors.Join(b.ca.remove(), b.Close(grace))
	if b.log != nil {
		err = errors.Join(err, b.log.Close())
	}
	if err != nil {
		return wrong("", err)
	}
	return nil
}

// vars are the variables that point a client at the backend.
func (b *backend) vars() []string {
	vars := append([]string{"SQUALL_ADMIN=" + b.AdminURL()}, b.ca.vars()...)
	return append(vars, urlVars(b.URL(), b.scenario.Backend.Bucket, b.scenario.Backend.Kind == scenarios.KindS3)...)
}

// urlVars are the variables that point a client at a backend: for S3 those of the
// AWS SDKs and tools, with keys that open nothing.
func urlVars(url, bucket string, s3 bool) []string {
	vars := []string{"HTTP_ENDPOINT=" + url}
	if s3 {
		vars = append(vars,
			"AWS_ENDPOINT_URL="+url, "AWS_ENDPOINT_URL_S3="+url,
			"AWS_ACCESS_KEY_ID=squall", "AWS_SECRET_ACCESS_KEY=squall",
			"AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1",
			"SQUALL_BUCKET="+bucket)
	}
	return vars
}

// writeSide writes what the backend saw: the server's side of the story.
func writeSide(w io.Writer, s live.State) {
	fmt.Fprintf(w, "%s: %s in %s, %s hit by a fault", s.Scenario, count(int(s.Requests), "request", "requests"),
		reports.FormatDuration(s.Elapsed), reports.FormatCount(s.Faulted))
	if s.Refused > 0 {
		fmt.Fprintf(w, ", %s turned away, as there was no room", reports.FormatCount(s.Refused))
	}
	if s.Bugs > 0 {
		fmt.Fprintf(w, ", %s failed by a defect of the fake itself and answered with 500", reports.FormatCount(s.Bugs))
	}
	fmt.Fprintln(w)
	if s.Handshakes > 0 {
		fmt.Fprintf(w, "%s failed: a client must trust the certificate of --tls-ca\n", count(int(s.Handshakes), "TLS handshake", "TLS handshakes"))
	}
	width := 0
	for _, a := range s.Answers {
		width = max(width, len(a.Op))
	}
	for i := 0; i < len(s.Answers); {
		op := s.Answers[i].Op
		var parts []string
		for ; i < len(s.Answers) && s.Answers[i].Op == op; i++ {
			parts = append(parts, answers(s.Answers[i]))
		}
		fmt.Fprintf(w, "  %-*s  %s\n", width, op, strings.Join(parts, ", "))
	}
	if len(s.Attempts) > 0 {
		var parts []string
		for i, n := range s.Calls() {
			if n > 0 {
				parts = append(parts, fmt.Sprintf("%d for %s", i+1, count(int(n), "call", "calls")))
			}
		}
		fmt.Fprintf(w, "attempts per call: %s\n", strings.Join(parts, ", "))
	}
	if truth := truths(s); len(truth) > 0 {
		fmt.Fprintf(w, "ground truth: %s\n", strings.Join(truth, "; "))
	}
	for _, r := range s.Rules {
		fmt.Fprintf(w, "fault %s: %s: %s\n", place(r), r.Text, fate(r))
	}
	writeLimits(w, s)
}

// writeLimits tells what the backend's quotas and partitioned prefixes did.
func writeLimits(w io.Writer, s live.State) {
	for _, l := range s.Limits {
		fmt.Fprintf(w, "limit %s: turned away %s of %s\n", l.Limit, reports.FormatCount(l.Refused), count(int(l.Asked), "request", "requests"))
		if l.Shared > 0 {
			fmt.Fprintf(w, "  %s shared a token bucket, as there were too many keys or clients to count them apart\n", count(int(l.Shared), "request", "requests"))
		}
	}
	for _, one := range s.Splits {
		fmt.Fprintf(w, "prefix of %s split after %s at %s: %s\n", one.Bucket, reports.FormatDuration(one.At), reports.OneLine(one.Key), count(one.Count, "partition", "partitions"))
	}
}

// truths tells, for each operation, where clients were not told what the backend
// did, and what it did more than once.
func truths(s live.State) []string {
	var parts []string
	for _, t := range s.TruthByOp() {
		var wrong []string
		if t.FalseFailures > 0 {
			wrong = append(wrong, count(int(t.FalseFailures), "false failure", "false failures"))
		}
		if t.FalseSuccesses > 0 {
			wrong = append(wrong, count(int(t.FalseSuccesses), "false success", "false successes"))
		}
		if t.Duplicates > 0 {
			wrong = append(wrong, count(int(t.Duplicates), "duplicate", "duplicates"))
		}
		if len(wrong) == 0 {
			continue
		}
		part := fmt.Sprintf("%s: %s in %s", t.Op, strings.Join(wrong, ", "), count(int(t.Calls), "call", "calls"))
		if t.Unnamed > 0 {
			part += fmt.Sprintf(", %s of them without an id, whose duplicates are not known", reports.FormatCount(t.Unnamed))
		}
		parts = append(parts, part)
	}
	if s.LeakedUploads != nil && *s.LeakedUploads > 0 {
		parts = append(parts, count(*s.LeakedUploads, "multipart upload", "multipart uploads")+" neither completed nor aborted")
	}
	return parts
}

func answers(a live.Answers) string {
	if a.Status == 0 {
		return reports.FormatCount(a.Count) + " without an answer"
	}
	return fmt.Sprintf("%s with %d", reports.FormatCount(a.Count), a.Status)
}

// place tells where a fault is from.
func place(r live.Rule) string {
	switch {
	case r.ID == 0:
		return r.Phase
	case r.Phase == "":
		return fmt.Sprintf("added (%d)", r.ID)
	}
	return fmt.Sprintf("added (%d) to %s", r.ID, r.Phase)
}

// fate tells what a fault did.
func fate(r live.Rule) string {
	switch {
	case r.Fired > 0:
		text := fmt.Sprintf("hit %s of %s (nominally %s), %s of all ", reports.FormatCount(r.Fired), count(int(r.Matched), "request", "requests"),
			reports.FormatShare(r.NominalP), reports.FormatShare(r.Share))
		if r.ID == 0 {
			text += "in its phase"
		} else {
			text += "while it was there"
		}
		if r.Seen != r.Fired {
			text += fmt.Sprintf(", %s seen in time", reports.FormatCount(r.Seen))
		}
		return text
	case !r.Due:
		return "not its turn, another phase was held"
	case r.Matched > 0:
		return fmt.Sprintf("never fired, its probability hit none of %s", count(int(r.Matched), "request", "requests"))
	}
	return "never fired, no request matched it"
}

// completePhases completes the phases of the scenario that stands before the
// flag.
func completePhases(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var words []string
	for _, arg := range args {
		if sc, err := scenarios.Find(arg); err == nil {
			for _, ph := range sc.Phases {
				words = append(words, ph.Label)
			}
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}
