package retry

import (
	"context"
	"io"
	"net"
	"net/url"
	"os"
	"syscall"
	"time"
)

// The optional methods of errors that this package understands. They are found
// along the whole chain of wrapped errors, outermost first.
type (
	classer      interface{ RetryClass() Class }                    // ours: goes before all else
	retryabler   interface{ Retryable() bool }                      // goes before the tables
	sdkRetryable interface{ RetryableError() bool }                 // the AWS SDK's name for it
	rejecter     interface{ Rejected() bool }                       // never reached the backend
	afterer      interface{ RetryAfter() (time.Duration, bool) }    // Retry-After
	amzAfterer   interface{ AmzRetryAfter() (time.Duration, bool) } // x-amz-retry-after
	pushbacker   interface{ RetryPushback() (time.Duration, bool) } // grpc-retry-pushback-ms; negative: stop
	statuser     interface{ HTTPStatusCode() int }                  // smithy's name
	coder        interface{ ErrorCode() string }                    // smithy's name
	timeouter    interface{ Timeout() bool }                        // net.Error's
	temporarer   interface{ Temporary() bool }                      // net.Error's
	connectioner interface{ ConnectionError() bool }                // smithy's name

	// idempotencer is for operations that may have taken effect. It is no class:
	// the error may be worth another attempt, only this operation is not to be
	// the one that makes it.
	idempotencer interface{ Idempotent() bool }
)

// facts is what one walk along a chain of errors finds. The outermost error
// that says something about a fact has the word on it.
type facts struct {
	class     Class // declared; Unknown: not declared
	status    int   // HTTP status; 0: none
	code      string
	after     time.Duration
	amz       time.Duration
	push      time.Duration
	hasAfter  bool
	hasAmz    bool
	hasPush   bool
	rejected  bool
	timeout   bool
	temporary bool
	conn      bool // the connection failed
	sending   bool // net/http's client failed, for whatever reason
	notFound  bool // the host has no address
	cancelled bool // context.Canceled
	badAddr   bool // an address that can never be dialled
	said      bool // whether the operation may happen twice
	once      bool // it must not
}

// gather walks err's tree depth first, as errors.As does, but once for all
// facts and without reflection: it is on the path of every failed attempt.
func (f *facts) gather(err error) {
	for err != nil {
		f.look(err)
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			for _, inner := range e.Unwrap() {
				f.gather(inner)
			}
			return
		default:
			return
		}
	}
}

// look takes what one error of the chain says.
func (f *facts) look(err error) {
	if f.known(err) {
		return
	}
	f.declared(err)
	if e, ok := err.(statuser); ok && f.status == 0 {
		f.status = e.HTTPStatusCode()
	}
	if e, ok := err.(coder); ok && f.code == "" {
		f.code = e.ErrorCode()
	}
	if e, ok := err.(afterer); ok && !f.hasAfter {
		f.hear(e.RetryAfter())
	}
	if e, ok := err.(amzAfterer); ok && !f.hasAmz {
		f.hearAmz(e.AmzRetryAfter())
	}
	if e, ok := err.(pushbacker); ok && !f.hasPush {
		f.push, f.hasPush = e.RetryPushback()
	}
	if e, ok := err.(timeouter); ok && e.Timeout() {
		f.timeout = true
	}
	if e, ok := err.(temporarer); ok && e.Temporary() {
		f.temporary = true
	}
	if e, ok := err.(connectioner); ok && e.ConnectionError() {
		f.conn = true
	}
	if e, ok := err.(idempotencer); ok && !f.said {
		f.said, f.once = true, !e.Idempotent()
	}
	if e, ok := err.(interface{ As(any) bool }); ok {
		f.ask(e)
	}
}

// declared takes what the error says of itself.
func (f *facts) declared(err error) {
	if e, ok := err.(rejecter); ok && e.Rejected() {
		f.rejected = true
	}
	if f.class != Unknown {
		return
	}
	if e, ok := err.(classer); ok {
		f.class = e.RetryClass()
		return
	}
	if e, ok := err.(retryabler); ok {
		f.class = word(e.Retryable())
	} else if e, ok := err.(sdkRetryable); ok {
		f.class = word(e.RetryableError())
	}
}

func word(retryable bool) Class {
	if retryable {
		return Transient
	}
	return Fatal
}

// known takes what the errors of this package and of the standard library
// mean, and reports whether err is one of them: most failures are, and a switch
// over types is much cheaper than asking for a dozen methods.
func (f *facts) known(err error) bool {
	switch err {
	case io.ErrUnexpectedEOF, net.ErrClosed, io.ErrClosedPipe:
		f.conn = true
		return true
	case context.Canceled:
		f.cancelled = true
		return true
	}
	switch e := err.(type) {
	case *marked:
		if f.class == Unknown {
			f.class = e.class
		}
		if e.hasAfter && !f.hasAfter {
			f.hear(e.after, true)
		}
	case *Error:
		if f.class == Unknown {
			f.class = e.RetryClass()
		}
	case *TimeoutError:
		f.timeout = true
	case *net.OpError:
		// TLS alerts come as OpErrors too, with an Op of "remote error" or
		// "local error": a handshake that was refused is refused again.
		f.conn = f.conn || e.Op == "dial" || e.Op == "read" || e.Op == "write" || e.Op == "close"
		f.timeout = f.timeout || e.Timeout()
		f.temporary = f.temporary || e.Temporary()
	case *url.Error:
		f.sending = true
		// A connection that was closed before the answer. Anywhere else
		// io.EOF is the ordinary end of something.
		f.conn = f.conn || e.Err == io.EOF
		f.timeout = f.timeout || e.Timeout()
		f.temporary = f.temporary || e.Temporary()
	case *os.SyscallError:
		f.timeout = f.timeout || e.Timeout()
	case syscall.Errno:
		f.conn = f.conn || connectionErrno(e)
		f.timeout = f.timeout || e.Timeout()
		f.temporary = f.temporary || e.Temporary()
	case *net.DNSError:
		f.conn = true
		f.notFound = f.notFound || e.IsNotFound
		f.timeout = f.timeout || e.Timeout()
		f.temporary = f.temporary || e.Temporary()
	case *net.AddrError, net.InvalidAddrError, net.UnknownNetworkError, *net.ParseError:
		f.badAddr = true
	default:
		return false
	}
	return true
}

// hear takes the outermost Retry-After; a negative one is none.
func (f *facts) hear(d time.Duration, ok bool) {
	f.after, f.hasAfter = d, ok && d >= 0
}

// hearAmz takes the outermost x-amz-retry-after; a negative one is none.
func (f *facts) hearAmz(d time.Duration, ok bool) {
	f.amz, f.hasAmz = d, ok && d >= 0
}

func connectionErrno(e syscall.Errno) bool {
	switch e {
	case syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.ECONNABORTED, syscall.EPIPE,
		syscall.ENETDOWN, syscall.ENETUNREACH, syscall.ENETRESET,
		syscall.EHOSTUNREACH, syscall.EHOSTDOWN, syscall.ENOTCONN:
		return true
	}
	return false
}

// ask looks for facts behind an As method, which errors.As would honour.
func (f *facts) ask(e interface{ As(any) bool }) {
	var (
		class     classer
		retryable retryabler
		status    statuser
		code      coder
		after     afterer
		amz       amzAfterer
		push      pushbacker
		rejected  rejecter
		once      idempotencer
	)
	if f.class == Unknown && e.As(&class) {
		f.class = class.RetryClass()
	}
	if f.class == Unknown && e.As(&retryable) {
		f.class = word(retryable.Retryable())
	}
	if f.status == 0 && e.As(&status) {
		f.status = status.HTTPStatusCode()
	}
	if f.code == "" && e.As(&code) {
		f.code = code.ErrorCode()
	}
	if !f.hasAfter && e.As(&after) {
		f.hear(after.RetryAfter())
	}
	if !f.hasAmz && e.As(&amz) {
		f.hearAmz(amz.AmzRetryAfter())
	}
	if !f.hasPush && e.As(&push) {
		f.push, f.hasPush = push.RetryPushback()
	}
	if e.As(&rejected) && rejected.Rejected() {
		f.rejected = true
	}
	if !f.said && e.As(&once) {
		f.said, f.once = true, !once.Idempotent()
	}
}
