package scenarios

import (
	"strconv"
	"strings"
)

// placeholders are what a key may hold between braces.
var placeholders = []string{"client", "call"}

// checkKey looks for mistakes in a key template.
func checkKey(key string) *scalarError {
	const longest = 1024 // bytes: S3's bound on a key
	if len(key) > longest {
		return scalarErr("the key is "+strconv.Itoa(len(key))+" bytes long", "write at most 1024, as S3 allows")
	}
	for rest := key; ; {
		open := strings.IndexAny(rest, "{}")
		if open < 0 {
			return nil
		}
		name, after, found := strings.Cut(rest[open+1:], "}")
		switch {
		case rest[open] == '}' || !found || strings.Contains(name, "{"):
			return scalarErr("the key "+quote(key)+" has a brace without its other half", "write {client} or {call}")
		case name != "client" && name != "call":
			return scalarErr("the key holds the unknown placeholder "+quote("{"+name+"}"), didYouMean(name, placeholders))
		}
		rest = after
	}
}
