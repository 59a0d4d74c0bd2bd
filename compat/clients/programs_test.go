//go:build unix

package clients

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// found looks for a program where Debian puts it, and then on the PATH: other
// versions than the table's may stand before it.
func found(name string) (string, error) {
	if path, err := exec.LookPath("/usr/bin/" + name); err == nil {
		return path, nil
	}
	return exec.LookPath(name)
}

// program is one of the scripts in programs.
type program struct {
	name string // of the program that it runs
	file string
}

// version is what the program says, or an error where it is not installed.
func (p program) version() (string, error) {
	if _, err := found(p.name); err != nil {
		return "", err
	}
	out, err := p.command(context.Background(), []string{"AWS_ENDPOINT_URL=", "SQUALL_BUCKET="}, "version", "-", "-").Output()
	return numbers.FindString(string(out)), err
}

var numbers = regexp.MustCompile(`\d+(\.\d+)+`)

// command is the script with an environment of its own: no settings of the machine
// reach it.
func (p program) command(ctx context.Context, vars []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join("programs", p.file), args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // the program, and not its shell alone
	cmd.Env = append(environment(), vars...)
	if p.name == "aws" {
		path, _ := found(p.name)
		cmd.Env = append(cmd.Env, "AWS="+path)
	}
	return cmd
}

func environment() []string {
	return []string{"PATH=/usr/bin:/bin:" + os.Getenv("PATH"), "HOME=/nonexistent", "LANG=C.UTF-8", "TMPDIR=" + os.TempDir(), "AWS_PAGER="}
}

// play plays one job.
func (p program) play(ctx context.Context, j *job) {
	dir, err := os.MkdirTemp("", "squall-clients")
	if err != nil {
		j.err = err
		return
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "file")
	op := "get"
	if j.call.op == "PutObject" {
		op = "put"
		if j.err = os.WriteFile(file, j.body, 0o600); j.err != nil {
			return
		}
	}
	vars := j.backend.vars()
	if j.timeout > 0 {
		vars = append(vars, fmt.Sprintf("TIMEOUT=%g", j.timeout.Seconds()))
	}
	cmd := p.command(ctx, vars, op, j.key, file)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil && op == "get":
		j.told.body, j.err = os.ReadFile(file)
	case errors.As(err, &exit) && exit.Exited():
		j.told.err = word(stderr.String())
	default:
		j.err = err
	}
}

// words are how the programs tell of errors of S3 and of HTTP; what else they say is
// for people.
var words = []*regexp.Regexp{
	regexp.MustCompile(`An error occurred \((\w+)\)`),         // the AWS CLI
	regexp.MustCompile(`S3 error: \d+ \((\w+)\)`),             // s3cmd
	regexp.MustCompile(`requested URL returned error: (\d+)`), // curl
}

var timeouts = regexp.MustCompile(`(?i)read timeout|timed out|i/o timeout`)

// word is what a program called its error, which may be for anything.
func word(stderr string) string {
	for _, re := range words {
		if m := re.FindAllStringSubmatch(stderr, -1); m != nil {
			return m[len(m)-1][1]
		}
	}
	if timeouts.MatchString(stderr) {
		return timedOut
	}
	return broken
}

// boto3 plays all jobs in one process, in one of botocore's modes.
type boto3 struct{ mode string }

// python finds an interpreter that has boto3.
func python() (string, error) {
	for _, path := range []string{os.Getenv("SQUALL_PYTHON"), "/usr/bin/python3", "python3"} {
		if path != "" && exec.Command(path, "-c", "import boto3").Run() == nil {
			return path, nil
		}
	}
	return "", errors.New("no python3 has boto3")
}

func (b boto3) version() (string, error) {
	path, err := python()
	if err != nil {
		return "", err
	}
	out, err := exec.Command(path, "programs/boto3_calls.py", "--version").Output()
	return strings.TrimSpace(string(out)), err
}

func (b boto3) play(ctx context.Context, jobs []*job) error {
	path, err := python()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "squall-clients")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "body")
	if err := os.WriteFile(file, content(objectSize), 0o600); err != nil {
		return err
	}
	var in bytes.Buffer
	enc := json.NewEncoder(&in)
	for i, j := range jobs {
		_ = enc.Encode(map[string]any{ // plain data
			"id": i, "endpoint": j.endpoint, "op": j.call.op, "mode": b.mode, "key": j.key, "file": file, "timeout": j.timeout.Seconds(),
		})
	}
	cmd := exec.CommandContext(ctx, path, "programs/boto3_calls.py")
	cmd.Env = append(environment(), "AWS_ACCESS_KEY_ID=squall", "AWS_SECRET_ACCESS_KEY=squall", "AWS_DEFAULT_REGION=us-east-1", "SQUALL_BUCKET="+bucket)
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var a struct {
			ID, Attempts, Size int
			Error, SHA256      string
		}
		if err := dec.Decode(&a); err != nil {
			return err
		}
		j := jobs[a.ID]
		j.most, j.told.err = a.Attempts, a.Error
		if sum := sha256.Sum256(j.body); a.SHA256 == hex.EncodeToString(sum[:]) {
			j.told.body = j.body
		}
	}
	return nil
}

// patience bounds what one client may take for all its jobs.
const patience = 8 * time.Minute
