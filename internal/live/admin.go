package live

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// maxOrder bounds the body of an order to the admin API, in bytes.
const maxOrder = 64 << 10

// adminHandler is the admin API. Errors are JSON: {"error": "…"}.
func (s *Server) adminHandler() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(newCollector(s))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) { s.tellState(w) })
	mux.HandleFunc("POST /phase", s.orderPhase)
	mux.HandleFunc("POST /reset", func(w http.ResponseWriter, _ *http.Request) {
		if err := s.Reset(); err != nil {
			refuse(w, http.StatusInternalServerError, err)
			return
		}
		s.tellState(w)
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	return http.NewCrossOriginProtection().Handler(mux)
}

// orderPhase jumps. The answer is the state after it.
func (s *Server) orderPhase(w http.ResponseWriter, r *http.Request) {
	var order struct {
		Phase string `json:"phase"`
		Hold  bool   `json:"hold"`
	}
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxOrder))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&order); err != nil {
		refuse(w, http.StatusBadRequest, fmt.Errorf(`the body must be {"phase": "NAME"}, with "hold": true to stay there: %w`, err))
		return
	}
	if err := s.Jump(order.Phase, order.Hold); err != nil {
		refuse(w, http.StatusNotFound, err)
		return
	}
	s.tellState(w)
}

func (s *Server) tellState(w http.ResponseWriter) { reply(w, http.StatusOK, s.State()) }

// refuse answers with an error, in the words of people.
func refuse(w http.ResponseWriter, status int, err error) {
	text := err.Error()
	var option *OptionError
	if errors.As(err, &option) {
		text = option.Message + "; " + option.Hint
	}
	reply(w, status, map[string]string{"error": text})
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(body) // it fails only for a client that has gone away
}
