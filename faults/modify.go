package faults

import "net/http"

// modified is next under an effect that leaves the answer to it. It must be given
// a [Wire] to write to, and gives one to next, so that such handlers can be nested.
func (h *handler) modified(rule *rule, who Request, next http.Handler) http.Handler {
	e := &rule.verdict.Effect
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
			wire = &corrupter{Wire: wire, at: e.At, matching: e.Matching}
		}
		next.ServeHTTP(wire, r)
	})
}
