package logs

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// TestGolden holds the reports and rows of the sample logs.
func TestGolden(t *testing.T) {
	for _, name := range []string{"combined.log", "s3.log"} {
		f, err := os.Open(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		replay, report, err := Import(f, Options{Name: name}, ReplayOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got := report.String() + replay.Summary().String() + strings.ReplaceAll(told(replay), ", ", "\n") + "\n"
		golden := filepath.Join("testdata", strings.TrimSuffix(name, ".log")+".golden")
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

// TestRealLog reads four days of a real web site's log, if it is there.
func TestRealLog(t *testing.T) {
	path := realLog(t)
	f, err := os.Open(path)
	if err != nil {
		t.Skipf("the real log is not here (it is no part of the project): %v", err)
	}
	defer f.Close()
	replay, report, err := Import(f, Options{Name: filepath.Base(path)}, ReplayOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := `apache-access.log: 10000 lines, 10000 taken (format http)
10000 requests of 1753 clients for 1368 keys, 2747235264 bytes
from 2015-05-17T10:05:00Z to 2015-05-20T21:05:59Z, replayed in 83h1m0s
operations: GET 9952, HEAD 42, POST 5, OPTIONS 1
statuses: 2xx 9171, 3xx 609, 4xx 217, 5xx 3
84 minutes with requests, the busiest 2015-05-19T19:05:00Z with 136
out of order: 4915; outside the bounds: 0
`
	if got := report.String() + replay.Summary().String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// realLog returns where the real log would be, next to the repository.
func realLog(t *testing.T) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(filepath.Dir(dir), "shared", "traces", "apache-access.log")
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Skip("no go.mod above the test: the real log has no known place")
		}
		dir = parent
	}
}
