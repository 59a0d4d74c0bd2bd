package scenarios

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/squall-sim/squall/faults/httpfake"
)

func (d *decoder) route(n ast.Node, p *path) (r Route) {
	known := []string{"path", "method", "status", "size", "body", "headers", "echo", "latency"}
	d.object(n, p, known, func(key string, v ast.Node, p *path) {
		switch key {
		case "path":
			r.Path = d.words(v, p)
		case "method":
			r.Method = d.choice(v, p, "method", Operations(KindHTTP))
		case "status":
			r.Status = d.integer(v, p, 200, 599)
		case "size":
			size := d.size(v, p)
			r.Size = &size
		case "body":
			r.Body = d.words(v, p)
		case "headers":
			r.Headers = d.sentHeaders(v, p)
		case "echo":
			r.Echo = d.boolean(v, p)
		case "latency":
			latency := d.dist(v, p)
			r.Latency = &latency
		}
	})
	return r
}

// routes checks the routes of a backend.
func (c *checker) routes(p *path, b Backend) {
	if b.Kind == KindS3 && len(b.Routes) > 0 {
		c.report(p, "an s3 backend has no routes", "leave them out, or write kind: http")
		return
	}
	if len(b.Routes) > maxRoutes {
		c.report(p, fmt.Sprintf("there are %d routes", len(b.Routes)), fmt.Sprintf("write at most %d: globs fit many paths", maxRoutes))
		return
	}
	for i, r := range b.Routes {
		c.route(p.at(i), r)
		before := slices.IndexFunc(b.Routes[:i], func(o Route) bool { return o.covers(r) })
		if before >= 0 && r.Path != "" {
			c.report(p.at(i), "no request gets here: "+p.at(before).String()+" answers them all", "put it before that one")
		}
	}
}

// covers reports whether a route surely takes all requests of a later one.
func (r Route) covers(later Route) bool {
	paths := r.Path == later.Path || r.Path == "/**" || r.Path == "**"
	method := r.Method == later.Method || r.Method == "" && later.Method != http.MethodOptions || r.Method == http.MethodGet && later.Method == http.MethodHead
	return paths && method
}

func (c *checker) route(p *path, r Route) {
	if r.Path == "" {
		c.report(p.key("path"), "the route has no path", "write a glob such as path: /api/**")
	}
	c.sentHeaders(p.key("headers"), r.Headers)
	if badText(strings.ReplaceAll(r.Body, "\t", "")) {
		c.report(p.key("body"), "the text has control characters in it", "write text; for other content write its size")
	}
	fake := r.fake()
	for _, m := range fake.Mistakes() {
		switch m.Field {
		case "headers": // told, each at its place
			continue
		case "method":
			m.Hint = didYouMean(r.Method, Operations(KindHTTP))
		}
		c.report(p.key(m.Field), m.Message, m.Hint)
	}
	if r.Latency != nil {
		c.dist(p.key("latency"), *r.Latency)
	}
}

// fake is the route as package httpfake has it.
func (r Route) fake() httpfake.Route {
	out := httpfake.Route{Path: r.Path, Method: r.Method, Status: r.Status, Body: r.Body, Echo: r.Echo, Header: make(http.Header, len(r.Headers))}
	for _, h := range r.Headers {
		out.Header[h.Name] = []string{h.Value}
	}
	if r.Size != nil {
		if out.Size = int64(*r.Size); out.Size == 0 {
			out.Size = -1 // none, where httpfake's 0 is no word on it
		}
	}
	return out
}

// FakeRoutes returns the routes as package httpfake has them. The error is
// that of a backend that is not valid.
func (b Backend) FakeRoutes() (*httpfake.Routes, error) {
	list := make([]httpfake.Route, len(b.Routes))
	for i, r := range b.Routes {
		list[i] = r.fake()
	}
	return httpfake.NewRoutes(list...)
}

func (o *writer) routes(routes []Route) {
	if len(routes) == 0 {
		return
	}
	o.line(1, "routes:")
	for _, r := range routes {
		var f flow
		f.add("path", yamlText(r.Path))
		f.when(r.Method != "", "method", r.Method)
		f.when(r.Status != 0, "status", strconv.Itoa(r.Status))
		if r.Size != nil {
			f.add("size", r.Size.String())
		}
		f.when(r.Body != "", "body", yamlText(r.Body))
		f.when(len(r.Headers) > 0, "headers", headersText(r.Headers))
		f.when(r.Echo, "echo", "true")
		if r.Latency != nil {
			f.add("latency", distText(*r.Latency))
		}
		o.line(2, "- "+f.String())
	}
}
