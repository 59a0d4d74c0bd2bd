package live

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/internal/nearest"
	"github.com/squall-sim/squall/scenarios"
)

// DefaultAddr is where a server listens unless it is told otherwise: on
// loopback, at a free port.
const DefaultAddr = "127.0.0.1:0"

// Options are what a scenario leaves open. The zero value serves it with seed 0
// on free ports of loopback, phase after phase.
type Options struct {
	// Seed is what all chance is drawn from.
	Seed uint64
	// Addr is where the backend listens, "host:port"; "": DefaultAddr. It must be
	// on loopback (an address, or localhost) unless Public allows others.
	Addr   string
	Public bool
	// Admin is where the admin API listens; "": DefaultAddr. It must be on
	// loopback: who reaches it can reset the server.
	Admin string
	// TLS makes the backend speak HTTPS, with a certificate for the address, for
	// localhost and for the addresses of the machine if it listens on all of them.
	// [Server.CA] has the authority that clients must trust. The admin API stays HTTP.
	TLS bool
	// Phase is the label of a phase to hold from the start; "": phases follow one
	// another in real time.
	Phase string
	// Log gets a line for each request when it has ended, in one Write: the
	// combined format of Apache and nginx, then how many seconds it took and, in
	// quotes, the effect that hit it (a dash: none; "refused": the backend had no
	// room; "limited": a quota, or the rate of its prefix, turned it away). A
	// request without an answer has the status 000. nil: no log.
	Log io.Writer
	// Seen is told of each request when it has ended, on its goroutine; nil: nobody
	// is. When [Server.Close] returns, it has been told of all.
	Seen func(Seen)
	// Clock is the time that everything takes; nil: the system's.
	Clock faults.Clock
}

// Seen is one request that a server has seen.
type Seen struct {
	Op             string // operation of S3, or method
	Key            string // object key, or path and query
	Arrived, Ended time.Time
	Status         int    // 0: no answer, or not all of it
	Fault          string // the effect that hit it; "-": none
}

// OptionError tells of an option that does not fit.
type OptionError struct {
	Option  string // "addr", "admin" or "phase"
	Message string // what is wrong
	Hint    string // what would be right; may be empty
}

// Error returns the message and the hint.
func (e *OptionError) Error() string {
	if e.Hint == "" {
		return "live: " + e.Message
	}
	return "live: " + e.Message + "; " + e.Hint
}

// ListenError tells why an address cannot be listened on.
type ListenError struct {
	Option string // "addr" or "admin"
	Addr   string
	Err    error // of package net
}

// Error names the option, the address and the cause.
func (e *ListenError) Error() string {
	return fmt.Sprintf("live: cannot listen on %s %s: %v", e.Option, e.Addr, e.Cause())
}

// Unwrap returns Err.
func (e *ListenError) Unwrap() error { return e.Err }

// Cause is Err without the address: what the system said.
func (e *ListenError) Cause() error {
	var call *os.SyscallError
	if errors.As(e.Err, &call) {
		return call.Err
	}
	var op *net.OpError
	if errors.As(e.Err, &op) {
		return op.Err
	}
	return e.Err
}

// Server is a scenario's backend on a socket. It is made by [Start], and safe
// for concurrent use.
type Server struct {
	scenario *scenarios.Scenario
	options  Options
	clock    faults.Clock
	log      *accessLog

	ctx    context.Context // of all requests
	cancel context.CancelFunc
	world  atomic.Pointer[world]

	identity   *identity // nil: no TLS
	handshakes handshakes

	backend, admin             *http.Server
	backendSocket, adminSocket net.Listener
	serving                    sync.WaitGroup // the two loops that accept
	open                       sync.WaitGroup // connections, and requests on broken ones

	closing sync.Once
	closed  error
}

// Start serves a scenario, whose backend and phases must be valid, until [Server.Close]. When it
// returns, connections are accepted. The error is an *[OptionError], a *[ListenError], or, of
// a scenario that asks for what only a simulated backend has, a *scenarios.Problems.
func Start(sc *scenarios.Scenario, o Options) (*Server, error) {
	if err := sc.CheckServed(); err != nil {
		return nil, err
	}
	s := &Server{scenario: sc, options: o, clock: o.Clock, log: newAccessLog(o.Log)}
	if s.clock == nil {
		s.clock = faults.SystemClock()
	}
	hold := -1
	if o.Phase != "" {
		var err error
		if hold, err = s.phase(o.Phase); err != nil {
			return nil, err
		}
	}
	if err := s.listen(); err != nil {
		return nil, err
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if err := s.prepare(hold); err != nil {
		s.cancel()
		return nil, errors.Join(fmt.Errorf("live: %w", err), s.backendSocket.Close(), s.adminSocket.Close())
	}
	s.backend, s.admin = s.server(http.HandlerFunc(s.serve)), s.server(s.adminHandler())
	socket := s.backendSocket
	if s.identity != nil {
		socket = tls.NewListener(socket, s.handshakes.config(s.identity))
	}
	s.run(s.backend, socket)
	s.run(s.admin, s.adminSocket)
	return s, nil
}

// prepare makes what the sockets need.
func (s *Server) prepare(hold int) (err error) {
	if s.options.TLS {
		if s.identity, err = identify(s.clock.Now(), s.scenario, s.backendSocket.Addr().String()); err != nil {
			return err
		}
	}
	w, err := newWorld(s.ctx, s.scenario, s.options.Seed, s.clock, hold)
	if err != nil {
		return err
	}
	s.world.Store(w)
	return nil
}

// server is one of HTTP/1.1. Who sends no whole header within a minute is no
// client but a leak.
func (s *Server) server(h http.Handler) *http.Server {
	out := &http.Server{
		Handler: h, ConnState: s.track, ReadHeaderTimeout: time.Minute, ErrorLog: complaints,
		BaseContext: func(net.Listener) context.Context { return s.ctx }, Protocols: new(http.Protocols),
	}
	out.Protocols.SetHTTP1(true)
	return out
}

func (s *Server) run(server *http.Server, socket net.Listener) {
	s.serving.Add(1)
	go func() {
		defer s.serving.Done()
		_ = server.Serve(socket) // it always ends with an error: that the server was closed
	}()
}

// listen opens both sockets, or none.
func (s *Server) listen() error {
	addr, admin := s.options.Addr, s.options.Admin
	if addr == "" {
		addr = DefaultAddr
	}
	if admin == "" {
		admin = DefaultAddr
	}
	if err := checkAddr("addr", addr, s.options.Public); err != nil {
		return err
	}
	if err := checkAddr("admin", admin, false); err != nil {
		return err
	}
	var err error
	if s.backendSocket, err = net.Listen("tcp", addr); err != nil {
		return &ListenError{"addr", addr, err}
	}
	if s.adminSocket, err = net.Listen("tcp", admin); err != nil {
		return errors.Join(&ListenError{"admin", admin, err}, s.backendSocket.Close())
	}
	return nil
}

// checkAddr refuses what is no address, and what is not on loopback unless that
// is asked for.
func checkAddr(option, addr string, public bool) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return &OptionError{option, fmt.Sprintf("%q is no address", addr), "write host:port, such as 127.0.0.1:9000, or 127.0.0.1:0 for a free port"}
	}
	if public || host == "localhost" || net.ParseIP(host).IsLoopback() {
		return nil
	}
	hint := "write 127.0.0.1:PORT"
	if option == "addr" {
		hint += ", or ask for a server that others reach"
	}
	return &OptionError{option, fmt.Sprintf("%q is not on loopback", addr), hint}
}

// URL returns where clients on this machine find the backend, such as
// "http://127.0.0.1:41234": on loopback, where it listens on all addresses.
func (s *Server) URL() string {
	addr := s.ListenAddr()
	if host, port, err := net.SplitHostPort(addr); err == nil && net.ParseIP(host).IsUnspecified() {
		addr = net.JoinHostPort("127.0.0.1", port)
	}
	if s.identity != nil {
		return "https://" + addr
	}
	return "http://" + addr
}

// ListenAddr returns the address that the backend listens on: an IP address and a
// port.
func (s *Server) ListenAddr() string { return s.backendSocket.Addr().String() }

// CA returns the certificate of the authority that clients must trust, in PEM;
// nil without TLS. Its key is gone: it has signed the server's certificate, and
// will sign no other.
func (s *Server) CA() []byte {
	if s.identity == nil {
		return nil
	}
	return slices.Clone(s.identity.authority)
}

// AdminURL returns where the admin API is.
func (s *Server) AdminURL() string { return "http://" + s.adminSocket.Addr().String() }

// phase finds a phase by its label.
func (s *Server) phase(label string) (int, error) {
	var known []string
	for i, ph := range s.scenario.Phases {
		if ph.Label == label {
			return i, nil
		}
		known = append(known, ph.Label)
	}
	hint := "its phases are"
	for i, k := range known {
		switch {
		case i > 0 && i == len(known)-1:
			hint += " and"
		case i > 0:
			hint += ","
		}
		hint += " " + k
	}
	if near := nearest.Word(label, known); near != "" {
		hint = "did you mean " + near + "? " + hint
	}
	return 0, &OptionError{"phase", fmt.Sprintf("%s has no phase %q", s.scenario.Name, label), hint}
}

// Jump goes to the beginning of a phase, which then takes its time, or stays if
// hold is set. Requests that have arrived keep the faults that they met. The
// error is an *[OptionError].
func (s *Server) Jump(label string, hold bool) error {
	i, err := s.phase(label)
	if err != nil {
		return err
	}
	s.world.Load().course.jump(i, hold)
	return nil
}

// Reset makes the server as it was when it started: time, objects, counters and
// draws; faults that were added are gone. A phase that is held stays so. Requests that have arrived end in the
// world that they began in, and count nowhere.
func (s *Server) Reset() error {
	w, err := newWorld(s.ctx, s.scenario, s.options.Seed, s.clock, s.world.Load().course.holds())
	if err != nil {
		return fmt.Errorf("live: %w", err)
	}
	s.world.Swap(w).added.end()
	return nil
}

// Ensure puts an object of S3 into the bucket without the wire, for a client that is
// to find it. One of the same key and size stays as it is. For a plain HTTP service it
// does nothing.
func (s *Server) Ensure(key string, size int64) error {
	w := s.world.Load()
	if w.store == nil {
		return nil
	}
	if err := w.store.Ensure(s.scenario.Backend.Bucket, key, size); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	return nil
}

// Room returns how many requests came as far as the backend's workers, and how many
// of these were let in, or turned away as there was no room.
func (s *Server) Room() (entered, turnedAway uint64) {
	station := s.world.Load().station
	return station.entered.Load(), station.refused.Load()
}

// serve is the way of a request.
func (s *Server) serve(rw http.ResponseWriter, r *http.Request) {
	w := s.world.Load()
	if w.store != nil {
		r = faults.PathStyle(r)
	}
	x := &exchange{ResponseWriter: rw, arrived: s.clock.Now(), broken: true}
	x.who, x.named = w.names.name(r)
	w.counts.arrived(x)
	r = x.in(r.WithContext(faults.WithRequest(r.Context(), x.who)))
	defer func() { // also when a fault breaks the connection by a panic
		now := s.clock.Now()
		if x.seen(r.Context(), s.ctx) {
			x.verdict.Hits().Seen()
		}
		w.truth.done(r, x)
		w.calls.done(r, x, now)
		s.log.write(r, x, now)
		if s.options.Seen != nil {
			s.options.Seen(Seen{Op: x.who.Op, Key: x.who.Key, Arrived: x.arrived, Ended: now, Status: x.code(), Fault: x.hit()})
		}
		w.counts.done(x) // it is in flight until all else is told
		if x.hijacked {
			s.open.Done()
		}
	}()
	w.handler.ServeHTTP(x, r)
	x.broken = false
}

// track counts open connections, so that Close can wait for their end. One
// that a fault took over is left to serve.
func (s *Server) track(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.open.Add(1)
	case http.StateActive:
		s.handshakes.active(conn)
	case http.StateClosed:
		s.handshakes.closed(conn)
		s.open.Done()
	}
}

// Close stops accepting, lets requests end for as long as grace, and then breaks
// those that have not (requests in a black hole never end). When it returns, nothing of
// the server is left but its State. The error is the first one of the log.
func (s *Server) Close(grace time.Duration) error {
	s.closing.Do(func() {
		ctx, end := context.WithCancel(context.Background())
		waiting := make(chan struct{})
		go func() {
			defer close(waiting)
			defer end()
			_ = s.clock.Sleep(ctx, grace) // or less, if all have ended by then
		}()
		_ = s.backend.Shutdown(ctx) // its error: not all ended in time
		end()
		<-waiting
		s.cancel()
		_ = s.backend.Close() // what is left; sockets that were closed already
		_ = s.admin.Close()
		s.serving.Wait()
		s.open.Wait()
		s.world.Load().added.end()
		s.closed = s.log.failed()
	})
	return s.closed
}
