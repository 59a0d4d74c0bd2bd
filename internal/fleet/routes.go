package fleet

import (
	"fmt"
	"strings"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/faults/httpfake"
	"github.com/squall-sim/squall/retry/retryhttp"
	"github.com/squall-sim/squall/sim"
)

// routing is what the routes of a backend do to calls.
type routing struct {
	table   *httpfake.Routes // nil: there are none
	latency []sim.Sampler    // of each route; nil: the backend's
	errs    map[refusal]error
}

// refusal is a route whose answer to a method is an error.
type refusal struct {
	route  int
	method string
}

func newRouting(routes []Route) (out routing, err error) {
	if len(routes) == 0 {
		return out, nil
	}
	list := make([]httpfake.Route, len(routes))
	out.latency, out.errs = make([]sim.Sampler, len(routes)), make(map[refusal]error)
	for i, r := range routes {
		list[i] = r.Route
		if r.Latency == nil {
			continue
		}
		if out.latency[i], err = r.Latency.Sampler(); err != nil {
			return out, fmt.Errorf("fleet: latency of route %d: %w", i, err)
		}
	}
	out.table, err = httpfake.NewRoutes(list...)
	return out, err
}

// of finds the route of a call; -1: none.
func (t *routing) of(method, key string) int {
	if t.table == nil {
		return -1
	}
	path, _, _ := strings.Cut(key, "?")
	return t.table.Find(method, path)
}

// length is how many bytes the answer of a route has; false: the route does not
// say.
func (t *routing) length(route int, method string) (int64, bool) {
	if route < 0 {
		return 0, false
	}
	return t.table.Length(route, method)
}

// err is what a client makes of the answer of a route; nil: it is a success. It
// is made of the response that the http mode gets.
func (t *routing) err(route int, method string) error {
	if route < 0 {
		return nil
	}
	at := refusal{route, method}
	err, known := t.errs[at]
	if !known {
		if resp := t.table.Refusal(route, method); resp != nil {
			err = retryhttp.FromResponse(resp)
		}
		t.errs[at] = err
	}
	return err
}

// routed is what becomes of a verdict where the backend itself answers with an
// error: a body that is cut is then one of an error, whose status is known.
func routed(v *faults.Verdict, refused error) error {
	if v.Clean() {
		return refused
	}
	if refused != nil && v.Served() && (v.Err() == nil || v.Effect().NeedsBody()) {
		return refused
	}
	return v.Err()
}
