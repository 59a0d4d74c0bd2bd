package faults

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Selector chooses requests: those that every part of it chooses. The zero
// value chooses all.
type Selector struct {
	// Op is the operation, one of [Operations] or an HTTP method; "": any.
	Op string `yaml:"op"`
	// Method is the HTTP method of the request, also where Op is S3's; "": any.
	Method string `yaml:"method"`
	// Bucket is a glob for the bucket's name, of the syntax of Key. "": any, also
	// none.
	Bucket string `yaml:"bucket"`
	// Key is a glob for the object's key, for the prefix that a list asks for,
	// or for the path of an HTTP request (without its query). * and ? stop at
	// slashes, ** as a whole segment does not; {a,b} and [a-z] choose. "": any.
	// Source of the syntax: github.com/bmatcuk/doublestar/v4.
	Key string `yaml:"key"`
	// Headers are headers that the request must have, all of them; no two have the
	// same name.
	Headers []HeaderMatch `yaml:"header"`
	// Clients are the numbers of clients; nil: any. A request that does not say
	// whose it is has none.
	Clients []Range `yaml:"client"`
	// Attempts are the numbers of attempts of a call, from 1; nil: any.
	Attempts []Range `yaml:"attempt"`
}

// HeaderMatch asks for a header of a request.
type HeaderMatch struct {
	Name string // in any case
	// Value is what one of the header's values must be: * stands for any text,
	// slashes too, ? for one character. "*": the header is there.
	Value string
}

// Range is the whole numbers from From to To, both included.
type Range struct {
	From, To uint64 // To is NoEnd for a range without end
}

// NoEnd is the end of a [Range] that has none.
const NoEnd uint64 = math.MaxUint64

// maxRanges bounds the ranges of a selector, as each is held against every
// request.
const maxRanges = 100

// String returns the range as it is written: "3", "0-4", "2-".
func (r Range) String() string {
	from := strconv.FormatUint(r.From, 10)
	switch r.To {
	case r.From:
		return from
	case NoEnd:
		return from + "-"
	}
	return from + "-" + strconv.FormatUint(r.To, 10)
}

// FormatRanges writes ranges as [ParseRanges] reads them.
func FormatRanges(ranges []Range) string {
	parts := make([]string, len(ranges))
	for i, r := range ranges {
		parts[i] = r.String()
	}
	return strings.Join(parts, ",")
}

// ParseRanges reads numbers and ranges with commas between them: "3", "0-4",
// "2-", "0-4,7". ok is false for anything else.
func ParseRanges(text string) (ranges []Range, ok bool) {
	for _, part := range strings.Split(text, ",") {
		low, high, isRange := strings.Cut(strings.TrimSpace(part), "-")
		from, err := parseNumber(low)
		to := from
		if isRange && err == nil {
			if to = NoEnd; high != "" {
				to, err = parseNumber(high)
			}
		}
		if err != nil {
			return nil, false
		}
		ranges = append(ranges, Range{from, to})
	}
	return ranges, true
}

func parseNumber(s string) (uint64, error) {
	if !isDigits(s) {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseUint(s, 10, 63)
}

// NeedsHeaders reports whether the selector asks for headers, which [Injector.Decide]
// does not know and [Injector.DecideWith] is given.
func (s Selector) NeedsHeaders() bool { return len(s.Headers) > 0 }

// Covers reports whether every request that other chooses is chosen by s as
// well. It may be false for selectors that do in a way that is hard to see.
func (s Selector) Covers(other Selector) bool {
	part := func(mine, theirs string) bool { return mine == "" || mine == theirs }
	return part(s.Op, other.Op) && (part(s.Method, other.Method) || other.Op != "" && s.Method == Method(other.Op)) &&
		part(s.Bucket, other.Bucket) && (part(s.Key, other.Key) || s.Key == "**") &&
		!slices.ContainsFunc(s.Headers, func(h HeaderMatch) bool { return !slices.ContainsFunc(other.Headers, h.covers) }) &&
		rangesCover(s.Clients, other.Clients) && rangesCover(s.Attempts, other.Attempts)
}

func (h HeaderMatch) covers(other HeaderMatch) bool {
	return http.CanonicalHeaderKey(h.Name) == http.CanonicalHeaderKey(other.Name) && (h.Value == "*" || h.Value == other.Value)
}

// rangesCover reports whether each of the ranges lies within one of wide.
func rangesCover(wide, ranges []Range) bool {
	if wide == nil {
		return true
	}
	return ranges != nil && !slices.ContainsFunc(ranges, func(r Range) bool {
		return !slices.ContainsFunc(wide, func(w Range) bool { return w.From <= r.From && r.To <= w.To })
	})
}

// selector is a compiled [Selector], but for the operation.
type selector struct {
	method            string
	bucket, key       glob
	headers           []HeaderMatch // with canonical names
	clients, attempts []Range
	more              bool // than the key
}

func compileSelector(s Selector) selector {
	out := selector{method: s.Method, bucket: compileGlob(s.Bucket), key: compileGlob(s.Key), clients: s.Clients, attempts: s.Attempts}
	for _, h := range s.Headers {
		out.headers = append(out.headers, HeaderMatch{http.CanonicalHeaderKey(h.Name), h.Value})
	}
	out.more = s.Method != "" || s.Bucket != "" || s.Headers != nil || s.Clients != nil || s.Attempts != nil
	return out
}

// chooses reports whether the selector chooses a request of its operation.
func (s *selector) chooses(r *Request, header http.Header) bool {
	return s.key.match(r.path()) && (!s.more || s.choosesMore(r, header))
}

func (s *selector) choosesMore(r *Request, header http.Header) bool {
	if s.method != "" && s.method != r.method() || !s.bucket.match(r.Bucket) {
		return false
	}
	if s.clients != nil && (r.Unnamed || !within(s.clients, r.Client)) || s.attempts != nil && !within(s.attempts, uint64(max(r.Attempt, 0))) {
		return false
	}
	for _, h := range s.headers {
		if !hasHeader(header[h.Name], h.Value) {
			return false
		}
	}
	return true
}

func within(ranges []Range, n uint64) bool {
	for _, r := range ranges {
		if r.From <= n && n <= r.To {
			return true
		}
	}
	return false
}

func hasHeader(values []string, pattern string) bool {
	for _, v := range values {
		if wild(pattern, v) {
			return true
		}
	}
	return false
}

// wild matches text against a pattern of * and ?. It goes back to the last *
// only, so it takes at most len(pattern) × len(text) steps.
func wild(pattern, text string) bool {
	p, t, star, from := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && pattern[p] == '?':
			t += runeLen(text[t:])
			p++
		case p < len(pattern) && pattern[p] == text[t]:
			p++
			t++
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// runeLen is the length of the first character.
func runeLen(s string) int {
	for i := range s {
		if i > 0 {
			return i
		}
	}
	return len(s)
}

// selector checks what chooses the requests of a rule.
func (c *checker) selector(path string, s Selector) {
	if op := s.Op; op != "" && !known(op) {
		c.add(path+"op", "unknown operation "+quote(op), opHint(op))
	}
	switch m := s.Method; {
	case m != "" && !isMethod(m):
		hint := "write GET, HEAD, PUT, POST, DELETE or another"
		if upper := strings.ToUpper(m); isMethod(upper) {
			hint = "write " + upper
		}
		c.add(path+"method", quote(m)+" is not an HTTP method", hint)
	case m != "" && known(s.Op) && m != Method(s.Op):
		c.add(path+"method", s.Op+" is a "+Method(s.Op)+" and never a "+m, "leave op or method out")
	}
	c.glob(path+"bucket", s.Bucket)
	c.glob(path+"key", s.Key)
	seen := make(map[string]bool, len(s.Headers))
	for _, h := range s.Headers {
		c.header(path+"header", h, seen)
	}
	c.ranges(path+"client", s.Clients, 0)
	c.ranges(path+"attempt", s.Attempts, 1)
}

func (c *checker) glob(path, pattern string) {
	if pattern != "" && !doublestar.ValidatePattern(pattern) {
		c.add(path, quote(pattern)+" is not a glob", "close its brackets, write \\[ for a bracket itself, and end it with no backslash")
	}
}

func (c *checker) header(path string, h HeaderMatch, seen map[string]bool) {
	name := http.CanonicalHeaderKey(h.Name)
	switch {
	case !isToken(h.Name):
		c.add(path, quote(h.Name)+" is not the name of a header", "write one such as X-Tenant")
	case seen[name]:
		c.add(path, "the header "+name+" is asked for twice", "keep one of the two")
	case h.Value == "":
		c.add(path, "no value for the header "+name, "write one such as blue*, or * for any")
	case strings.ContainsFunc(h.Value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		c.add(path, quote(h.Value)+" cannot be the value of a header", "write it without control characters")
	}
	seen[name] = true
}

func (c *checker) ranges(path string, ranges []Range, least uint64) {
	if ranges != nil && len(ranges) == 0 {
		c.add(path, "there are no numbers", "write one such as 1, or leave it out")
	}
	if len(ranges) > maxRanges {
		c.add(path, strconv.Itoa(len(ranges))+" ranges are too many", "write at most "+strconv.Itoa(maxRanges))
		return
	}
	for _, r := range ranges {
		switch {
		case r.From > r.To:
			c.add(path, r.String()+" is empty", "write the smaller number first")
		case r.From < least:
			c.add(path, "there is no number "+strconv.FormatUint(r.From, 10), "attempts count from 1, which is the first one")
		}
	}
}

// isToken reports whether s is a token of RFC 9110, such as a header's name.
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}
