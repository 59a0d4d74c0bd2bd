package live

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/squall-sim/squall/scenarios"
)

// maxOrder bounds the body of an order to the admin API, in bytes.
const maxOrder = 64 << 10

// api is what GET / tells of the admin API.
var api = map[string]map[string]string{"api": {
	"GET /state":          "counters, faults and the phase in force",
	"GET /calls":          "the last calls with their attempts, oldest first: ?n=100&op=PutObject&target=/bucket/key&id=ID",
	"POST /phase":         `{"phase": "NAME"} jumps to the beginning of a phase; with "hold": true it stays in force`,
	"GET /faults":         "the faults of the plan, and those that were added, with what they did",
	"POST /faults":        `{"rule": "PutObject raw/** p=0.9 SlowDown"} adds a fault before those of the plan; with "for": "30s" it takes itself back, with "phase": "NAME" it is for one phase`,
	"DELETE /faults/{id}": "takes an added fault back",
	"POST /reset":         "as freshly started: time, objects, counters, draws, and no added faults",
	"GET /metrics":        "the counters for Prometheus",
	"GET /ca":             "with TLS: the certificate that clients must trust, in PEM",
}}

// adminHandler is the admin API. Errors are JSON: {"error": "…"}.
func (s *Server) adminHandler() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(newCollector(s))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, api) })
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) { s.tellState(w) })
	mux.HandleFunc("GET /calls", s.tellCalls)
	mux.HandleFunc("POST /phase", s.orderPhase)
	mux.HandleFunc("GET /faults", s.tellFaults)
	mux.HandleFunc("POST /faults", s.orderFault)
	mux.HandleFunc("DELETE /faults/{id}", s.orderNoFault)
	mux.HandleFunc("POST /reset", func(w http.ResponseWriter, _ *http.Request) {
		if err := s.Reset(); err != nil {
			refuse(w, http.StatusInternalServerError, err)
			return
		}
		s.tellState(w)
	})
	mux.HandleFunc("GET /ca", s.tellCA)
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusForbidden, &errOrder{"a page of another site may not change anything here"})
	}))
	return guard.Handler(known(mux))
}

// known answers requests for what is not there as the rest of the API does.
func known(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		answer := &unknown{header: make(http.Header)}
		h.ServeHTTP(answer, r)
		status, text := http.StatusNotFound, "there is no "+r.URL.Path+"; GET / lists what there is"
		if allow := answer.header.Get("Allow"); allow != "" {
			w.Header().Set("Allow", allow)
			status, text = http.StatusMethodNotAllowed, r.URL.Path+" takes "+allow+"; GET / lists what there is"
		}
		refuse(w, status, &errOrder{text})
	})
}

// unknown takes the answer of a [http.ServeMux] to what it does not know, for its
// header.
type unknown struct{ header http.Header }

func (u *unknown) Header() http.Header         { return u.header }
func (u *unknown) Write(p []byte) (int, error) { return len(p), nil }
func (u *unknown) WriteHeader(int)             {}

// orderPhase jumps. The answer is the state after it.
func (s *Server) orderPhase(w http.ResponseWriter, r *http.Request) {
	var order struct {
		Phase string `json:"phase"`
		Hold  bool   `json:"hold"`
	}
	if err := decode(w, r, &order, `the body must be {"phase": "NAME"}, with "hold": true to stay there`); err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	if err := s.Jump(order.Phase, order.Hold); err != nil {
		refuse(w, http.StatusNotFound, err)
		return
	}
	s.tellState(w)
}

// tellCA gives the certificate that clients must trust.
func (s *Server) tellCA(w http.ResponseWriter, _ *http.Request) {
	certificate := s.CA()
	if certificate == nil {
		refuse(w, http.StatusNotFound, &errOrder{"the backend speaks no TLS, so that there is no certificate to trust"})
		return
	}
	w.Header().Set("Content-Type", "application/x-pem-file")
	_, _ = w.Write(certificate) // a client that has gone away needs none
}

func (s *Server) tellState(w http.ResponseWriter) { reply(w, http.StatusOK, s.State()) }

// refuse answers with an error, in the words of people.
func refuse(w http.ResponseWriter, status int, err error) {
	text := strings.TrimPrefix(err.Error(), "faults: ")
	var option *OptionError
	if errors.As(err, &option) {
		text = option.Message + "; " + option.Hint
	}
	var problems *scenarios.Problems
	if errors.As(err, &problems) {
		text = told(problems)
	}
	reply(w, status, map[string]string{"error": text})
}

// told puts problems into one line: the body that they are of is no file to look into.
func told(problems *scenarios.Problems) string {
	var parts []string
	for _, p := range problems.List {
		one := p.Message
		if p.Path != "" {
			one = "rule." + p.Path + ": " + one
		}
		if p.Hint != "" {
			one += "; " + p.Hint
		}
		parts = append(parts, one)
	}
	return strings.Join(parts, ". ")
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(body) // it fails only for a client that has gone away
}
