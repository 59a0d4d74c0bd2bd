package scenarios

import (
	"strconv"
	"strings"
)

// AppendKey appends a mix item's key to dst with {client} and {call} replaced
// by the two numbers, which count from 0. Other text stays as it is.
func AppendKey(dst []byte, template string, client, call uint64) []byte {
	for {
		open := strings.IndexByte(template, '{')
		if open < 0 {
			return append(dst, template...)
		}
		dst = append(dst, template[:open]...)
		template = template[open:]
		switch {
		case strings.HasPrefix(template, "{client}"):
			dst = strconv.AppendUint(dst, client, 10)
			template = template[len("{client}"):]
		case strings.HasPrefix(template, "{call}"):
			dst = strconv.AppendUint(dst, call, 10)
			template = template[len("{call}"):]
		default:
			dst = append(dst, '{')
			template = template[1:]
		}
	}
}

// ExpandKey is AppendKey as a string.
func ExpandKey(template string, client, call uint64) string {
	if strings.IndexByte(template, '{') < 0 {
		return template
	}
	return string(AppendKey(make([]byte, 0, len(template)+16), template, client, call))
}

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
