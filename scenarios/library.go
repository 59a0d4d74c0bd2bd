package scenarios

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/squall-sim/squall/internal/nearest"
)

//go:embed library/*.yaml library/published/*.yaml
var libraryFiles embed.FS

// Published begins the names of the built-in scenarios that are results which others
// published.
const Published = "published/"

// Entry is one built-in scenario.
type Entry struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

// List gives the built-in scenarios by name, in alphabetical order, the published
// results after the others.
func List() []Entry {
	var list []Entry
	for _, name := range libraryNames() {
		sc, err := Builtin(name)
		if err != nil {
			panic("scenarios: built-in " + name + ": " + err.Error()) // a test reads them all
		}
		list = append(list, Entry{Name: name, About: sc.About})
	}
	return list
}

func libraryNames() []string {
	var names []string
	for _, folder := range []string{"library/", "library/" + Published} {
		files, err := fs.Glob(libraryFiles, folder+"*.yaml") // sorted
		if err != nil {
			panic("scenarios: " + err.Error()) // the pattern is a constant
		}
		for _, f := range files {
			names = append(names, strings.TrimSuffix(strings.TrimPrefix(f, "library/"), ".yaml"))
		}
	}
	return names
}

// Source gives the text of a built-in scenario, comments and all.
func Source(name string) ([]byte, bool) {
	data, err := libraryFiles.ReadFile("library/" + name + ".yaml")
	return data, err == nil
}

// Builtin gives the built-in scenario of that name. The error is a
// *NotFoundError for an unknown one.
func Builtin(name string) (*Scenario, error) {
	data, ok := Source(name)
	if !ok {
		return nil, notFound(name)
	}
	return Parse(name+".yaml", data)
}

// Find gives the built-in scenario of that name, or the one in the file at that
// path. What has a slash, or ends in .yaml or .yml, is a path, unless it is the
// name of a published result; any other word is a name first. The error is a *NotFoundError if it is neither, a *Problems
// if the file has mistakes.
func Find(nameOrPath string) (*Scenario, error) {
	isPath := strings.ContainsAny(nameOrPath, `/\`) || strings.HasSuffix(nameOrPath, ".yaml") || strings.HasSuffix(nameOrPath, ".yml")
	if !isPath || strings.HasPrefix(nameOrPath, Published) {
		if _, ok := Source(nameOrPath); ok {
			return Builtin(nameOrPath)
		}
		if info, err := os.Stat(nameOrPath); !isPath && (err != nil || info.IsDir()) {
			return nil, notFound(nameOrPath)
		}
	}
	sc, err := Open(nameOrPath)
	if errors.Is(err, fs.ErrNotExist) {
		e := notFound(nameOrPath)
		e.Err = err
		return nil, e
	}
	return sc, err
}

// NotFoundError tells that there is no scenario of that name or at that path.
type NotFoundError struct {
	Name string
	// Near is the built-in scenario that was meant, perhaps; or empty.
	Near string
	// Hint is what to do about it.
	Hint string
	// Err is the cause, if a file was looked for; or nil.
	Err error
}

func notFound(name string) *NotFoundError {
	base := strings.TrimSuffix(strings.TrimSuffix(name[strings.LastIndexAny(name, `/\`)+1:], ".yml"), ".yaml")
	near := nearest.Word(base, libraryNames())
	if _, ok := Source(Published + base); ok {
		near = Published + base
	}
	hint := "`simulate list` shows the built-in scenarios"
	if near != "" {
		hint = "did you mean " + near + "? " + hint
	}
	return &NotFoundError{Name: name, Near: near, Hint: hint}
}

// Error says what was looked for; Hint is apart.
func (e *NotFoundError) Error() string {
	return fmt.Sprintf("scenarios: no scenario %s, built in or as a file", quote(e.Name))
}

// Unwrap gives the cause and fs.ErrNotExist.
func (e *NotFoundError) Unwrap() []error {
	if e.Err == nil {
		return []error{fs.ErrNotExist}
	}
	return []error{fs.ErrNotExist, e.Err}
}
