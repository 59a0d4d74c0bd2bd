package faults

import "net/http"

// comesBefore reports whether the effect is one on what happens before the end that
// another puts in place of the backend's answer.
func (e *Effect) comesBefore(end Effect) bool {
	return e.Kind == Latency || e.Kind == SlowUpload || e.Kind == Stale && servers.has(end.Kind)
}

// modified is next under an effect that leaves the answer to it. It must be given
// a [Wire] to write to, and gives one to next, so that such handlers can be nested.
func (h *handler) modified(rule *rule, who Request, next http.Handler) http.Handler {
	e := &rule.effect
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wire := w.(Wire)
		switch e.Kind {
		case Latency:
			wire.Delay(rule.sample(&who))
		case SlowUpload:
			r = h.slowUpload(wire, r, e.Rate)
		case Bandwidth:
			wire = &dribble{prompt: prompt{Wire: wire}, pace: h.pace(wire, e.Rate)}
		case SlowBody:
			wire = &tardy{prompt: prompt{Wire: wire}, add: rule.sample(&who)}
		case Headers:
			changed := &headerer{Wire: wire, drop: e.Drop, set: e.Set}
			next.ServeHTTP(changed, r)
			changed.finish()
			return
		case Stale:
			r = r.WithContext(withAsOf(r.Context(), e.Offset))
		case Corrupt:
			bad := &corrupter{Wire: wire, at: e.At, matching: e.Matching}
			next.ServeHTTP(bad, r)
			bad.finish()
			return
		}
		next.ServeHTTP(wire, r)
	})
}
