package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	slash "path"
	"path/filepath"

	"github.com/goccy/go-yaml/ast"
)

// Parse reads a scenario from a file's text. name is how problems call the
// file. The error is a *Problems with every mistake of the file.
//
// Parse reads no other file: a replay's trace stays unread, with its Records
// empty. Open reads it.
func Parse(name string, data []byte) (*Scenario, error) {
	return parse(name, data, nil)
}

// Open reads a scenario from a file on disk, and its trace, whose path is
// relative to the file's folder. The error is a *Problems if the scenario or its
// trace has mistakes, else that of reading the file.
func Open(name string) (*Scenario, error) {
	data, err := readFile(os.Open(name))
	if err != nil {
		return nil, err
	}
	return parse(name, data, func(trace string) (io.ReadCloser, string, error) {
		if !filepath.IsAbs(trace) {
			trace = filepath.Join(filepath.Dir(name), filepath.FromSlash(trace))
		}
		f, err := os.Open(trace)
		return f, trace, err
	})
}

// OpenFS is Open within a file system, such as an embedded one.
func OpenFS(fsys fs.FS, name string) (*Scenario, error) {
	f, err := fsys.Open(name)
	data, err := readFile(f, err)
	if err != nil {
		return nil, err
	}
	return parse(name, data, func(trace string) (io.ReadCloser, string, error) {
		trace = slash.Join(slash.Dir(name), trace)
		f, err := fsys.Open(trace)
		return f, trace, err
	})
}

// readFile reads what was opened, but not much more than a scenario may have.
func readFile[F io.ReadCloser](f F, err error) ([]byte, error) {
	if err != nil {
		return nil, readError{err}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFileSize+1))
	if err != nil {
		return nil, readError{err}
	}
	return data, nil
}

// readError is why a scenario's file could not be read.
type readError struct{ err error }

// Error names the file, as the errors of package os do.
func (e readError) Error() string { return "scenarios: " + e.err.Error() }

// Unwrap gives the cause: fs.ErrNotExist, fs.ErrPermission and so on.
func (e readError) Unwrap() error { return e.err }

// opener opens a trace and tells what to call it.
type opener func(trace string) (file io.ReadCloser, name string, err error)

func parse(name string, data []byte, open opener) (*Scenario, error) {
	t, s, problem := normalize(name, data)
	if problem != nil {
		return nil, &Problems{List: []Problem{*problem}}
	}
	root, problem := parseYAML(t, s)
	if problem != nil {
		return nil, &Problems{List: []Problem{*problem}}
	}
	if root == nil {
		p := t.problem(position{1, 1}, "", "the file holds no scenario", "write one, or begin with a copy of a built-in one: simulate show s3-throttle-burst")
		return nil, &Problems{List: []Problem{p}}
	}
	d := &decoder{text: t, root: root, bad: make(map[string]bool), broken: make(map[string]bool)}
	sc := d.scenario(root)
	sc.origin.file = name
	sum := sha256.New()
	io.WriteString(sum, s)
	if sc.Load.Model == ModelReplay && sc.Load.Trace != "" && open != nil {
		d.trace(sc, open, sum)
	}
	sc.origin.hash = hex.EncodeToString(sum.Sum(nil))
	if _, isMap := root.(*ast.MappingNode); isMap {
		d.validate(sc)
	}
	if err := asError(d.list); err != nil {
		return nil, err
	}
	d.locateSockets(sc)
	return sc, nil
}

// validate adds the mistakes that only the data as a whole shows, but for those
// that follow from what is reported already.
func (d *decoder) validate(sc *Scenario) {
	c := &checker{sc: sc, selectors: d.selectors, broken: d.broken, report: func(p *path, message, hint string) {
		if d.full() {
			return
		}
		for above := p; above != nil; above = above.parent {
			if d.bad[above.String()] {
				return
			}
		}
		d.report(d.locate(p), p, message, hint)
	}}
	c.scenario()
}

// maxTraceProblems bounds the mistakes listed of one trace: one wrong column
// makes every row wrong.
const maxTraceProblems = 20

// trace reads the rows of a replay into the scenario, and its bytes into sum.
func (d *decoder) trace(sc *Scenario, open opener, sum hash.Hash) {
	p := root.key("load").key("trace")
	file, name, err := open(sc.Load.Trace)
	if err != nil {
		d.report(d.locate(p), p, "the trace cannot be read: "+cause(err), "write its path relative to the scenario's file")
		return
	}
	defer file.Close()
	sum.Write([]byte{0}) // no text holds it, so none can pass for text and trace
	r := NewTraceReader(io.TeeReader(file, sum))
	c := &checker{sc: sc}
	ops := make(map[string]bool)
	for found := 0; found < maxTraceProblems; {
		row, err := r.Read()
		if err == io.EOF {
			return
		}
		if err == nil {
			sc.Load.Records = append(sc.Load.Records, row)
			if ops[row.Op] {
				continue
			}
			ops[row.Op] = true
			if refused := c.checkTraceOp(row.Op); refused != nil {
				err = r.rowError(2, refused.message, refused.hint)
			}
		}
		if err == nil {
			continue
		}
		found++
		d.bad["load.records"] = true // told here, with its place
		var bad *TraceError
		if !errors.As(err, &bad) {
			d.report(d.locate(p), p, "the trace cannot be read: "+cause(err), "")
			return
		}
		d.list = append(d.list, Problem{File: name, Line: bad.Line, Column: max(1, bad.Column), Path: bad.Field, Message: bad.Message, Hint: bad.Hint})
		if r.failed != nil {
			return
		}
	}
}

// cause is an error of package os or fs without the file's name, which the
// problem has already.
func cause(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Path + ": " + p.Err.Error()
	}
	return err.Error()
}

// File is the name of the file that the scenario was parsed from; empty for one
// built in Go.
func (sc *Scenario) File() string { return sc.origin.file }

// ThresholdPosition is the place of Thresholds[i] in the file: line and column
// count from 1, columns in characters. All are zero for a scenario built in Go.
func (sc *Scenario) ThresholdPosition(i int) (file string, line, column int) {
	if i < 0 || i >= len(sc.origin.thresholds) {
		return sc.origin.file, 0, 0
	}
	at := sc.origin.thresholds[i]
	return sc.origin.file, at.line, at.column
}
