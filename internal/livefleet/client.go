package livefleet

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/internal/fleet"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/retry"
)

// Do makes one call, as a service would.
func (p *player) Do(ctx context.Context, c *fleet.LiveCall) error {
	_, err := retry.Do(ctx, c.Retrier, func(ctx context.Context) (struct{}, error) {
		if c.Breaker == nil {
			return struct{}{}, p.attempt(ctx, c)
		}
		admitted := false
		_, err := breaker.Execute(c.Breaker, func() (struct{}, error) {
			admitted = true
			return struct{}{}, p.attempt(ctx, c)
		})
		if !admitted {
			c.TurnedAway()
		}
		return struct{}{}, err
	})
	return err
}

// attempt sends a request and reads the answer to its end.
func (p *player) attempt(ctx context.Context, c *fleet.LiveCall) error {
	c.Sent()
	req, err := c.Request(p.at)
	if err != nil {
		c.Fail(err)
		return err
	}
	resp, err := p.client.send(req.WithContext(ctx))
	if err == nil {
		err = fleet.Received(p.kind, resp)
	}
	c.Answered(err)
	return err
}

// client is an HTTP client that counts what goes over the wire.
type client struct {
	http    http.Client
	replays bool

	repeated, unsent, undialed, connections atomic.Uint64

	once      sync.Once
	dialError string // what the system said when it first had no connection
}

// maxIdle is how many connections are kept for further calls: more than the system
// lets a process have.
const maxIdle = 1 << 20

func newClient(replays bool) *client {
	c := &client{replays: replays}
	var dialer net.Dialer
	c.http.Transport = &http.Transport{
		MaxIdleConnsPerHost: maxIdle, DisableCompression: true,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, addr)
			switch {
			case err == nil:
				c.connections.Add(1)
			case ctx.Err() == nil:
				c.undialed.Add(1)
				c.once.Do(func() { c.dialError = err.Error() })
			}
			return conn, err
		},
	}
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // it is the answer, as in a simulated run
	return c
}

// send sends a request once, or as often as the transport likes.
func (c *client) send(req *http.Request) (*http.Response, error) {
	if !c.replays && req.Body == nil && usuallyBodiless(req.Method) {
		// A body that cannot be had again keeps the transport from sending the request
		// again. It reads it before it sends anything, and finds that there is none.
		req.Body = io.NopCloser(nothing{})
	}
	var begun, written atomic.Uint32
	resp, err := c.http.Do(req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { begun.Add(1) },
		WroteHeaders: func() { written.Add(1) },
	})))
	if n := begun.Load(); n > 1 {
		c.repeated.Add(uint64(n - 1))
	}
	if written.Load() == 0 {
		c.unsent.Add(1)
	}
	return resp, err
}

// usuallyBodiless are the methods of which the transport looks whether a body of
// unknown length is empty, and sends none then.
func usuallyBodiless(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodDelete, http.MethodOptions:
		return true
	}
	return false
}

// nothing is an empty body that is not [http.NoBody].
type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, io.EOF }

// counts is what went over the wire.
func (c *client) counts() reports.Live {
	c.once.Do(func() {}) // what was written is seen
	return reports.Live{
		Repeated: c.repeated.Load(), Unsent: c.unsent.Load(), Connections: c.connections.Load(),
		Undialed: min(c.undialed.Load(), c.unsent.Load()), DialError: c.dialError,
	}
}

func (c *client) close() { c.http.CloseIdleConnections() }
