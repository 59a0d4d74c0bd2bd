package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/squall-sim/squall/reports"
)

func newServeCommand(env environment) *cobra.Command {
	var o backendOptions
	ready := ""
	cmd := &cobra.Command{
		Use:   "serve SCENARIO [flags]",
		Short: "Serve the backend of a scenario, with its faults, on a socket",
		Long: `serve puts the fake S3 or HTTP service of a scenario on a real socket, with its
latency, capacity and faults, for clients in any language. Load and policies of the
scenario have no part in it: clients bring their own.

Phases follow one another in real time from the start, and the faults of the last
one stay; --phase holds one. The same requests meet the same faults under the same
seed: a call is known by its method and target and by how many of the same came
before; its attempts by what AWS SDKs send (amz-sdk-invocation-id, amz-sdk-request).
Requests without that are calls of their own.

When it is ready, it prints one line with the addresses. --ready-file writes the
variables that point a client at it (AWS_ENDPOINT_URL, HTTP_ENDPOINT, …), as lines
NAME=value; the file is written whole, and removed at the end. The admin API is at
SQUALL_ADMIN; GET / lists it: GET /state, GET /calls (the last calls and their
attempts), GET /metrics (for Prometheus), POST /reset, POST /phase with
{"phase": "NAME"}, and "hold": true to stay there. POST /faults with
{"rule": "PutObject raw/** p=0.9 SlowDown", "for": "30s"} puts a fault before those of
the plan, until it is over, DELETE /faults/ID takes it back, or a reset ends it.

--tls makes it HTTPS (HTTP/1.1, as S3; no HTTP/2, in which a reset would break a
stream and no connection). Its certificate is made for this run, for localhost and
the address; who trusts the one of --tls-ca trusts nothing else, as that key signed one
certificate and is gone. The ready file then has AWS_CA_BUNDLE, SSL_CERT_FILE,
REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, NODE_EXTRA_CA_CERTS and SQUALL_CA too. The admin
API stays HTTP.

An interrupt (Ctrl-C, SIGTERM) ends it well, with exit code 0: it tells what it saw,
after requests have had 2 s to end. The second one kills.

exit codes: 0 fine, 2 bad flags or a bad scenario, 1 anything else.`,
		Example: `  # S3 that throttles, on a free port, for as long as you like
  simulate serve s3-throttle-burst --phase burst

  # on a port of your choice, with an access log that simulate import reads
  simulate serve api-rate-limit --addr 127.0.0.1:9000 --log served.log

  # over TLS, to clients that are told whom to trust
  simulate serve s3-outage --tls --tls-ca ca.pem

  # for a script that waits for the file and reads its variables
  simulate serve s3-outage --ready-file ready.env`,
		Args: oneScenario("serve"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return serve(cmd.Context(), env, &o, args[0], ready)
		},
		ValidArgsFunction: completeScenarios(true),
	}
	o.register(cmd, "standard output")
	cmd.Flags().StringVar(&ready, "ready-file", "", "write `FILE` when ready, with the variables for clients")
	_ = cmd.MarkFlagFilename("ready-file")
	return cmd
}

// oneScenario is the argument check of a command that takes one.
func oneScenario(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return usage("simulate list shows the built-in ones", "%s needs a scenario: a name or a file", name)
		case len(args) > 1:
			return usage(cmd.CommandPath()+" --help shows its usage", "%s takes one scenario, got %q too", name, args[1])
		}
		return nil
	}
}

// serve serves until ctx ends, and then tells what happened.
func serve(ctx context.Context, env environment, o *backendOptions, arg, ready string) (err error) {
	if ready != "" { // one that an earlier server left behind would mislead who waits for it
		if err := removed(ready); err != nil {
			return err
		}
	}
	b, err := o.start(env, arg, env.Stdout)
	if err != nil {
		return err
	}
	if ready != "" {
		text := strings.Join(b.vars(), "\n") + "\n"
		err := reports.WriteFile(ready, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
		if err != nil {
			return errors.Join(wrong("--ready-file FILE writes elsewhere", err), b.stop())
		}
	}
	said := fmt.Sprintf("serving %s (%s) at %s, admin at %s", b.scenario.Name, b.scenario.Backend.Kind, b.URL(), b.AdminURL())
	if b.ca.path != "" {
		said += ", certificate to trust in " + b.ca.path
	}
	if _, err := fmt.Fprintln(env.Stdout, said); err != nil {
		return errors.Join(wrong("", err), b.stop())
	}
	<-ctx.Done()
	if ready != "" {
		if err := removed(ready); err != nil {
			return errors.Join(err, b.stop())
		}
	}
	err = b.stop()
	writeSide(env.Stdout, b.State())
	return err
}

// removed makes sure that there is no such file. A link or a device of that name is
// not ours to remove.
func removed(path string) error {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		what := "not a regular file"
		if info.IsDir() {
			what = "a directory"
		}
		return wrong("--ready-file FILE writes elsewhere", fmt.Errorf("the file %s cannot be replaced: it is %s", path, what))
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return wrong("--ready-file FILE writes elsewhere", fmt.Errorf("the file %s cannot be replaced: %w", path, cause(err)))
	}
	return nil
}
