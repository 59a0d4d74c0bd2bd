package logs

import (
	"bytes"
	"net/netip"
	"strings"
)

// httpOps are the methods that a replay can send.
var httpOps = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// HTTPOps returns the operations that entries of an HTTP log can have.
func HTTPOps() []string { return append([]string(nil), httpOps...) }

// parseHTTP parses a line of the common or combined format
// (Apache: "%h %l %u %t \"%r\" %>s %b", nginx: the predefined "combined").
func (p *parser) parseHTTP(line []byte) outcome {
	c := cursor{line: line}
	open, out := p.stamp(&c)
	if out.reason != Taken {
		return out
	}
	if p.rec.client = httpClient(line[:open]); p.rec.client == nil {
		return malformed(0, "client, identity and user must come before the time")
	}
	c.skipSpaces()
	at := c.pos
	request, wrong := c.quotedBeforeStatus(true)
	if wrong != "" {
		return malformed(max(at, c.pos), wrong)
	}
	p.rec.status = parseStatus(c.token())
	c.skipSpaces()
	at = c.pos
	sent, ok := parseSize(c.token())
	if !ok {
		return malformed(at, "the size must be a number of bytes or \"-\"")
	}
	if out := p.parseRequest(request); out.reason != Taken {
		return out
	}
	p.rec.size = 0
	if p.rec.op == "GET" {
		// The formats have the response's bytes only: what a client sent is
		// not known, and what a HEAD stands for is not sent.
		p.rec.size = sent
	}
	return outcome{}
}

// httpClient returns the client among the fields before the time; nil if there
// are fewer than three. Apache's vhost_combined puts "host:port" before it.
func httpClient(head []byte) []byte {
	var fields [4][]byte
	n := 0
	c := cursor{line: head}
	for n < len(fields) {
		field := c.token()
		if len(field) == 0 {
			break
		}
		fields[n] = field
		n++
	}
	if n < 3 {
		return nil
	}
	if n == 4 && isHostPort(fields[0]) {
		return fields[1]
	}
	return fields[0]
}

func isHostPort(field []byte) bool {
	colon := bytes.LastIndexByte(field, ':')
	if colon <= 0 || colon == len(field)-1 {
		return false
	}
	for _, b := range field[colon+1:] {
		if !isDigit(b) {
			return false
		}
	}
	_, err := netip.ParseAddr(string(field)) // an IPv6 address looks like it
	return err != nil
}

// parseRequest parses a request line: method, target and, since HTTP/1.0, the
// version.
func (p *parser) parseRequest(request []byte) outcome {
	if len(request) == 0 || isDash(request) {
		return outcome{reason: NoRequest}
	}
	if bytes.IndexByte(request, '\\') >= 0 {
		p.scratch = appendUnescaped(p.scratch[:0], request)
		request = p.scratch
	}
	method, target, found := bytes.Cut(request, []byte{' '})
	if !found || !isMethod(method) {
		return outcome{reason: NotHTTP}
	}
	if i := bytes.LastIndexByte(target, ' '); i >= 0 && bytes.HasPrefix(target[i+1:], []byte("HTTP/")) {
		target = target[:i]
	}
	op := httpOp(method)
	if op == "" {
		return outcome{reason: NotReplayable, detail: strings.ToUpper(string(method))}
	}
	path, ok := requestPath(target)
	if !ok {
		if len(target) == 1 && target[0] == '*' {
			return outcome{reason: NotReplayable, detail: op + " *"}
		}
		return outcome{reason: NotHTTP}
	}
	if !p.keepQuery {
		path, _, _ = bytes.Cut(path, []byte{'?'})
	}
	if len(path) == 0 || path[0] == '?' { // http://host and http://host?query
		p.spare = append(append(p.spare[:0], '/'), path...)
		path = p.spare
	}
	p.rec.op = op
	p.rec.key = escapePath(path)
	return outcome{}
}

// isMethod tells whether a word can be a method: letters and hyphens, and not
// more of them than any registered one has.
func isMethod(word []byte) bool {
	if len(word) == 0 || len(word) > 20 {
		return false
	}
	for _, b := range word {
		if l := b | 0x20; (l < 'a' || l > 'z') && b != '-' {
			return false
		}
	}
	return true
}

// httpOp returns the operation of a method in any case, "" if it is not one
// that can be replayed.
func httpOp(method []byte) string {
	for _, op := range httpOps {
		if len(op) == len(method) && strings.EqualFold(op, string(method)) {
			return op
		}
	}
	return ""
}

// requestPath returns path and query of a request target in origin form
// ("/a?b") or absolute form ("http://host/a?b").
func requestPath(target []byte) (path []byte, ok bool) {
	if len(target) == 0 {
		return nil, false
	}
	if target[0] == '/' {
		return target, true
	}
	scheme, rest, found := bytes.Cut(target, []byte("://"))
	if !found || !isMethod(scheme) {
		return nil, false
	}
	if i := bytes.IndexAny(rest, "/?"); i >= 0 {
		return rest[i:], true
	}
	return nil, true
}

// escapePath percent-encodes what cannot stand in a request target (RFC 3986
// §2), so that the key can be sent as it is. Most paths have none of it.
func escapePath(path []byte) []byte {
	dirty := 0
	for dirty < len(path) && isTarget(path, dirty) {
		dirty++
	}
	if dirty == len(path) {
		return path
	}
	const hex = "0123456789ABCDEF"
	out := append(make([]byte, 0, len(path)+16), path[:dirty]...)
	for i := dirty; i < len(path); i++ {
		if b := path[i]; isTarget(path, i) {
			out = append(out, b)
		} else {
			out = append(out, '%', hex[b>>4], hex[b&15])
		}
	}
	return out
}

// isTarget tells whether the byte at i can stand in a request target. A percent
// sign can if it starts an escape.
func isTarget(path []byte, i int) bool {
	b := path[i]
	if b <= ' ' || b >= 0x7f {
		return false
	}
	switch b {
	case '"', '<', '>', '\\', '^', '`', '{', '|', '}', '#':
		return false
	case '%':
		return i+2 < len(path) && unhex(path[i+1]) < 16 && unhex(path[i+2]) < 16
	}
	return true
}

// appendUnescaped appends text with the escapes of Apache (\" \\ \n \r \t \b
// \v \f \xhh, server/util.c ap_escape_logitem) and nginx (\xXX,
// ngx_http_log_escape) undone. Other backslashes stay.
func appendUnescaped(dst, text []byte) []byte {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			dst = append(dst, text[i])
			continue
		}
		i++
		switch text[i] {
		case '"', '\\':
			dst = append(dst, text[i])
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'b':
			dst = append(dst, '\b')
		case 'v':
			dst = append(dst, '\v')
		case 'f':
			dst = append(dst, '\f')
		case 'x':
			if i+2 < len(text) {
				if hi, lo := unhex(text[i+1]), unhex(text[i+2]); hi < 16 && lo < 16 {
					dst = append(dst, hi<<4|lo)
					i += 2
					continue
				}
			}
			dst = append(dst, '\\', 'x')
		default:
			dst = append(dst, '\\', text[i])
		}
	}
	return dst
}

// unhex returns the value of a hexadecimal digit, 16 or more if it is none.
func unhex(b byte) byte {
	switch {
	case isDigit(b):
		return b - '0'
	case 'a' <= b|0x20 && b|0x20 <= 'f':
		return (b | 0x20) - 'a' + 10
	default:
		return 16
	}
}
