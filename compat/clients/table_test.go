//go:build unix

package clients

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/minio/minio-go/v7"
)

// client is a column of the table.
type client struct {
	name    string
	version func() (string, error) // an error: it is not here
	ops     []string
	slow    bool // to start: the main rows only
	whole   bool // it never tries a whole call again, whatever the error
	play    func(ctx context.Context, jobs []*job) error
}

var (
	sdkOps     = []string{"PutObject", "GetObject", "HeadObject", "ListObjectsV2", "CopyObject", "DeleteObjects"}
	programOps = []string{"PutObject", "GetObject"}
)

// inProcess is a client that is a Go library.
func inProcess(name, module string, most int, f func(context.Context, call) told) client {
	return client{name: name, ops: sdkOps, whole: true, version: func() (string, error) { return moduleVersion(module) },
		play: func(ctx context.Context, jobs []*job) error {
			each(16, jobs, func(j *job) { j.most, j.told = most, f(ctx, j.call) })
			return nil
		}}
}

// outside is a client that is a program; at is how many may run at once.
func outside(name string, p program, at int, slow bool) client {
	return client{name: name, ops: programOps, version: p.version, slow: slow,
		play: func(ctx context.Context, jobs []*job) error {
			each(at, jobs, func(j *job) { p.play(ctx, j) })
			return nil
		}}
}

func boto(mode string) client {
	b := boto3{mode}
	return client{name: "boto3 " + mode, ops: sdkOps, whole: true, version: b.version, play: b.play}
}

var clients = []client{
	inProcess("aws-sdk-go-v2", "github.com/aws/aws-sdk-go-v2/service/s3", retry.DefaultMaxAttempts, goAWS),
	inProcess("minio-go", "github.com/minio/minio-go/v7", minio.MaxRetry, goMinio),
	boto("legacy"), boto("standard"), boto("adaptive"),
	outside("AWS CLI", program{"aws", "awscli.sh"}, 4, true),
	outside("rclone --retries 1 --low-level-retries 2", program{"rclone", "rclone.sh"}, 16, true),
	outside("s3cmd", program{"s3cmd", "s3cmd.sh"}, 32, true),
	outside("curl --retry 3", program{"curl", "curl.sh"}, 16, false),
}

// moduleVersion is the version that go.mod has of a module.
func moduleVersion(path string) (string, error) {
	data, err := os.ReadFile("../go.mod")
	if err != nil {
		return "", err
	}
	for _, line := range strings.Split(string(data), "\n") {
		if f := strings.Fields(line); len(f) >= 2 && f[0] == path {
			return f[1], nil
		}
	}
	return "", fmt.Errorf("go.mod has no %s", path)
}

// jobsOf are the rows that a client plays.
func (c client) jobs() (jobs []*job) {
	for _, r := range rows {
		if slices.Contains(c.ops, r.op) && (r.main || !c.slow) && !c.unsteady(r) {
			jobs = append(jobs, &job{row: r})
		}
	}
	return jobs
}

// unsteady reports whether a client makes one attempt more or less by chance: the Go
// library that rclone is made of tries once more by itself where a connection that it
// kept breaks, and rclone may have kept one or not.
func (c client) unsteady(r row) bool {
	kind, _, _ := strings.Cut(r.effect, " ")
	return strings.HasPrefix(c.name, "rclone") && r.op == "GetObject" && slices.Contains([]string{"reset", "close", "blackhole", "truncate", "stall"}, kind)
}

// playAll plays all rows with all clients that are there, at once: most of the time
// passes in their backoff.
func playAll(t *testing.T) map[string][]*job {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	played := make(map[string][]*job)
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, c := range clients {
		if _, err := c.version(); err != nil {
			absent(t, c.name, err)
			continue
		}
		all.Add(1)
		go func() {
			defer all.Done()
			began := time.Now()
			jobs := c.jobs()
			each(8, jobs, (*job).prepare)
			err := c.play(ctx, jobs)
			each(8, jobs, (*job).finish)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				return
			}
			played[c.name] = jobs
			t.Logf("%s: %d faults in %v", c.name, len(jobs), time.Since(began).Round(time.Second))
		}()
	}
	all.Wait()
	return played
}

// absent skips a client that is not here, or fails where it has to be.
func absent(t *testing.T, name string, err error) {
	if os.Getenv("SQUALL_REQUIRE_CLIENTS") != "" {
		t.Errorf("%s is not here: %v", name, err)
		return
	}
	t.Logf("skipped: %s is not here: %v", name, err)
}

// TestTable plays every fault with every client that is here. What must hold for any
// version of any client is demanded, and docs/clients.md of those that it was made with.
func TestTable(t *testing.T) {
	played := playAll(t)
	for _, c := range clients {
		for _, j := range played[c.name] {
			t.Run(c.name+"/"+j.row.op+"/"+j.row.effect, func(t *testing.T) { j.check(t, c) })
		}
	}
	if !t.Failed() {
		checkPage(t, played)
	}
}

// tiring are faults after which every client tries as often as it ever does, and final
// those after which none tries again.
var (
	tiring = []string{"SlowDown", "503", "ServiceUnavailable", "InternalError", "500", "502", "504", "reset", "close", "blackhole"}
	final  = []string{"AccessDenied", "NoSuchKey", "PreconditionFailed", "NotImplemented"}
)

// gullible are the false successes that are known: a client that is told of a success
// that was none.
var gullible = []struct{ client, op, effect, why string }{
	{"boto3", "", "half-headers", "http.client of Python takes the end of the connection for the end of the headers"},
	{"", "GetObject", "corrupt at=1000", "a client that does not ask for checksums, or does not check them"},
	{"", "GetObject", "corrupt at=1000 checksum=matching", "nothing tells of it"},
	{"curl", "", "half-headers", "the status line is enough for it"},
	{"", "", "200", "a status of success, and nothing that speaks against it"},
	{"boto3", "DeleteObjects", "error-in-200 InternalError", "botocore reads errors of keys in the answer, and finds none"},
}

// check demands what must hold.
func (j *job) check(t *testing.T, c client) {
	if j.err != nil {
		t.Fatal(j.err)
	}
	if j.attempts < 1 {
		t.Fatalf("no attempt was hit by the fault; the client said %q", j.told.err)
	}
	if j.changes() && j.done != j.row.lost {
		t.Errorf("the backend did what was asked: %t, want %t", j.done, j.row.lost)
	}
	if j.told.err == "" && !j.done {
		known := false
		for _, g := range gullible {
			known = known || strings.HasPrefix(c.name, g.client) && (g.op == "" || g.op == j.row.op) && g.effect == j.row.effect
		}
		if !known {
			t.Errorf("the client was content, and should not have been")
		}
	}
	if j.attempts != j.matched {
		t.Errorf("%d of %d attempts were hit by the fault, want all", j.attempts, j.matched)
	}
	if j.most > 0 && j.attempts > j.most {
		t.Errorf("%d attempts, the client says at most %d", j.attempts, j.most)
	}
	if j.most > 0 && slices.Contains(tiring, j.row.effect) && j.attempts != j.most {
		t.Errorf("%d attempts, want all %d", j.attempts, j.most)
	}
	if c.whole && slices.Contains(final, j.row.effect) && j.attempts != 1 {
		t.Errorf("%d attempts at what is final", j.attempts)
	}
}

// TestRecovery: an upload that fails twice and is well after that succeeds with the third
// attempt, with every client.
func TestRecovery(t *testing.T) {
	var all sync.WaitGroup
	for _, c := range clients {
		if _, err := c.version(); err != nil {
			absent(t, c.name, err)
			continue
		}
		if strings.HasPrefix(c.name, "rclone") { // it was told to make two attempts
			continue
		}
		all.Add(1)
		go func() {
			defer all.Done()
			var jobs []*job
			for _, effect := range []string{"SlowDown", "503", "InternalError"} {
				jobs = append(jobs, &job{row: row{op: "PutObject", effect: effect}, first: "first: {attempts: 2, per: key}, "})
			}
			each(8, jobs, (*job).prepare)
			if err := c.play(t.Context(), jobs); err != nil {
				t.Errorf("%s: %v", c.name, err)
				return
			}
			each(8, jobs, (*job).finish)
			for _, j := range jobs {
				uploads := -1 // the one of the source is ours
				for _, a := range j.backend.State().Answers {
					if a.Op == "PutObject" {
						uploads += int(a.Count)
					}
				}
				if j.err != nil || j.told.err != "" || !j.done || j.attempts != 2 || uploads != 3 {
					t.Errorf("%s, %s: %d of %d attempts failed, the client said %q, stored: %t, %v", c.name, j.effect, j.attempts, uploads, j.told.err, j.done, j.err)
				}
			}
		}()
	}
	all.Wait()
}
