package scenarios

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

const replayed = `scenario: replayed
backend: {kind: http, latency: 30ms}
load: {model: replay, trace: data/day.csv, speed: 2}
phases:
  - {label: steady, for: 60s}
  - {label: outage, for: 10s, faults: [{on: {op: GET}, effect: outage}]}
policies:
  none: {retry: none}
thresholds:
  "calls{op:GET}": [count>0]
`

const day = TraceHeader + "\n0s,10.0.0.1,GET,/a,100\n1.5s,10.0.0.2,PROPFIND,/b,0\n"

// write makes files below a new folder and gives its path.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestOpenReadsTheTrace(t *testing.T) {
	dir := write(t, map[string]string{"sub/r.yaml": replayed, "sub/data/day.csv": day})
	sc, err := Open(filepath.Join(dir, "sub", "r.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(sc.Load.Records) != 2 || sc.Load.Records[1].At != 1500*time.Millisecond || sc.Load.Speed != 2 {
		t.Errorf("got %+v", sc.Load)
	}
	file, line, column := sc.ThresholdPosition(0)
	if file != sc.File() || line != 10 || column != 21 {
		t.Errorf("threshold at %s:%d:%d", file, line, column)
	}
	embedded, err := OpenFS(fstest.MapFS{"sub/r.yaml": {Data: []byte(replayed)}, "sub/data/day.csv": {Data: []byte(day)}}, "sub/r.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if embedded.Hash() != sc.Hash() || len(sc.Hash()) != 64 {
		t.Errorf("the hashes differ: %s, %s", embedded.Hash(), sc.Hash())
	}
}

func TestOpenTellsMistakesOfTheTrace(t *testing.T) {
	tests := []struct{ name, trace, want string }{
		{"missing", "", "load.trace: the trace cannot be read: "},
		{"rows", TraceHeader + "\n1,a,GET,/,0\n1s,a,GET,/\n", "day.csv:2:1: at: 1 has no unit; write 1s (or 1ms, 1m)"},
		{"all rows", TraceHeader + "\n1,a,GET,/,0\n1s,a,GET,/\n", "day.csv:3:1: the row has 4 fields"},
		{"operation", strings.Replace(day, "PROPFIND", "propfind", 1), `day.csv:3:15: op: unknown operation "propfind" of a backend of kind http`},
		{"a fault that cannot fire", strings.Replace(day, "GET", "PUT", 1), `on.op: no call of the load is a "GET", so the fault would never fire`},
	}
	for _, tt := range tests {
		files := map[string]string{"r.yaml": replayed}
		if tt.trace != "" {
			files["data/day.csv"] = tt.trace
		}
		_, err := Open(filepath.Join(write(t, files), "r.yaml"))
		var problems *Problems
		if !errors.As(err, &problems) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s:\n got %v\nwant %s", tt.name, err, tt.want)
		}
	}
}

// One wrong column makes every row wrong: the first twenty are enough.
func TestOpenTellsFirstMistakesOfTheTrace(t *testing.T) {
	dir := write(t, map[string]string{"r.yaml": replayed, "data/day.csv": TraceHeader + "\n" + strings.Repeat("1,a,GET,/,0\n", 1000)})
	_, err := Open(filepath.Join(dir, "r.yaml"))
	var problems *Problems
	if !errors.As(err, &problems) || len(problems.List) != maxTraceProblems {
		t.Fatalf("got %v", err)
	}
}

func TestParseLeavesTheTraceAlone(t *testing.T) {
	sc, err := Parse("r.yaml", []byte(replayed))
	if err != nil || sc.Load.Records != nil {
		t.Errorf("got %v, %+v", err, sc)
	}
}

func TestOpenOfNoFile(t *testing.T) {
	_, err := Open(filepath.Join(t.TempDir(), "nosuch.yaml"))
	if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "scenarios: ") {
		t.Errorf("got %v", err)
	}
	if _, err := OpenFS(fstest.MapFS{}, "nosuch.yaml"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := Open(t.TempDir()); err == nil {
		t.Error("a folder was read")
	}
}

func TestOpenOfAHugeFile(t *testing.T) {
	_, err := Parse("x.yaml", bytes.Repeat([]byte("#"), MaxFileSize+1))
	if err == nil || !strings.Contains(err.Error(), "a scenario is at most 16MiB; put requests into a trace") {
		t.Errorf("got %v", err)
	}
}

// The hash tells scenarios and traces apart, but not line ends.
func TestHash(t *testing.T) {
	hash := func(text, trace string) string {
		t.Helper()
		sc, err := OpenFS(fstest.MapFS{"r.yaml": {Data: []byte(text)}, "data/day.csv": {Data: []byte(trace)}}, "r.yaml")
		if err != nil {
			t.Fatal(err)
		}
		return sc.Hash()
	}
	first := hash(replayed, day)
	if hash("\uFEFF"+strings.ReplaceAll(replayed, "\n", "\r\n"), day) != first {
		t.Error("line ends change the hash")
	}
	if hash(replayed+"# more\n", day) == first {
		t.Error("another text has the same hash")
	}
	if hash(replayed, day+"2s,a,GET,/,0\n") == first {
		t.Error("another trace has the same hash")
	}
	built := Scenario{Name: "x"}
	if built.Hash() != "" {
		t.Error("a scenario that is not valid has a hash")
	}
	sc, err := OpenFS(fstest.MapFS{"r.yaml": {Data: []byte(replayed)}, "data/day.csv": {Data: []byte(day)}}, "r.yaml")
	if err != nil {
		t.Fatal(err)
	}
	sc.origin = origin{} // as if built in Go
	one := sc.Hash()
	sc.Load.Records[1].Size++
	if two := sc.Hash(); one == two || len(two) != 64 {
		t.Errorf("other records, same hash: %s, %s", one, two)
	}
}

func TestFind(t *testing.T) {
	dir := write(t, map[string]string{"mine.yaml": sound, "plain": sound})
	for _, name := range []string{"s3-outage", filepath.Join(dir, "mine.yaml"), filepath.Join(dir, "plain")} {
		if _, err := Find(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	t.Chdir(dir)
	for _, name := range []string{"mine.yaml", "plain"} {
		if sc, err := Find(name); err != nil || sc.Name != "sound" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, near := range map[string]string{"s3-outtage": "s3-outage", "brown-out": "brownout", "xyzzy": "", "./s3-outag.yaml": "s3-outage", "": ""} {
		_, err := Find(name)
		var none *NotFoundError
		if !errors.As(err, &none) || none.Near != near || !errors.Is(err, fs.ErrNotExist) || !strings.Contains(none.Hint, "simulate list") {
			t.Errorf("%q: got %v, %+v", name, err, none)
		}
	}
	if _, err := Builtin("../library/s3-outage"); err == nil {
		t.Error("a path is no name")
	}
}

func TestList(t *testing.T) {
	list := List()
	if len(list) != len(libraryNames()) {
		t.Fatalf("got %d", len(list))
	}
	for _, e := range list {
		if e.Name == "" || e.About == "" {
			t.Errorf("incomplete: %+v", e)
		}
		if text, ok := Source(e.Name); !ok || !bytes.Contains(text, []byte("scenario: "+strings.TrimPrefix(e.Name, Published))) {
			t.Errorf("no source of %s", e.Name)
		}
	}
}
