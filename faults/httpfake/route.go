package httpfake

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/squall-sim/squall/faults"
)

// MaxBody bounds the body of a [Route], and what is echoed: 1 MiB.
const MaxBody = 1 << 20

// Route says how the requests for some paths are answered. The zero value
// answers all as if there were no route.
type Route struct {
	// Path is a glob for the path, of the syntax of [faults.Selector].Key; "":
	// every path.
	Path string
	// Method is one of those that the service knows; "": all of them but OPTIONS.
	// GET is for HEAD too.
	Method string
	// Status is the answer's, from 200 to 599; 0: what the method has without a
	// route, but 200 for a PUT or DELETE whose answer has a body. One of 400 or
	// more without Body and Size has the service's usual error for a body, and such
	// a request was not carried out.
	Status int
	// Size is how many bytes of content the answer has: a function of path and size. 0: as
	// without a route; below 0: none.
	Size int64
	// Body is sent in place of content, at most [MaxBody] bytes; "": none. Its
	// type is JSON where it is JSON, else plain text, unless Header says another.
	Body string
	// Header are headers of the answer. The length is not one of them.
	Header http.Header
	// Echo answers with what came, as a line of JSON: see [Echo]. It has no Body and no Size.
	Echo bool
}

// Mistake is what is wrong with a route.
type Mistake struct {
	Field   string // "path", "method", "status", "size", "body", "headers" or "echo"
	Message string
	Hint    string // what would be right
}

// RouteError tells of everything that is wrong with a list of routes.
type RouteError struct {
	Route    int // number of the route, from 0
	Mistakes []Mistake
}

// Error gives the first mistake.
func (e *RouteError) Error() string {
	m := e.Mistakes[0]
	return fmt.Sprintf("httpfake: route %d: %s: %s; %s", e.Route, m.Field, m.Message, m.Hint)
}

// Mistakes looks for all that is wrong with a route; nil: nothing.
func (r *Route) Mistakes() (list []Mistake) {
	add := func(field, message, hint string) { list = append(list, Mistake{field, message, hint}) }
	if _, ok := faults.ParseGlob(r.Path); !ok {
		add("path", fmt.Sprintf("%q is not a glob", r.Path), "close its brackets, write \\[ for a bracket itself, and end it with no backslash")
	} else if r.Path != "" && !strings.ContainsAny(r.Path[:1], "/*?{[") {
		add("path", fmt.Sprintf("%q begins no path", r.Path), "write a slash before it")
	}
	if r.Method != "" && !slices.Contains(methods[:], r.Method) {
		add("method", fmt.Sprintf("unknown method %q", r.Method), "it is one of "+strings.Join(methods[:], ", "))
	}
	if r.Status != 0 && (r.Status < 200 || r.Status > 599) {
		add("status", fmt.Sprintf("a status of %d is not possible", r.Status), "write 200 to 599")
	}
	for _, has := range []struct {
		field string
		set   bool
	}{{"size", r.Size > 0}, {"body", r.Body != ""}, {"echo", r.Echo}} {
		if bodiless(r.Status) && has.set {
			add(has.field, fmt.Sprintf("an answer of status %d has no body", r.Status), "leave it out, or choose another status")
		}
	}
	switch {
	case r.Body != "" && r.Size != 0:
		add("size", "there is a body, which has its own size", "leave one of the two out")
	case r.Echo && (r.Body != "" || r.Size != 0):
		add("echo", "the answer is either what came, or a body of its own", "leave one of the two out")
	}
	if r.Size > MaxSize {
		add("size", "it is more than 5 TiB", "write less")
	}
	if len(r.Body) > MaxBody {
		add("body", fmt.Sprintf("it has %d bytes", len(r.Body)), fmt.Sprintf("write at most %d, or a size", MaxBody))
	}
	return append(list, headerMistakes(r.Header)...)
}

// bodiless reports whether answers of that status have no body, whatever is asked for.
func bodiless(status int) bool {
	return status == http.StatusNoContent || status == http.StatusNotModified
}

// owned are headers that are not a route's to say.
var owned = []string{"Content-Length", "Transfer-Encoding", "Connection", "Trailer", "Upgrade", "Keep-Alive"}

func headerMistakes(h http.Header) (list []Mistake) {
	names := make([]string, 0, len(h))
	for name := range h { // sorted below
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		values := h[name]
		if len(values) == 0 {
			values = []string{""}
		}
		for _, value := range values {
			if message, hint := CheckHeader(name, value); message != "" {
				list = append(list, Mistake{"headers", message, hint})
				break
			}
		}
	}
	return list
}

// CheckHeader says what is wrong with a header that a request or an answer is to
// have, and what would be right; "" if it can be sent. Headers that frame a message
// or are about its connection are not anybody's to say.
func CheckHeader(name, value string) (message, hint string) {
	switch {
	case !isToken(name):
		return fmt.Sprintf("%q cannot name a header", name), "write letters, digits and dashes"
	case slices.Contains(owned, http.CanonicalHeaderKey(name)):
		return name + " is up to the connection", "leave it out"
	case !sendable(value):
		return "the value of " + name + " cannot be sent", "write it without line ends and control characters"
	}
	return "", ""
}

// isToken is RFC 9110, section 5.6.2.
func isToken(name string) bool {
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return name != ""
}

// sendable reports whether a text can be the value of a header: no control
// characters but tabs (RFC 9110, section 5.5).
func sendable(value string) bool {
	return !strings.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f })
}

// Routes are compiled routes. They do not change, and are safe for concurrent
// use; nil has none.
type Routes struct {
	list  []Route
	globs []faults.Glob
}

// NewRoutes compiles routes; of those that fit a request, the first counts. The
// error is a *[RouteError].
func NewRoutes(list ...Route) (*Routes, error) {
	t := &Routes{list: slices.Clone(list)}
	for i := range t.list {
		r := &t.list[i]
		if mistakes := r.Mistakes(); len(mistakes) > 0 {
			return nil, &RouteError{i, mistakes}
		}
		glob, _ := faults.ParseGlob(r.Path)
		t.globs = append(t.globs, glob)
		header := make(http.Header, len(r.Header))
		for name, values := range r.Header { // into a map: order does not matter
			header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
		}
		r.Header = header
	}
	return t, nil
}

// Find returns the number of the route of a request, by its method and its path
// without the query; -1 if there is none.
func (t *Routes) Find(method, path string) int {
	if t == nil {
		return -1
	}
	for i := range t.list {
		m := t.list[i].Method
		fits := m == method || m == "" && method != http.MethodOptions || m == http.MethodGet && method == http.MethodHead
		if fits && t.globs[i].Match(path) {
			return i
		}
	}
	return -1
}

// Length returns how many bytes the body of a route's answer to that method has;
// false where the request decides.
func (t *Routes) Length(route int, method string) (int64, bool) {
	r := &t.list[route]
	switch {
	case method == http.MethodHead || bodiless(r.Status):
		return 0, true
	case r.Echo || r.Body == "" && r.Size == 0 && r.Status < 400:
		return 0, false
	case r.Body == "" && r.Size == 0:
		return int64(len(faults.HTTPErrorBody(r.Status))), true
	}
	return max(r.Size, int64(len(r.Body))), true
}

// Refusal returns the answer of a route to a request of that method where it is
// an error, as a client has it; nil where it is none. Content is left out.
func (t *Routes) Refusal(route int, method string) *http.Response {
	r := &t.list[route]
	if r.Status < 400 {
		return nil
	}
	a := r.refusal()
	return a.response(method)
}
