package faults

import (
	"crypto/tls"
	"io"
	"math/bits"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Wire is how a handler tells a transport in process what no
// [http.ResponseWriter] can say. [NewHandler] uses it where the ResponseWriter
// has it, as that of a [Transport] does; on real connections it sleeps and
// breaks them itself.
type Wire interface {
	http.ResponseWriter
	Delay(d time.Duration) // the answer comes d later than the backend's own latency
	After(d time.Duration) // the answer, reset or refusal comes exactly d after the arrival of the request
	Reset()                // the connection is reset, after what was flushed; nothing more is to be written
	Refuse()               // the connection was never accepted
	Hang()                 // no answer ever comes, nor what was not flushed of it
	Break(how Kind)        // what Close, Garbage or HalfHeaders sends comes, or after what was flushed that of a MalformedChunk, then FIN
}

// decider is what a [Transport] has besides: it keeps the verdict.
type decider interface{ decided(Verdict) }

// NewHandler returns a handler that meets each request with what the injector
// decides on it: it answers in the backend's place, breaks the connection, lets
// it hang, or passes the request on to next. It is safe for concurrent use.
//
// Whose request it is, which keys the draws, is told by [WithRequest] or by
// headers ([HeaderCall]); requests that do not say are numbered as they come.
//
// On real connections a reset is a true RST (SO_LINGER 0), Close, Garbage and
// HalfHeaders read the request and end in a true FIN, a black hole holds
// the request until the client goes away, and a refusal, which is too late
// once a connection stands, is a reset too. Over HTTP/2 all of these end the stream.
// Extra latency passes before next sees the request.
func NewHandler(in *Injector, next http.Handler, opts ...Option) http.Handler {
	return &handler{in: in, next: next, options: newOptions(opts)}
}

type handler struct {
	in   *Injector
	next http.Handler
	options
	count atomic.Uint64 // requests that did not say whose they are
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.plain {
		r = PathStyle(r)
	}
	who := h.request(r)
	v := h.in.DecideWith(h.now(), who, r.Header)
	if h.limit != nil {
		v = h.limit(r, who, v)
	}
	if d, ok := w.(decider); ok {
		d.decided(v) // who has the exchange knows when it ends
	} else {
		defer v.End()
	}
	if h.told != nil {
		h.told(r, who, v)
	}
	if v.Rule < 0 && v.refusal == nil {
		h.next.ServeHTTP(w, r)
		return
	}
	wire, ok := w.(Wire)
	if !ok {
		wire = &socket{ResponseWriter: w, r: r, clock: h.clock, arrived: h.clock.Now(), early: v.effect().Kind == RejectEarly}
	}
	after, fixed := v.After()
	if fixed {
		wire.After(after)
	}
	if v.refusal != nil {
		v.refusal.Write(w, r, who)
		return
	}
	if v.before == 0 && !v.effect().Modifies() { // the common case, without what under takes
		h.end(wire, r, v, who)
		return
	}
	h.under(v, who, fixed).ServeHTTP(wire, r)
}

// under is the backend under all effects of the verdict: each is as if the ones
// behind it were a part of the backend. Where the time of the answer is fixed, it
// has what those that come before an answer take.
func (h *handler) under(v Verdict, who Request, fixed bool) http.Handler {
	next := h.ended(v, who)
	if v.effect().Modifies() {
		next = h.next
	}
	for _, late := range [2]bool{true, false} { // a body is late before it comes at a rate, so that the times add up
		if k := v.effect().Kind; v.effect().Modifies() && (k == SlowBody) == late {
			next = h.modified(v.rule, who, next)
		}
		for set := v.before; set != 0 && !fixed; {
			bit := uint64(1) << (63 - bits.LeadingZeros64(set)) // the last one first: it is the innermost
			set &^= bit
			rule := v.rule.home.continued[bits.TrailingZeros64(bit)]
			e := &rule.effect
			if (e.Kind == SlowBody) == late && (v.effect().sendsBackends() || e.comesBefore(*v.effect())) {
				next = h.modified(rule, who, next)
			}
		}
	}
	return next
}

// ended is the backend under an effect that answers, or ends or completes the
// backend's answer.
func (h *handler) ended(v Verdict, who Request) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.end(w.(Wire), r, v, who) })
}

// end meets a request with the effect that answers it, or ends or completes the
// backend's answer.
func (h *handler) end(wire Wire, r *http.Request, v Verdict, who Request) {
	switch v.effect().Kind {
	case Truncate, Stall, MalformedChunk:
		cut(wire, r, h.next, *v.effect())
	case DeleteErrors:
		deleteErrors(wire, r, h.next, v.rule, who)
	case LostAck:
		h.next.ServeHTTP(newLost(), r)
		h.fail(wire, r, who, v)
	default:
		h.fail(wire, r, who, v)
	}
}

// fail gives the client what it meets in place of the backend's answer.
func (h *handler) fail(w Wire, r *http.Request, who Request, v Verdict) {
	switch met := v.effect().met(); met {
	case Reset:
		w.Reset()
	case Outage:
		w.Refuse()
	case Close, Garbage, HalfHeaders:
		drain(r) // a connection that is closed with bytes unread sends RST
		w.Break(met)
	case Blackhole:
		drain(r) // only then does net/http notice that the client goes away
		w.Hang()
	default:
		if v.effect().Kind != RejectEarly {
			drain(r)
		}
		if rec, ok := w.(*recorder); ok {
			rec.own()
		}
		v.rule.answer.write(w, r, who, h.date())
	}
}

// request reads what a request asks for and whose it is.
func (h *handler) request(r *http.Request) Request {
	who := Request{Method: r.Method}
	if h.plain {
		who.Op, who.Key = r.Method, target(r.URL)
	} else {
		who.Op, who.Bucket, who.Key = OperationOf(r.Method, r.URL, r.Header)
	}
	if h.in.signs.Load() {
		who.Credential = credentialOf(r)
	}
	if !who.identify(r) {
		who.Call, who.Attempt, who.Unnamed = h.count.Add(1)-1, 1, true
	}
	return who
}

// socket is the Wire of a real connection.
type socket struct {
	http.ResponseWriter
	r       *http.Request
	clock   Clock
	arrived time.Time
	early   bool // the request's body is to stay unread
}

func (s *socket) Delay(d time.Duration) {
	if s.clock.Sleep(s.r.Context(), d) != nil {
		panic(http.ErrAbortHandler) // the client has gone away
	}
}

func (s *socket) After(d time.Duration) {
	if !s.early {
		drain(s.r)
	}
	s.Delay(d - s.clock.Now().Sub(s.arrived))
}

func (s *socket) Refuse() { s.Reset() }

// Unwrap lets an http.ResponseController find what the connection can do.
func (s *socket) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// Flush is for backends that ask for an http.Flusher.
func (s *socket) Flush() {
	http.NewResponseController(s.ResponseWriter).Flush() // a connection that is gone needs none
}

func (s *socket) Hang() {
	<-s.r.Context().Done()
	panic(http.ErrAbortHandler)
}

// Break sends what there is, and closes the connection so that the kernel sends
// FIN.
func (s *socket) Break(how Kind) {
	conn, _, err := http.NewResponseController(s.ResponseWriter).Hijack()
	if err != nil { // HTTP/2, or a writer that hides its connection
		panic(http.ErrAbortHandler)
	}
	io.WriteString(conn, brokenBytes(how)) // a client that has gone away needs no answer
	conn.Close()
}

// Reset closes the connection so that the kernel sends RST.
func (s *socket) Reset() {
	conn, _, err := http.NewResponseController(s.ResponseWriter).Hijack()
	if err != nil { // HTTP/2, or a writer that hides its connection
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	inner := conn
	if t, ok := conn.(*tls.Conn); ok {
		inner = t.NetConn() // below TLS: a closing alert would come before the RST
	}
	if tcp, ok := inner.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	inner.Close()
}
