package reports_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/squall-sim/squall/reports"
)

// only fails the test unless the directory holds exactly one file, with this
// text; none at all for "".
func only(t *testing.T, dir, text string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if text == "" && len(entries) == 0 {
		return
	}
	if len(entries) != 1 || entries[0].Name() != "f.txt" {
		t.Fatalf("the directory holds %v", entries)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "f.txt")); err != nil || string(got) != text {
		t.Fatalf("the file holds %q (%v), want %q", got, err, text)
	}
}

func says(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f.txt")
	for _, text := range []string{"one", "two, longer", "3"} {
		if err := reports.WriteFile(path, says(text)); err != nil {
			t.Fatal(err)
		}
		only(t, dir, text)
	}
	if runtime.GOOS == "windows" {
		return
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o400 == 0 || info.Mode().Perm()&0o111 != 0 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestWriteFileFailing(t *testing.T) {
	boom := errors.New("boom")
	for _, old := range []string{"", "old"} {
		dir := t.TempDir()
		path := filepath.Join(dir, "f.txt")
		if old != "" {
			if err := os.WriteFile(path, []byte(old), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		for name, write := range map[string]func(io.Writer) error{
			"at once":     func(io.Writer) error { return boom },
			"half-way":    func(w io.Writer) error { _ = says("half")(w); return boom },
			"after a lot": func(w io.Writer) error { _ = says(strings.Repeat("x", 1<<20))(w); return boom },
		} {
			if err := reports.WriteFile(path, write); !errors.Is(err, boom) || !strings.Contains(err.Error(), "f.txt") {
				t.Errorf("%s: %v", name, err)
			}
			only(t, dir, old)
		}
		func() {
			defer func() {
				if recover() != boom {
					t.Error("the panic is lost")
				}
			}()
			_ = reports.WriteFile(path, func(io.Writer) error { panic(boom) })
		}()
		only(t, dir, old)
	}
}

func TestWriteFilePaths(t *testing.T) {
	dir := t.TempDir()
	if err := reports.WriteFile(filepath.Join(dir, "no", "f.txt"), says("x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing directory: %v", err)
	}
	if err := reports.WriteFile(dir+string(filepath.Separator), says("x")); err == nil {
		t.Error("a directory was written to")
	}
	if err := os.MkdirAll(filepath.Join(dir, "f.txt", "full"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := reports.WriteFile(filepath.Join(dir, "f.txt"), says("x")); err == nil {
		t.Error("a directory was replaced")
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 1 {
		t.Errorf("a temporary file stays: %v", entries)
	}
}

func TestWriteFileConcurrently(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f.txt")
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if err := reports.WriteFile(path, says(strings.Repeat("same", 50_000))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	only(t, dir, strings.Repeat("same", 50_000))
}
