package faults

import (
	"net/url"

	"github.com/bmatcuk/doublestar/v4"
)

// Glob is a compiled pattern of the syntax that [Selector].Key has. The zero
// value matches everything, as "" does. It is safe for concurrent use.
type Glob struct{ glob glob }

// ParseGlob compiles a pattern; false if it is none: a bracket that is not
// closed, or a backslash at its end.
func ParseGlob(pattern string) (Glob, bool) {
	if pattern != "" && !doublestar.ValidatePattern(pattern) {
		return Glob{}, false
	}
	return Glob{compileGlob(pattern)}, true
}

// Match reports whether the pattern fits all of s.
func (g Glob) Match(s string) bool { return g.glob.match(s) }

// PathOf is what globs are held against where the backend is plain HTTP: the
// path of a request as it was written, without the query.
func PathOf(u *url.URL) string {
	r := Request{Op: "GET", Method: "GET", Key: target(u)}
	return r.path()
}
