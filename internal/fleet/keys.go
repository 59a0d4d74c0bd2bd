package fleet

import (
	"strconv"
	"strings"
)

// ExpandKey returns a mix item's key with {client} and {call} replaced by the
// two numbers, which count from 0. Other text stays as it is.
func ExpandKey(template string, client, call uint64) string {
	if strings.IndexByte(template, '{') < 0 {
		return template
	}
	return string(appendKey(make([]byte, 0, len(template)+16), template, client, call))
}

// appendKey appends a mix item's key to dst with {client} and {call} replaced
// by the two numbers, which count from 0. Other text stays as it is.
func appendKey(dst []byte, template string, client, call uint64) []byte {
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
