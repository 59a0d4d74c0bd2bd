package figures

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/squall-sim/squall/reports"
)

// Options says what [Write] writes. The zero value is four SVG files.
type Options struct {
	// PNG writes each figure as PNG, too: 1600 pixels wide, for places that
	// take no SVG. It is some fifty times slower than SVG.
	PNG bool
	// MaxPolicies bounds the rows of a figure, whose height grows with them: 0
	// means 12, negative no bound. A note under the figure names the policies
	// that are left out.
	MaxPolicies int
}

const defaultMaxPolicies = 12

// Names are the figures that [Write] writes, in its order. The files are called
// NAME.svg and NAME.png.
var Names = []string{"latency", "attempts", "load", "breaker"}

// Write draws every figure of the run into the directory, which must exist, and
// returns the paths of the files, in the order of [Names] with a PNG right after
// its SVG. Files appear whole or not at all; when one fails, Write returns what
// it has written so far and the error.
//
// Any record can be drawn: without policies, phases or calls the figures say so.
// Write does not change the run, and is safe for concurrent use with different
// directories.
func Write(dir string, run *reports.Run, opt Options) ([]string, error) {
	var files []string
	for _, name := range Names {
		p, err := paint(name, run, opt)
		if err != nil {
			return files, err
		}
		written, err := writeSheet(dir, name, p, opt)
		files = append(files, written...)
		if err != nil {
			return files, err
		}
	}
	return files, nil
}

// writeSheet writes a sheet as the files that the options ask for, and returns
// those that it has written.
func writeSheet(dir, name string, s sheet, opt Options) (files []string, err error) {
	write := func(suffix string, to func(io.Writer, sheet) error) error {
		path := filepath.Join(dir, name+suffix)
		if err := reports.WriteFile(path, func(w io.Writer) error { return to(w, s) }); err != nil {
			return fmt.Errorf("figures: %w", err)
		}
		files = append(files, path)
		return nil
	}
	if err := write(".svg", writeSVG); err != nil || !opt.PNG {
		return files, err
	}
	return files, write(".png", writePNG)
}

// WriteSVG draws one figure, by one of [Names], to w. The errors are those of w,
// and one for a name that is not among them.
func WriteSVG(w io.Writer, name string, run *reports.Run, opt Options) error {
	p, err := paint(name, run, opt)
	if err != nil {
		return err
	}
	if err := writeSVG(w, p); err != nil {
		return fmt.Errorf("figures: %s: %w", name, err)
	}
	return nil
}

// WritePNG is [WriteSVG] for a PNG image, 1600 pixels wide.
func WritePNG(w io.Writer, name string, run *reports.Run, opt Options) error {
	p, err := paint(name, run, opt)
	if err != nil {
		return err
	}
	if err := writePNG(w, p); err != nil {
		return fmt.Errorf("figures: %s: %w", name, err)
	}
	return nil
}

// paint composes one figure.
func paint(name string, run *reports.Run, opt Options) (*page, error) {
	drawing := map[string]func(*source) *page{
		"latency": latency, "attempts": attempts, "load": load, "breaker": breakers,
	}[name]
	if drawing == nil {
		return nil, fmt.Errorf("figures: there is no figure %q, only %q", name, Names)
	}
	return drawing(newSource(run, opt)).ready(), nil
}
