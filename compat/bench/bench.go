package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// Python is the interpreter that has Debian's python3-simpy; one of another origin that
// comes first in PATH has not.
const Python = "/usr/bin/python3"

// Result is what one process made of the model.
type Result struct {
	Calls     uint64 `json:"calls"`     // that ended
	Succeeded uint64 `json:"succeeded"` // of these
	Attempts  uint64 `json:"attempts"`
	// Attempt are the 50th, 90th and 99th percentile of what an attempt takes, in seconds,
	// of the recorded programs.
	Attempt []float64 `json:"attempt"`
	// Processor is what the whole process took of processors, user and system, on all its
	// threads, with its start and its end; not what the program says of itself.
	Processor time.Duration `json:"-"`
	// Virtual is how much of the model's time it played.
	Virtual time.Duration `json:"-"`
}

// Rate is the attempts for each second of processor time.
func (r Result) Rate() float64 { return float64(r.Attempts) / r.Processor.Seconds() }

// Program is one that plays the model.
type Program struct {
	Name string
	// Virtual is how much of the model's time it plays in a full run, so that its start
	// is a small part of it.
	Virtual time.Duration
	// Play runs it for so much of the model's time.
	Play func(virtual time.Duration, seed uint64) (Result, error)
}

// Programs returns all programs, squall first. Simulate is the built command, dir is
// where this package is, scratch a directory to write to.
func Programs(simulate, dir, scratch string) []Program {
	python := func(file string) func(time.Duration, uint64) (Result, error) {
		return func(virtual time.Duration, seed uint64) (Result, error) {
			return script(filepath.Join(dir, "programs", file), virtual, seed)
		}
	}
	return []Program{
		{"squall", 30 * time.Minute, func(virtual time.Duration, seed uint64) (Result, error) {
			return scenario(simulate, dir, scratch, virtual, seed)
		}},
		{"heapq, recorded", 30 * time.Second, python("fleet_heapq_recorded.py")},
		{"simpy, recorded", 30 * time.Second, python("fleet_simpy_recorded.py")},
		{"heapq, counts only", time.Minute, python("fleet_heapq.py")},
		{"simpy, counts only", 30 * time.Second, python("fleet_simpy.py")},
	}
}

// Missing says why the programs in Python cannot run here; "" where they can.
func Missing() string {
	if err := exec.Command(Python, "-c", "import SimPy.Simulation").Run(); err != nil {
		return fmt.Sprintf("%s has no SimPy 2 (Debian: python3-simpy): %v", Python, err)
	}
	return ""
}

// Build builds the command simulate into the directory scratch, which is an absolute path,
// in its own module: that of compat does not know what the command needs. Dir is where
// this package is.
func Build(dir, scratch string) (string, error) {
	simulate := filepath.Join(scratch, "simulate")
	cmd := exec.Command("go", "build", "-o", simulate, "./cmd/simulate")
	cmd.Dir = filepath.Join(dir, "..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("bench: simulate cannot be built: %w\n%s", err, out)
	}
	return simulate, nil
}

func script(file string, virtual time.Duration, seed uint64) (Result, error) {
	cmd := exec.Command(Python, "-B", file, strconv.FormatFloat(virtual.Seconds(), 'g', -1, 64), strconv.FormatUint(seed, 10))
	var r Result
	out, err := timed(cmd, &r)
	if err == nil {
		err = json.Unmarshal(out, &r)
	}
	r.Virtual = virtual
	return r, err
}

// scenario plays fleet.yaml with the command, as anybody would: file, table, summary and
// figures are a part of the time.
func scenario(simulate, dir, scratch string, virtual time.Duration, seed uint64) (Result, error) {
	file, folder := filepath.Join(scratch, "fleet.yaml"), filepath.Join(scratch, "out")
	text, err := os.ReadFile(filepath.Join(dir, "fleet.yaml"))
	if err != nil {
		return Result{}, err
	}
	before := []byte("for: 10m")
	if bytes.Count(text, before) != 1 {
		return Result{}, errors.New("bench: fleet.yaml does not say once for how long it is")
	}
	if err := os.WriteFile(file, bytes.Replace(text, before, []byte("for: "+virtual.String()), 1), 0o666); err != nil {
		return Result{}, err
	}
	var r Result
	cmd := exec.Command(simulate, "run", "--mode", "model", "--seed", strconv.FormatUint(seed, 10), "--out", folder, file)
	if _, err := timed(cmd, &r); err != nil {
		return Result{}, err
	}
	data, err := os.ReadFile(filepath.Join(folder, "summary.json"))
	if err != nil {
		return Result{}, err
	}
	var summary struct {
		Policies []struct{ Total Result }
	}
	if err := json.Unmarshal(data, &summary); err != nil {
		return Result{}, err
	}
	if len(summary.Policies) != 1 {
		return Result{}, fmt.Errorf("bench: the summary has %d policies, want 1", len(summary.Policies))
	}
	total := summary.Policies[0].Total
	total.Processor, total.Virtual = r.Processor, virtual
	return total, nil
}

// timed runs a command, and keeps what it took.
func timed(cmd *exec.Cmd, r *Result) ([]byte, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("bench: %v: %w\n%s", cmd.Args, err, stderr.Bytes())
	}
	r.Processor = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return out, nil
}
