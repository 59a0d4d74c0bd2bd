package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/reports/figures"
)

// outRoot is where runs write when --out does not say otherwise: a directory
// per scenario in it.
const outRoot = "simulate-out"

// summaryName is the file of a run's record.
const summaryName = "summary.json"

// artifact is one file that a run writes.
type artifact struct {
	name  string
	write func(io.Writer) error
}

// artifacts are the files of a run, in the order in which they are told: the
// record, and its figures as SVG and, if wanted, as PNG.
func artifacts(record *reports.Run, png bool) []artifact {
	list := []artifact{{summaryName, func(w io.Writer) error { return reports.WriteJSON(w, record) }}}
	for _, name := range figures.Names {
		list = append(list, artifact{name + ".svg", func(w io.Writer) error {
			return figures.WriteSVG(w, name, record, figures.Options{})
		}})
	}
	for _, name := range figures.Names {
		if png {
			list = append(list, artifact{name + ".png", func(w io.Writer) error {
				return figures.WritePNG(w, name, record, figures.Options{})
			}})
		}
	}
	return list
}

// artifactNames are the names of the files of a run.
func artifactNames(png bool) []string {
	var names []string
	for _, a := range artifacts(nil, png) {
		names = append(names, a.name)
	}
	return names
}

// writeArtifacts writes the files of a run to dir, which it makes, and returns
// their names. Each file is whole or not there at all.
func writeArtifacts(dir string, record *reports.Run, png bool) ([]string, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	list, names := artifacts(record, png), artifactNames(png)
	if err := removeStale(dir, names); err != nil {
		return nil, err
	}
	for _, a := range list {
		if err := reports.WriteFile(filepath.Join(dir, a.name), a.write); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// removeStale removes an earlier run's figures that this one does not write
// again: a PNG of another seed beside this run's SVG would mislead. Only where
// that run's record proves that the files are ours.
func removeStale(dir string, kept []string) error {
	if !ours(filepath.Join(dir, summaryName)) {
		return nil
	}
	for _, a := range artifacts(nil, true) {
		if contains(kept, a.name) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, a.name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// ours tells whether a file is the record of a run, and not just called like one.
func ours(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	_, err = reports.ReadJSON(f)
	return err == nil
}

func contains(list []string, s string) bool {
	for _, one := range list {
		if one == s {
			return true
		}
	}
	return false
}

// checkOutput finds out before a command's run what would keep it from writing to dir
// after it. It leaves nothing behind.
func checkOutput(command, dir string, files []string) error {
	hint := "simulate " + command + " --out DIR writes elsewhere"
	for at := dir; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		switch {
		case err == nil && !info.IsDir():
			return usage(hint, "the output directory %s cannot be made: %s is a file", dir, at)
		case err == nil:
			if err := probe(at); err != nil {
				return wrong(hint, fmt.Errorf("the output directory %s is not writable: %w", dir, cause(err)))
			}
			return checkNames(dir, files, hint)
		case filepath.Dir(at) == at:
			return wrong(hint, fmt.Errorf("the output directory %s cannot be made: %w", dir, cause(err)))
		case errors.Is(err, fs.ErrPermission):
			return wrong(hint, fmt.Errorf("the output directory %s cannot be reached: %w", dir, cause(err)))
		}
	}
}

// probe finds out whether files can be made in an existing directory, the only
// way that is right on every system: by making one.
func probe(dir string) error {
	f, err := os.CreateTemp(dir, ".simulate-probe-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// checkNames makes sure that no directory has the name of a file to write.
func checkNames(dir string, files []string, hint string) error {
	for _, name := range files {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return wrong(hint, fmt.Errorf("%s cannot be written: it is a directory", path))
		}
	}
	return nil
}

// cause strips an error of the file system of the operation and path, which
// the message has in better words.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// wrote tells where the files of a run are.
func wrote(dir string, names []string) string {
	return fmt.Sprintf("wrote %s%c (%s)", dir, filepath.Separator, strings.Join(names, ", "))
}
