package faults

import (
	"iter"
	"math/bits"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/squall-sim/squall/retry/retryhttp"
	"github.com/squall-sim/squall/sim"
)

// Verdict is what an [Injector] decided on one request. It is a value; the
// errors that it gives are shared and must not be changed.
//
// Where rules say Continue, several may hit a request. Rule and [Verdict.Effect] are
// then those of the last one; [Verdict.Effects] has all.
type Verdict struct {
	Phase int // number of the phase in force
	Rule  int // number of the rule within the phase; -1: nothing goes wrong
	// Add is the extra time until the client has the whole answer: what a Latency
	// or a SlowBody drew, and what a Bandwidth or a SlowUpload makes of the sizes
	// of the [Request], where they are known.
	Add time.Duration

	rule    *rule
	before  uint64 // the rules with Continue that hit before it, by their bits
	method  string
	upload  time.Duration // see Upload
	refusal *Refusal      // of a backend's limits; nil: none
}

// Clean reports whether nothing happens to the request: it gets the backend's answer as it
// is, in the backend's time.
func (v *Verdict) Clean() bool { return v.rule == nil && v.refusal == nil }

// Effect returns the effect that hit the request; the zero Effect where nothing goes
// wrong.
func (v Verdict) Effect() Effect { return *v.effect() }

// effect is Effect without a copy; it must not be changed.
func (v *Verdict) effect() *Effect {
	if v.rule == nil {
		return &noEffect
	}
	return &v.rule.effect
}

var noEffect Effect

// Effects are the effects that hit the request, in the order of their rules:
// all but the last modify ([Effect.Modifies]) what comes of the one after it.
func (v Verdict) Effects() iter.Seq[Effect] {
	return func(yield func(Effect) bool) {
		if v.rule == nil {
			return
		}
		for set := v.before; set != 0; set &= set - 1 {
			if !yield(v.rule.home.continued[bits.TrailingZeros64(set)].effect) {
				return
			}
		}
		yield(v.rule.effect)
	}
}

// Text is the effects' text forms in a row, with " + " between them; "" where
// nothing goes wrong.
func (v Verdict) Text() string {
	if v.before == 0 {
		if v.rule == nil {
			return ""
		}
		return v.rule.effect.String()
	}
	var parts []string
	for e := range v.Effects() {
		parts = append(parts, e.String())
	}
	return strings.Join(parts, " + ")
}

// End tells that the request has ended, so that the faults with AtMost that it
// was under have room for another. It is to be called once for each verdict of
// [Injector.Decide]; without such faults it does nothing. [NewHandler] calls it,
// and [Transport.RoundTrip] does; who calls [Transport.Exchange] has to.
func (v Verdict) End() { v.Hits().End() }

// Err returns the error that a client gets for the request, and nil where it
// gets the backend's answer or none at all. It is built when the plan is
// compiled:
//
//   - of an effect that answers, the [*retryhttp.StatusError] that
//     [retryhttp.FromResponse], or for S3 [retryhttp.FromS3Response], makes of
//     the very bytes that [NewHandler] sends, so that answers to HEAD have no
//     code; only the ids of the request are missing;
//   - of Reset and Outage, a [*net.OpError] with ECONNRESET and ECONNREFUSED;
//   - of Close, Garbage and HalfHeaders, the [*url.Error] of an [http.Client],
//     without the URL: io.EOF, a malformed HTTP response, io.ErrUnexpectedEOF;
//   - of Truncate and MalformedChunk, the [*retryhttp.TruncatedError] of a client
//     that reads the answer to its end: io.ErrUnexpectedEOF, ECONNRESET, or what
//     net/http says of the chunk, with a status of 200, and a length that is not
//     known;
//   - of LostAck, that of what comes in the answer's place;
//   - of a refusal by the backend's limits, the same as of an effect that
//     answers.
func (v Verdict) Err() error {
	if v.refusal != nil {
		return v.refusal.Err(v.method)
	}
	if v.rule == nil {
		return nil
	}
	return v.rule.errs.of(v.method)
}

// Served reports whether the backend sees the request, and works for it.
func (v Verdict) Served() bool { return v.refusal == nil && (v.rule == nil || v.rule.served) }

// Corrupts reports whether the client is given content that is not the backend's,
// by an answer that says nothing of it: a client that does not check it takes it
// for a success. So it is with a Corrupt, and with a Status below 400.
func (v Verdict) Corrupts() bool {
	if v.refusal != nil || v.rule == nil {
		return false
	}
	found := v.rule.corrupts
	if v.before == 0 || !v.rule.effect.sendsBackends() {
		return found
	}
	for set := v.before; set != 0; set &= set - 1 {
		found = found || v.rule.home.continued[bits.TrailingZeros64(set)].effect.Kind == Corrupt
	}
	return found
}

// Hangs reports whether the client never gets an answer, or never its end.
func (v Verdict) Hangs() bool {
	return v.refusal == nil && v.rule != nil && v.rule.hangs
}

// Refused returns the effect with which the backend's limits turned the request
// away; false where they did not. Effect is then what a rule had in store for it,
// of which only a latency came true.
func (v Verdict) Refused() (Effect, bool) {
	if v.refusal == nil {
		return Effect{}, false
	}
	return v.refusal.effect, true
}

// Upload is the part of Add that the body of the request takes to arrive. A client
// that goes away before has not sent it, and nothing comes of the request.
func (v Verdict) Upload() time.Duration {
	if v.refusal != nil {
		return 0
	}
	return v.upload
}

// After returns the time from the arrival of the request to its answer or
// break, where the effect fixes it, with the extra latency of faults before it;
// otherwise that is up to the backend's latency, and Add.
func (v Verdict) After() (time.Duration, bool) {
	if v.refusal != nil {
		return sim.Add(v.Add, v.refusal.After()), true
	}
	if v.rule == nil || !v.rule.fixed {
		return 0, false
	}
	return sim.Add(v.rule.after, v.Add), true
}

// The errors of broken connections, as the standard library's client reports
// them but for the addresses.
var (
	errReset   = &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
)

// errorTable holds the errors of one rule by method, as StatusError carries
// the method.
type errorTable struct {
	effect Effect
	answer *answer // of effects that answer
	each   [len(methods)]error
}

func newErrorTable(e Effect, a *answer) (t errorTable) {
	t.effect, t.answer = e, a
	for i, method := range methods {
		t.each[i] = t.make(method)
	}
	return t
}

func (t *errorTable) of(method string) error {
	if i := methodIndex(method); i >= 0 {
		return t.each[i]
	}
	return t.make(method) // a rare method
}

func (t *errorTable) make(method string) error {
	if t.answer != nil {
		return t.answer.err(method)
	}
	if t.effect.Kind == Truncate || t.effect.Kind == MalformedChunk {
		return &retryhttp.TruncatedError{Status: http.StatusOK, Got: t.effect.At, Want: -1, Err: t.effect.bodyErr()}
	}
	return clientErr(t.effect.met(), method)
}

// s3Epoch stands for the server's time where only differences matter: the day S3
// opened.
var s3Epoch = time.Date(2006, 3, 14, 0, 0, 0, 0, time.UTC)

// err is the error that a client makes of the answer.
func (a *answer) err(method string) error {
	resp := &http.Response{StatusCode: a.status, Header: make(http.Header), Request: &http.Request{Method: method, URL: &url.URL{}}, ContentLength: -1}
	a.setHeader(resp.Header, new(values), ids{}, s3Epoch)
	resp.Body = http.NoBody
	if method != http.MethodHead {
		resp.Body = bodyOf(a.body(nil, "", ids{}))
	}
	if a.s3 {
		return retryhttp.FromS3Response(resp)
	}
	return retryhttp.FromResponse(resp)
}
