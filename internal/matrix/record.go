package matrix

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/squall-sim/squall/retry"
)

// SchemaVersion is the version of the JSON form. It changes when a field changes
// its meaning or goes; new fields do not change it.
const SchemaVersion = 1

// Matrix is what clients made of faults.
type Matrix struct {
	SchemaVersion int    `json:"schema_version"`
	Version       string `json:"squall_version"` // that made it
	Kind          Kind   `json:"kind"`           // of the backend
	// Clients are those of the cells, in the order of the table.
	Clients []Client `json:"clients"`
	// Cells are in the order of clients, then faults, then operations.
	Cells []Cell `json:"cells"`
	// Interrupted says that cells are missing, since somebody stopped it.
	Interrupted bool `json:"interrupted,omitempty"`
}

// Kind is the sort of a backend.
type Kind string

// The kinds of backend.
const (
	S3   Kind = "s3"   // a fake S3; operations have the API's names
	HTTP Kind = "http" // a plain HTTP service; operations are methods
)

// Client is who met the faults.
type Client struct {
	Name string `json:"name"` // of the policy; "program"
	// About is the policy in one line, or the program's command.
	About string `json:"about"`
	// Attempts is the policy's bound, 0 where there is none or none is known.
	Attempts int `json:"max_attempts"`
	// Program is set for one that ran in real time.
	Program bool `json:"program,omitempty"`
}

// Cell is what one client made of one fault on one operation.
type Cell struct {
	Client string `json:"client"`
	Fault  string `json:"fault"` // the effect's text form, or "none"
	Op     string `json:"op"`

	// Attempts is how many requests reached the backend, or were met by the fault
	// on their way: the same number twice, unless it depends on the jitter drawn.
	Attempts Range `json:"attempts"`
	// Class is what the classifier made of the first error: "throttle",
	// "transient", "timeout", "fatal" or "unknown"; empty for a success at once
	// and for programs.
	Class string `json:"class,omitempty"`
	// Ended is how the call ended: "success", or a reason of package retry, such
	// as "attempts exhausted"; "hangs" for one that waits for ever, "broken
	// body" for an answer that broke off in the caller's hands. For programs "exit"
	// or "timeout".
	Ended string `json:"ended"`
	// Breaker is what a circuit breaker around each attempt would count the first
	// attempt as: "success" or "failure"; empty for programs.
	Breaker string `json:"breaker,omitempty"`
	// Delay tells the wait between the first attempt and the second.
	Delay Delay `json:"first_delay"`
	// Hint tells what became of the server's word on when to come back: "heard",
	// "ignored"; empty where the fault gives none, or nobody came back.
	Hint string `json:"hint,omitempty"`
	// TookNS is how long the caller waited in all, in nanoseconds, by the lowest
	// and by the highest jitter.
	TookNS Range `json:"took_ns"`
	// Got is what the caller got, in a few words: "200", "503 SlowDown",
	// "connection reset"; of a program the last line of its standard error.
	Got string `json:"got"`
	// ExitCode is a program's: 128 and the signal where one killed it.
	ExitCode int `json:"exit_code,omitempty"`
	// Truth is what the backend's store says against that: "false success",
	// "false failure" or "done twice" (or more often); empty where they agree.
	Truth string `json:"truth,omitempty"`
}

// TimedOut reports whether a program was killed, as it took too long.
func (c *Cell) TimedOut() bool { return c.Ended == endedLate }

// Range is a number that may depend on the jitter drawn.
type Range struct {
	Min int64 `json:"min"`
	Max int64 `json:"max"`
}

func (r *Range) add(n int64) { r.Min, r.Max = min(r.Min, n), max(r.Max, n) }

// String returns the number, or both where they differ.
func (r Range) String() string {
	text := strconv.FormatInt(r.Min, 10)
	if r.Max != r.Min {
		text += "–" + strconv.FormatInt(r.Max, 10)
	}
	return text
}

// Delay is a wait and the class that it is in.
type Delay struct {
	// Class is "none", or the least of <100ms, <1s, <10s, <1m and >=1m that every
	// possible wait is in. A wait that is no wait is "none" too.
	Class string `json:"class"`
	// MinNS and MaxNS are the bounds in nanoseconds: by the lowest and by the
	// highest jitter that can be drawn, or twice what was measured.
	MinNS int64 `json:"min_ns"`
	MaxNS int64 `json:"max_ns"`
}

// noDelay is that of a call without a second attempt.
var noDelay = Delay{Class: "none"}

// delayOf classes a wait.
func delayOf(low, high time.Duration) Delay {
	d := Delay{MinNS: int64(low), MaxNS: int64(high)}
	switch {
	case high <= 0:
		d.Class = "none"
	case high < 100*time.Millisecond:
		d.Class = "<100ms"
	case high < time.Second:
		d.Class = "<1s"
	case high < 10*time.Second:
		d.Class = "<10s"
	case high < time.Minute:
		d.Class = "<1m"
	default:
		d.Class = ">=1m"
	}
	return d
}

// The values of Cell.Ended besides retry's reasons, and of Cell.Truth.
const (
	endedWell    = "success"
	endedHanging = "hangs"
	endedBroken  = "broken body"
	endedExit    = "exit"
	endedLate    = "timeout"

	falseSuccess = "false success"
	falseFailure = "false failure"
)

// NoFault is the fault of the cells that show the client without one.
const NoFault = "none"

// ErrNotMatrix is wrapped by the errors of [ReadJSON] for input that is no matrix.
var ErrNotMatrix = errors.New("not a matrix of squall")

// SchemaError tells of a matrix in a form that this version does not read.
type SchemaError struct{ Got int }

// Error names both versions.
func (e *SchemaError) Error() string {
	return fmt.Sprintf("matrix: it has schema_version %d, this squall reads %d", e.Got, SchemaVersion)
}

// WriteJSON writes the matrix with a line for each cell, so that a diff of two
// shows what changed. The bytes depend on the matrix alone. The only errors are
// those of w.
func (m *Matrix) WriteJSON(w io.Writer) error {
	head := *m
	head.Cells = []Cell{}
	b, err := encode(head)
	if err != nil {
		return err
	}
	at := bytes.LastIndex(b, []byte("[]")) // the cells come last but for a flag
	var out bytes.Buffer
	out.Write(b[:at])
	out.WriteByte('[')
	for i, c := range m.Cells {
		var line bytes.Buffer
		enc := json.NewEncoder(&line)
		enc.SetEscapeHTML(false) // "<1s", not "\u003c1s"
		if err := enc.Encode(c); err != nil {
			return err
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString("\n    ")
		out.Write(bytes.TrimSuffix(line.Bytes(), []byte("\n")))
	}
	if len(m.Cells) > 0 {
		out.WriteString("\n  ")
	}
	out.WriteByte(']')
	out.Write(b[at+len("[]"):])
	_, err = w.Write(out.Bytes())
	return err
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return b.Bytes(), err
}

// ReadJSON reads what WriteJSON wrote. Fields that it does not know are skipped;
// another schema_version is a [*SchemaError], something else altogether wraps
// [ErrNotMatrix].
func ReadJSON(r io.Reader) (*Matrix, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var m Matrix
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("matrix: %w: %w", ErrNotMatrix, err)
	}
	switch {
	case m.SchemaVersion == 0 || m.Kind != S3 && m.Kind != HTTP:
		return nil, fmt.Errorf("matrix: %w: it has no kind and schema_version", ErrNotMatrix)
	case m.SchemaVersion != SchemaVersion:
		return nil, &SchemaError{m.SchemaVersion}
	}
	return &m, nil
}

// maxAttempts is a policy's bound as a Client has it.
func maxAttempts(p retry.Policy) int {
	if p.Attempts == retry.Unlimited {
		return 0
	}
	return p.Attempts
}
