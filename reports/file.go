package reports

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// WriteFile writes a file whole or not at all: write fills a temporary file in
// the same directory, which takes the name path only after everything is on
// disk. When write, or anything else, fails, a file that was there before is
// untouched and no temporary one stays behind. The directory must exist; the
// permissions are 0666 less the process's mask, also where path had others.
//
// The error wraps its cause, so [errors.Is] finds what write returned.
// Concurrent calls for one path are safe: one of them is last.
func WriteFile(path string, write func(io.Writer) error) (err error) {
	f, err := createBeside(path)
	if err != nil {
		return fmt.Errorf("reports: write %s: %w", path, err)
	}
	done := false
	defer func() { // also when write panics
		if !done {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if err := fill(f, write); err != nil {
		return fmt.Errorf("reports: write %s: %w", path, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("reports: write %s: %w", path, err)
	}
	done = true
	return nil
}

// fill writes, syncs and closes f. Without the sync a crash of the machine
// could leave the new name on an empty file.
func fill(f *os.File, write func(io.Writer) error) error {
	buffered := bufio.NewWriterSize(f, 64<<10)
	if err := write(buffered); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// createBeside creates a hidden file next to path. It does not use
// os.CreateTemp, whose files only their owner can read.
func createBeside(path string) (*os.File, error) {
	dir, base := filepath.Split(path)
	if base == "" {
		return nil, errors.New("the path names a directory, not a file")
	}
	const tries = 1000
	for i := 0; ; i++ {
		name := filepath.Join(dir, "."+base+".tmp"+strconv.Itoa(i))
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil || !errors.Is(err, fs.ErrExist) || i == tries {
			return f, err
		}
	}
}
