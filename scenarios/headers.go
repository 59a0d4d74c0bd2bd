package scenarios

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/squall-sim/squall/faults/httpfake"
	"github.com/squall-sim/squall/internal/fleet"
)

// Header is a header of a request or an answer.
type Header struct{ Name, Value string }

// Bounds of the headers of one message.
const (
	maxHeaders     = 100
	maxHeaderBytes = 64 << 10
)

// sentHeaders reads a map of headers' names to their values.
func (d *decoder) sentHeaders(n ast.Node, p *path) (list []Header) {
	d.entries(n, p, func(name string, nameNode, v ast.Node, p *path) {
		if _, null := v.(*ast.NullNode); null {
			d.wrong(nameNode, p, "no value", "write one after the colon, or \"\" for an empty one")
			return
		}
		list = append(list, Header{name, d.words(v, p)})
	})
	return list
}

// sentHeaders checks headers that somebody sends.
func (c *checker) sentHeaders(p *path, list []Header) {
	if len(list) > maxHeaders {
		c.report(p, fmt.Sprintf("there are %d headers", len(list)), fmt.Sprintf("write at most %d", maxHeaders))
		return
	}
	seen, bytes := make(map[string]bool, len(list)), 0
	for _, h := range list {
		at, name := p.key(h.Name), http.CanonicalHeaderKey(h.Name)
		if seen[name] {
			c.report(at, "the header is there twice", "keep one of the two")
		}
		seen[name] = true
		if bytes += len(h.Name) + len(h.Value); bytes > maxHeaderBytes {
			c.report(at, "the headers are longer than "+Size(maxHeaderBytes).String(), "write shorter ones: many servers take no more than 8KiB")
			return
		}
		if message, hint := httpfake.CheckHeader(h.Name, h.Value); message != "" {
			c.report(at, message, hint)
		}
	}
}

// clientHeaders are headers that say what something else says already: the host,
// how the body comes, which object is copied.
var clientHeaders = []string{"Host", "Expect", "Te", "X-Amz-Copy-Source"}

// mixHeaders checks the headers of calls.
func (c *checker) mixHeaders(p *path, list []Header) {
	c.sentHeaders(p, list)
	for _, h := range list {
		name := http.CanonicalHeaderKey(h.Name)
		if slices.Contains(clientHeaders, name) || strings.HasPrefix(name, "X-Squall-") {
			c.report(p.key(h.Name), name+" is up to the simulated client", "leave it out")
		}
	}
}

// acts reports whether a backend does something else for a request with the
// header: then only a backend can tell what.
func (h Header) acts(kind Kind) bool {
	name := http.CanonicalHeaderKey(h.Name)
	if kind == KindHTTP {
		return name == httpfake.HeaderIdempotencyKey
	}
	return name == "Range" || strings.HasPrefix(name, "If-") || name == "Content-Md5" || name == "Content-Encoding" ||
		strings.HasPrefix(name, "X-Amz-") && !strings.HasPrefix(name, "X-Amz-Meta-")
}

// actingHeader returns the name of a header of the load on which the backend acts;
// "" if there is none.
func (sc *Scenario) actingHeader() string {
	for m := range sc.Load.items() {
		for _, h := range m.Headers {
			if h.acts(sc.Backend.Kind) {
				return h.Name
			}
		}
	}
	return ""
}

// fleetHeaders are the headers of calls as package fleet has them.
func fleetHeaders(list []Header) (out []fleet.Header) {
	for _, h := range list {
		out = append(out, fleet.Header(h))
	}
	return out
}

// headersText prints headers on one line.
func headersText(list []Header) string {
	var f flow
	for _, h := range list {
		f.add(yamlText(h.Name), yamlText(h.Value))
	}
	return f.String()
}
