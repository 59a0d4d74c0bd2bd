//go:build unix

package clients

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/squall-sim/squall/internal/live"
)

// simulate builds the command of this checkout.
func simulate(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "simulate")
	build := exec.Command("go", "build", "-o", path, "./cmd/simulate")
	build.Dir = "../.." // a module of its own
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// TestModesOfBoto3: under one fault, botocore's three modes make their different numbers
// of attempts, by the server's count.
func TestModesOfBoto3(t *testing.T) {
	path, err := python()
	if err != nil {
		skip(t, "boto3", err)
	}
	command := simulate(t)
	saw := make(map[string]live.State)
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, mode := range []string{"legacy", "standard", "adaptive"} {
		all.Add(1)
		go func() {
			defer all.Done()
			cmd := exec.CommandContext(t.Context(), command, "exec", "s3-throttle-burst", "--phase", "burst", "--", path, "programs/boto3_modes.py", mode, "12")
			cmd.Env = environment()
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			var state live.State
			if err == nil {
				err = json.Unmarshal(out, &state)
			}
			if err != nil {
				t.Errorf("%s: %v\n%s", mode, err, stderr.String())
			}
			mu.Lock()
			defer mu.Unlock()
			saw[mode] = state
		}()
	}
	all.Wait()
	for mode, attempts := range map[string]int{"legacy": 5, "standard": 3, "adaptive": 3} {
		s := saw[mode]
		if len(s.Attempts) != attempts || s.Attempts[0] != 12 {
			t.Errorf("%s: attempts by number are %v, want 12 calls, and some that make %d", mode, s.Attempts, attempts)
		}
		for _, n := range s.Calls()[attempts-1:] {
			if n == 0 {
				t.Errorf("%s: no call made %d attempts", mode, attempts)
			}
		}
	}
	// The draws of a call's attempt do not depend on who makes it: what was hit is the
	// same as far as both tried.
	if a, b := saw["standard"].Attempts, saw["adaptive"].Attempts; !slices.Equal(a, b) {
		t.Errorf("standard %v and adaptive %v met other faults under one seed", a, b)
	}
	if a, b := saw["legacy"].Attempts, saw["standard"].Attempts; len(a) < 3 || !slices.Equal(a[:3], b) {
		t.Errorf("legacy %v and standard %v met other faults under one seed", a, b)
	}
}

// TestPageCommands runs every ```bash block of the page as a program of simulate exec,
// as its reader would: the commands there cannot rot.
func TestPageCommands(t *testing.T) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```bash\n(.*?)```").FindAllStringSubmatch(string(data), -1)
	if len(blocks) < 5 {
		t.Fatalf("%d blocks", len(blocks))
	}
	command := simulate(t)
	for _, b := range blocks {
		text := b[1]
		name := strings.Fields(text)[0]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			need := found
			if name == "python3" {
				need = func(string) (string, error) { return python() }
			}
			path, err := need(name)
			if err != nil {
				skip(t, name, err)
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "file"), content(1000), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), command, "exec", "s3-throttle-burst", "--phase", "steady", "--out", "server.json", "--", "sh", "-euc", text)
			cmd.Dir = dir
			cmd.Env = append(environment(), "PATH="+filepath.Dir(path)+":/usr/bin:/bin")
			passes(t, cmd)
			if !stored(t, filepath.Join(dir, "server.json")) {
				t.Errorf("nothing was uploaded by\n%s", text)
			}
		})
	}
}

// stored reports whether the server saw an upload.
func stored(t *testing.T, file string) bool {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`"PutObject"`).Match(data)
}
