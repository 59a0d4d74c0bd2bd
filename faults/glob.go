package faults

import (
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// glob is a compiled key pattern. Most patterns in plans are one of the simple
// forms, which need no backtracking.
type glob struct {
	form    globForm
	pattern string // for literal and tree: without the wildcard
}

type globForm uint8

const (
	matchAll     globForm = iota // "" and "**"
	matchLiteral                 // no wildcard
	matchTree                    // "raw/**": raw itself and all below
	matchFlat                    // "raw/*": what begins so, without a further slash
	matchGlob                    // anything else
)

func compileGlob(pattern string) glob {
	if pattern == "" || pattern == "**" {
		return glob{form: matchAll}
	}
	if plain(pattern) {
		return glob{matchLiteral, pattern}
	}
	if dir, ok := strings.CutSuffix(pattern, "/**"); ok && dir != "" && plain(dir) {
		return glob{matchTree, dir}
	}
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok && plain(prefix) {
		return glob{matchFlat, prefix}
	}
	return glob{matchGlob, pattern}
}

func plain(s string) bool { return !strings.ContainsAny(s, `*?[]{}\`) }

func (g *glob) match(key string) bool {
	switch g.form {
	case matchAll:
		return true
	case matchLiteral:
		return key == g.pattern
	case matchTree:
		n := len(g.pattern)
		return len(key) >= n && key[:n] == g.pattern && (len(key) == n || key[n] == '/')
	case matchFlat:
		return strings.HasPrefix(key, g.pattern) && strings.IndexByte(key[len(g.pattern):], '/') < 0
	}
	return doublestar.MatchUnvalidated(g.pattern, key)
}
