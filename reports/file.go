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
// A link stays, and what it leads to is written. What is no regular file, such as a
// device or a pipe, cannot be replaced without harm: it stays too, and is written to
// as write goes on.
//
// The error wraps its cause, so [errors.Is] finds what write returned.
// Concurrent calls for one path are safe: one of them is last.
func WriteFile(path string, write func(io.Writer) error) (err error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return writeInto(path, write)
	}
	to := path
	if target, err := filepath.EvalSymlinks(path); err == nil {
		to = target
	}
	f, err := createBeside(to)
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
	if err := fill(f, write, f.Sync); err != nil {
		return fmt.Errorf("reports: write %s: %w", path, err)
	}
	if err := os.Rename(f.Name(), to); err != nil {
		return fmt.Errorf("reports: write %s: %w", path, err)
	}
	done = true
	return nil
}

// writeInto writes to a device, a pipe or the like.
func writeInto(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		err = errors.Join(fill(f, write, func() error { return nil }), closed(f))
	}
	if err != nil {
		return fmt.Errorf("reports: write %s: %w", path, err)
	}
	return nil
}

// closed closes a file that may be closed already.
func closed(f *os.File) error {
	if err := f.Close(); !errors.Is(err, fs.ErrClosed) {
		return err
	}
	return nil
}

// fill writes, syncs and closes f. Without the sync a crash of the machine
// could leave the new name on an empty file.
func fill(f *os.File, write func(io.Writer) error, sync func() error) error {
	buffered := bufio.NewWriterSize(f, 64<<10)
	if err := write(buffered); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	if err := sync(); err != nil {
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
