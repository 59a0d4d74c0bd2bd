package faults

import (
	"io"
	"math/bits"
	"net/http"
	"time"

	"github.com/squall-sim/squall/sim"
)

// extend adds the extra time that one of a request's rules gives to it.
func (v *Verdict) extend(r *rule, req *Request) {
	add := r.adds(req, v.rule)
	v.Add = sim.Add(v.Add, add)
	if r.effect.Kind == SlowUpload {
		v.upload = sim.Add(v.upload, add)
	}
}

// adds is the extra time that the rule's effect gives to a request, of which the
// effect of last decides what becomes: it is the rule itself, or one behind it.
func (r *rule) adds(req *Request, last *rule) time.Duration {
	end := &last.effect
	switch e := &r.effect; {
	case e.Kind == SlowUpload:
		if end.Kind == Reset || end.Kind == Outage { // they do not read the request
			return 0
		}
		return transferTime(req.Upload, e.Rate)
	case (e.Kind == Bandwidth || e.Kind == SlowBody) && !end.sendsBackends():
		return 0
	case e.Kind == Bandwidth && (end.Kind == Truncate || end.Kind == MalformedChunk):
		return transferTime(end.At, e.Rate)
	case e.Kind == Bandwidth:
		return transferTime(req.Download, e.Rate)
	}
	return r.sample(req)
}

// sample is the draw of a Latency or a SlowBody; 0 of others.
func (r *rule) sample(req *Request) time.Duration {
	if r.latency == nil {
		return 0
	}
	return r.latency.Sample(r.draws.Float64(req.Client, req.Call, uint64(req.Attempt)))
}

// sendsBackends reports whether the client gets the backend's answer, or the
// beginning of it.
func (e *Effect) sendsBackends() bool {
	return modifiers.has(e.Kind) || kinds(Truncate, Stall, MalformedChunk, DeleteErrors).has(e.Kind)
}

// transferTime is how long n bytes take at a rate, at most [sim.Never].
func transferTime(n, rate int64) time.Duration {
	if n <= 0 || rate <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(n), uint64(time.Second))
	if hi >= uint64(rate) {
		return sim.Never
	}
	d, _ := bits.Div64(hi, lo, uint64(rate))
	return time.Duration(min(d, uint64(sim.Never)))
}

// pace makes bytes take the time that they have at a rate.
type pace struct {
	rate  int64
	clock Clock // nil: time is told, not taken
	began time.Time
	at    int64         // bytes so far
	told  time.Duration // their time, as far as it was told
}

// pace is that of a connection, or of an exchange in process.
func (h *handler) pace(w http.ResponseWriter, rate int64) pace {
	if inProcess(w) {
		return pace{rate: rate}
	}
	return pace{rate: rate, clock: h.clock}
}

// inProcess reports whether w is the Wire of a [Transport], or around one.
func inProcess(w http.ResponseWriter) bool {
	for {
		if _, ok := w.(*recorder); ok {
			return true
		}
		inner, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return false
		}
		w = inner.Unwrap()
	}
}

// pass waits until n more bytes have had their time. A clock that oversleeps does
// not make the rate lower.
func (p *pace) pass(n int64, w Wire) {
	if p.at == 0 && p.clock != nil {
		p.began = p.clock.Now()
	}
	p.at += n
	due := transferTime(p.at, p.rate)
	if p.clock != nil {
		p.told = p.clock.Now().Sub(p.began)
	}
	if due > p.told {
		w.Delay(due - p.told)
	}
	p.told = due
}

// piece is how many bytes pass at once: those of a twentieth of a second.
func (p *pace) piece() int { return int(min(max(p.rate/20, 1), 32<<10)) }

// begin sends the headers of an answer whose body is still to come.
func begin(w Wire, status int) {
	h := w.Header()
	if _, set := h["Content-Type"]; !set && bodyAllowed(status) {
		h.Set("Content-Type", "application/octet-stream") // there are no bytes yet to tell it by
	}
	w.WriteHeader(status)
	http.NewResponseController(w).Flush() // a connection that is gone needs none
}

// prompt is a ResponseWriter that sends the headers at once, before there is a
// body.
type prompt struct {
	Wire
	wrote bool
}

// Unwrap lets an http.ResponseController find what the connection can do.
func (p *prompt) Unwrap() http.ResponseWriter { return p.Wire }

// WriteHeader sends the headers at once.
func (p *prompt) WriteHeader(status int) {
	if p.wrote || status < 200 {
		p.Wire.WriteHeader(status)
		return
	}
	p.wrote = true
	begin(p.Wire, status)
}

// dribble is the ResponseWriter of a backend whose answers come at a rate.
type dribble struct {
	prompt
	pace pace
}

// Write sends p piece by piece, each when all of it has had its time.
func (d *dribble) Write(p []byte) (n int, err error) {
	if !d.wrote {
		d.WriteHeader(http.StatusOK)
	}
	for n < len(p) && err == nil {
		end := min(n+d.pace.piece(), len(p))
		d.pace.pass(int64(end-n), d.Wire)
		var m int
		m, err = d.Wire.Write(p[n:end])
		n += m
		http.NewResponseController(d.Wire).Flush()
	}
	return n, err
}

// WriteContent is Write for content that need not be copied.
func (d *dribble) WriteContent(c *Content) (int64, error) {
	if d.pace.clock != nil {
		return c.WriteTo(struct{ io.Writer }{d})
	}
	if !d.wrote {
		d.WriteHeader(http.StatusOK)
	}
	d.pace.pass(c.size-c.at, d.Wire)
	return WriteContent(d.Wire, c)
}

// tardy is the ResponseWriter of a backend whose bodies are late.
type tardy struct {
	prompt
	add  time.Duration
	late bool
}

// Write waits before the first byte.
func (t *tardy) Write(p []byte) (int, error) {
	t.wait(len(p) > 0)
	return t.Wire.Write(p)
}

// WriteContent is Write for content that need not be copied.
func (t *tardy) WriteContent(c *Content) (int64, error) {
	t.wait(c.at < c.size)
	return WriteContent(t.Wire, c)
}

func (t *tardy) wait(some bool) {
	if !t.wrote {
		t.WriteHeader(http.StatusOK)
	}
	if some && !t.late {
		t.late = true
		t.Delay(t.add)
	}
}

// slowUpload returns the request with a body that is taken at a rate. In process
// a body of known length takes its time at once, and stays what it is.
func (h *handler) slowUpload(w Wire, r *http.Request, rate int64) *http.Request {
	if r.Body == nil || r.Body == http.NoBody {
		return r
	}
	p := h.pace(w, rate)
	if r.ContentLength >= 0 && p.clock == nil {
		w.Delay(transferTime(r.ContentLength, rate))
		return r
	}
	slow := new(http.Request)
	*slow = *r
	slow.Body = &slowBody{ReadCloser: r.Body, w: w, pace: p}
	return slow
}

// slowBody is the body of a request that is taken at a rate.
type slowBody struct {
	io.ReadCloser
	w    Wire
	pace pace
}

// Read returns a piece when all of it has had its time.
func (b *slowBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(len(p), b.pace.piece())])
	b.pace.pass(int64(n), b.w)
	return n, err
}
