package live

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// accessLog writes a line for each request. It keeps the first error, after
// which it writes no more: a log with holes is worse than one that ends.
type accessLog struct {
	mu  sync.Mutex
	to  io.Writer // nil: no log
	err error
}

func newAccessLog(to io.Writer) *accessLog { return &accessLog{to: to} }

func (l *accessLog) write(r *http.Request, x *exchange, now time.Time) {
	if l.to == nil {
		return
	}
	line := logLine(r, x, now)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		_, l.err = l.to.Write(line)
	}
}

func (l *accessLog) failed() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return fmt.Errorf("live: access log: %w", l.err)
	}
	return nil
}

// logLine is the line of one request in the combined format, with two fields
// more: the seconds that it took, and what hit it.
func logLine(r *http.Request, x *exchange, now time.Time) []byte {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = "-"
	}
	b := append([]byte(host), " - - ["...)
	b = x.arrived.AppendFormat(b, "02/Jan/2006:15:04:05 -0700")
	b = append(b, "] "...)
	b = strconv.AppendQuoteToASCII(b, r.Method+" "+r.RequestURI+" "+r.Proto)
	b = fmt.Appendf(b, " %03d %d ", x.code(), x.sent)
	b = strconv.AppendQuoteToASCII(b, orDash(r.Referer()))
	b = append(b, ' ')
	b = strconv.AppendQuoteToASCII(b, orDash(r.UserAgent()))
	b = fmt.Appendf(b, " %.6f ", now.Sub(x.arrived).Seconds())
	b = strconv.AppendQuoteToASCII(b, x.hit())
	return append(b, '\n')
}

// hit names what went wrong with a request: a fault's effect, "refused" for one
// that the backend had no room for, "limited" for one that a quota or the rate of
// its prefix turned away, or a dash.
func (x *exchange) hit() string {
	if x.refused {
		return "refused"
	}
	if _, limited := x.verdict.Refused(); limited {
		return "limited"
	}
	if x.verdict.Rule < 0 || !x.decided {
		return "-"
	}
	return x.verdict.Text()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
