package live

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"time"

	"github.com/squall-sim/squall/faults"
)

// exchange is one request and what became of it. It belongs to the request's
// goroutine.
type exchange struct {
	http.ResponseWriter
	who      faults.Request
	named    bool // the client said whose request it is
	verdict  faults.Verdict
	decided  bool // verdict is set
	status   int  // 0: nothing was written
	sent     int64
	hijacked bool
	broken   bool // no answer, or not all of it
	refused  bool // the backend had no room
	lost     bool // a part of the answer could not be written
	arrived  time.Time

	commits uint64 // what it changed
	repeats bool   // what it asks for had been done before
	grouped bool   // it says of which call it is
	call    callID
	seq     uint64 // among the requests of its call
	spot    spot
}

type exchangeKey struct{}

func (x *exchange) in(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
}

// exchangeOf returns the exchange of a request that came through the server.
func exchangeOf(r *http.Request) *exchange { return r.Context().Value(exchangeKey{}).(*exchange) }

// Unwrap is for [http.ResponseController].
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// WriteHeader notes the status.
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 && status >= http.StatusOK {
		x.status = status
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write counts what is sent.
func (x *exchange) Write(p []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	n, err := x.ResponseWriter.Write(p)
	x.sent += int64(n)
	x.lost = x.lost || err != nil
	return n, err
}

// Hijack hands the connection over to a fault that breaks it.
func (x *exchange) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(x.ResponseWriter).Hijack()
	x.hijacked = x.hijacked || err == nil
	return conn, rw, err
}

// code is the status that the client got; 0 where it got no whole answer.
func (x *exchange) code() int {
	switch {
	case x.broken || x.hijacked:
		return 0
	case x.status == 0:
		return http.StatusOK
	}
	return x.status
}

// seen reports whether the client of an ended request was there for what faults did to
// it. ctx is the request's, server that of all requests.
func (x *exchange) seen(ctx, server context.Context) bool {
	switch {
	case !x.decided || x.refused || x.lost:
		return false
	case x.verdict.Hangs():
		return server.Err() == nil // else it was the server that ended it
	}
	return ctx.Err() == nil
}
