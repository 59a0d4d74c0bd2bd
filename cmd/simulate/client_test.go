package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// client is a program that knows nothing of squall: it uploads small files to
// where the environment says, or the file of --vars, and tries each a few times.
// Scripts run it as "client".
func client() {
	var (
		vars     = flag.String("vars", "", "file with the variables")
		n        = flag.Int("n", 20, "uploads")
		attempts = flag.Int("attempts", 5, "attempts of each")
		method   = flag.String("method", "PUT", "method of the requests")
		exit     = flag.Int("exit", 0, "exit code at the end")
		echo     = flag.Bool("echo", false, "copy standard input to standard output first")
		trust    = flag.Bool("trust", true, "trust the certificate that the environment names")
		key      = flag.String("key", "", "upload to this key, not to raw/ and a number")
		fail     = flag.Int("fail", 0, "exit code where an upload failed, which standard error then tells")
		hang     = flag.String("hang", "", "make this file, and wait for a signal")
	)
	flag.Parse()
	if *echo {
		_, _ = io.Copy(os.Stdout, os.Stdin)
	}
	if *hang != "" {
		c := make(chan os.Signal, 1)
		signal.Notify(c, os.Interrupt, syscall.SIGTERM)
		if err := os.WriteFile(*hang, nil, 0o666); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		fmt.Println("got", <-c)
		os.Exit(*exit)
	}
	base, ca := os.Getenv("HTTP_ENDPOINT"), os.Getenv("SQUALL_CA")
	if *vars != "" {
		data, err := os.ReadFile(*vars)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		for _, line := range strings.Split(string(data), "\n") {
			if value, ok := strings.CutPrefix(line, "HTTP_ENDPOINT="); ok {
				base = value
			}
			if value, ok := strings.CutPrefix(line, "SQUALL_CA="); ok {
				ca = value
			}
		}
	}
	if ca != "" && *trust {
		trustOnly(ca)
	}
	done := 0
	for i := range *n {
		target := fmt.Sprintf("%s/squall/raw/%d", base, i)
		if *key != "" {
			target = base + "/squall/" + *key
		}
		if upload(*method, target, *attempts) {
			done++
		}
	}
	fmt.Printf("%d of %d done\n", done, *n)
	if done < *n && *fail != 0 {
		fmt.Fprintf(os.Stderr, "%d of %d done\n", done, *n)
		os.Exit(*fail)
	}
	os.Exit(*exit)
}

// trustOnly makes a certificate the only root.
func trustOnly(file string) {
	data, err := os.ReadFile(file)
	roots := x509.NewCertPool()
	if err != nil || !roots.AppendCertsFromPEM(data) {
		fmt.Fprintln(os.Stderr, "no certificate:", file, err)
		os.Exit(1)
	}
	http.DefaultTransport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots}
}

func upload(method, url string, attempts int) bool {
	for i := range attempts {
		req, err := http.NewRequest(method, url, strings.NewReader("text"))
		if err != nil {
			return false
		}
		req.Header.Set("Amz-Sdk-Invocation-Id", url[strings.LastIndex(url, "/"):])
		req.Header.Set("Amz-Sdk-Request", fmt.Sprintf("attempt=%d; max=%d", i+1, attempts))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			continue
		}
		resp.Body.Close()
		if resp.StatusCode < 300 {
			return true
		}
	}
	return false
}

// await waits until a file is there: await FILE.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await FILE")
	}
	for range 100_000_000 {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		runtime.Gosched()
	}
	ts.Fatalf("%s never came", args[0])
}

// writeTestProgram makes the test.sh that help and documents run.
func writeTestProgram(t *testing.T, dir string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "test.sh"), []byte("#!/bin/sh\nexec client\n"), 0o777); err != nil {
		t.Fatal(err)
	}
}

// untilReady makes a shell's line of one that serves: it interrupts the server
// when that is ready, and has its exit code.
func untilReady(line string) string {
	return "rm -f said && mkfifo said && { " + line + " >said & exec 3<said; read ready <&3; kill $!; wait $!; }"
}

// TestServeEndsWithItsContext: what an interrupt is to serve, in process; the
// summary is told, and the ready file is gone.
func TestServeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ready := filepath.Join(t.TempDir(), "ready")
	ctx, cancel := context.WithCancel(context.Background())
	said, out := io.Pipe()
	var s session
	env := s.env("serve", "s3-outage", "--ready-file", ready)
	env.Stdout = out
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, env)
		out.Close()
	}()
	line := make([]byte, 200)
	n, err := said.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(line[:n]), "serving s3-outage (s3) at http://127.0.0.1:") {
		t.Errorf("ready: %q", line[:n])
	}
	vars, err := os.ReadFile(ready)
	if err != nil || !strings.Contains(string(vars), "\nAWS_ENDPOINT_URL=http://127.0.0.1:") {
		t.Errorf("variables: %q %v", vars, err)
	}
	cancel()
	rest, _ := io.ReadAll(said)
	if got := <-code; got != exitOK || !strings.Contains(string(rest), "s3-outage: 0 requests in ") {
		t.Errorf("exit code %d\n%s\n%s", got, rest, s.err.String())
	}
	if _, err := os.Stat(ready); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the ready file is left: %v", err)
	}
}

func TestClientEnv(t *testing.T) {
	got := strings.Join(clientEnv([]string{"HOME=/h", "AWS_PROFILE=prod", "AWS_SESSION_TOKEN=t", "no_proxy=corp", "HTTP_PROXY=http://p"}), " ")
	if want := "HOME=/h HTTP_PROXY=http://p NO_PROXY=corp,127.0.0.1,localhost no_proxy=corp,127.0.0.1,localhost"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestExecHandsSignalsOn: SIGTERM reaches the program, and so does an interrupt
// unless a terminal has sent it to both.
func TestExecHandsSignalsOn(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no signals to send")
	}
	for _, test := range []struct {
		terminal bool
		send     []os.Signal
		want     string
	}{
		{false, []os.Signal{syscall.SIGTERM}, "got terminated\n"},
		{false, []os.Signal{os.Interrupt}, "got interrupt\n"},
		{true, []os.Signal{os.Interrupt, syscall.SIGTERM}, "got terminated\n"},
	} {
		up := filepath.Join(t.TempDir(), "up")
		signals := make(chan os.Signal, 2)
		s := session{terminal: test.terminal}
		env := s.env("exec", "s3-outage", "--phase", "steady", "--", "client", "--hang", up)
		env.Signals = func() (<-chan os.Signal, func()) { return signals, func() {} }
		code := make(chan int, 1)
		go func() { code <- run(context.Background(), env) }()
		for _, err := os.Stat(up); err != nil; _, err = os.Stat(up) {
			select {
			case got := <-code:
				t.Fatalf("ended with %d before the signal\n%s", got, s.err.String())
			default:
				runtime.Gosched()
			}
		}
		for _, sig := range test.send {
			signals <- sig
		}
		if got := <-code; got != exitInterrupted || s.out.String() != test.want {
			t.Errorf("%+v: exit code %d, %q\n%s", test, got, s.out.String(), s.err.String())
		}
	}
}

// TestExecTellsOfKilledPrograms: their exit code is that of a shell.
func TestExecTellsOfKilledPrograms(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no signals to die of")
	}
	var s session
	if code := run(context.Background(), s.env("exec", "s3-outage", "--phase", "steady", "--", "sh", "-c", "kill -9 $$")); code != 128+9 {
		t.Errorf("exit code %d\n%s", code, s.err.String())
	}
}

// TestTakenPorts: who cannot listen is told where, why, and what to write.
func TestTakenPorts(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, flag := range []string{"addr", "admin"} {
		var s session
		code := run(context.Background(), s.env("serve", "s3-outage", "--"+flag, taken.Addr().String()))
		want := fmt.Sprintf("simulate: cannot listen on --%s %s: address already in use\nhint: --%s 127.0.0.1:0 takes a free port\n", flag, taken.Addr(), flag)
		if code != exitError || s.err.String() != want || s.out.Len() > 0 {
			t.Errorf("exit code %d\n%s%s", code, s.out.String(), s.err.String())
		}
	}
}

// TestExecLeavesTheBackground: what a program left running, with our standard output
// for its own, does not hold up the end.
func TestExecLeavesTheBackground(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no sh")
	}
	var s session
	pid := filepath.Join(t.TempDir(), "pid")
	code := run(context.Background(), s.env("exec", "s3-outage", "--phase", "steady", "--", "sh", "-c", "sleep 300 & echo $! > "+pid))
	data, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	left, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	if p, err := os.FindProcess(left); err == nil {
		_ = p.Kill()
	}
	if code != exitOK || !strings.Contains(s.err.String(), "s3-outage: 0 requests in ") {
		t.Errorf("exit code %d\n%s", code, s.err.String())
	}
}
