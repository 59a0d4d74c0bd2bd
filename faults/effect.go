package faults

import (
	"net/http"
	"strconv"
	"time"

	"github.com/squall-sim/squall/sim"
)

// Kind is the sort of an [Effect].
type Kind uint8

// The kinds of effect.
const (
	None           Kind = iota // no effect; a rule cannot have it
	S3Error                    // answers with an error code of S3: status, XML body and headers as S3 sends them
	Status                     // answers with an HTTP status, which may be that of a success
	Latency                    // the backend answers, later than it would
	Reset                      // the connection is reset (RST) before any byte of the answer
	Blackhole                  // the request is accepted and never answered
	Outage                     // the connection is refused
	Close                      // the connection is closed (FIN) before any byte of the answer
	Garbage                    // bytes that are no HTTP come for an answer, and the connection is closed
	HalfHeaders                // the answer's headers break off, and the connection is closed
	Truncate                   // the backend's answer breaks off in its body
	Stall                      // the backend's answer stops in its body, and never goes on
	MalformedChunk             // the backend's answer comes in chunks, and breaks off at one whose size is no number
	ErrorIn200                 // answers 200, with an error of S3 for a body
	LostAck                    // the backend does its work; its answer is lost, and the client meets something else
	Bandwidth                  // the body of the backend's answer comes at a rate
	SlowBody                   // the headers of the backend's answer come at once, the first byte of its body later
	SlowUpload                 // the body of the request is taken at a rate
	Corrupt                    // one bit of the body of the backend's answer is another
	Stale                      // a read is answered with what there was some time ago
	Headers                    // headers of the backend's answer are missing, or others
	ClockSkew                  // an answer of RequestTimeTooSkewed, by a server whose clock is off
	TokenExpired               // an answer of ExpiredToken to whoever uses the credential that it had before
	RejectEarly                // answers with an error before it has read the body of the request
	DeleteErrors               // a DeleteObjects of which some keys are not deleted, and reported as errors
)

// kindWords are the words for the kinds that have one in the text form.
var kindWords = [...]string{None: "none", S3Error: "s3-error", Status: "status", Latency: "latency", Reset: "reset", Blackhole: "blackhole", Outage: "outage",
	Close: "close", Garbage: "garbage", HalfHeaders: "half-headers", Truncate: "truncate", Stall: "stall", MalformedChunk: "malformed-chunk", ErrorIn200: "error-in-200",
	LostAck: "lost-ack", Bandwidth: "bandwidth", SlowBody: "slow-body", SlowUpload: "slow-upload", Corrupt: "corrupt",
	Stale: "stale", ClockSkew: "clock-skew", TokenExpired: "token-expired", RejectEarly: "reject-early", Headers: "headers", DeleteErrors: "delete-errors"}

// String returns the kind in words.
func (k Kind) String() string {
	if int(k) < len(kindWords) {
		return kindWords[k]
	}
	return "kind(" + strconv.Itoa(int(k)) + ")"
}

// Wait is a duration that may be absent. The zero value is.
type Wait struct {
	For   time.Duration // ≥ 0
	Given bool
}

// For returns a Wait of that duration.
func For(d time.Duration) Wait { return Wait{For: d, Given: true} }

// Effect is what a fault does to a request. It is plain data, comparable with
// ==; fields that the kind has no use for are zero. The zero value is no
// effect. [ParseEffect] and [Effect.String] are its text form.
type Effect struct {
	Kind Kind
	// By is what the client of a LostAck meets in place of the answer: S3Error
	// (of Code), Status (of Status), Reset, Close or Blackhole; and what a RejectEarly
	// answers with: S3Error or Status.
	By Kind
	// Code is the error code of an S3Error, an ErrorIn200 or a DeleteErrors, one of
	// [S3Codes].
	Code string
	// Status is the HTTP status of a Status, 200 to 599, or of a LostAck by one: 400
	// to 599.
	Status int
	// RetryAfter is sent as Retry-After: whole seconds. S3Error and Status, and a
	// LostAck by one of them.
	RetryAfter Wait
	// AmzRetryAfter is sent as x-amz-retry-after: whole milliseconds. For the same
	// as RetryAfter.
	AmzRetryAfter Wait
	// After makes the answer (S3Error, Status, ErrorIn200), or the end of the
	// connection (Reset, Outage, Close, Garbage, HalfHeaders), come exactly that
	// long after the request arrived, instead of when the backend would have
	// answered. An outage that does not say refuses after [RefusedAfter].
	After Wait
	// Add is the extra latency of a Latency, or the wait of a SlowBody: a
	// distribution as [sim.Dist.String] writes it, or a duration. Each request
	// draws its own.
	Add string
	// Offset is how old the answers of a Stale are: above 0, up to [MaxOffset]; and how
	// far the clock of a ClockSkew is ahead of the client's: more than [AllowedSkew],
	// or below 0, where it is behind.
	Offset time.Duration
	// Rate is that of a Bandwidth or a SlowUpload in bytes a second, 1 to
	// [MaxBandwidth], for each request by itself.
	Rate int64
	// At is how many bytes of the body come before it ends, stops, or is damaged:
	// 0 to [MaxAt]. Truncate, Stall, MalformedChunk and Corrupt.
	// The answers of a Truncate and a Stall announce at least one more, those of a
	// MalformedChunk no length at all. Of the three a body that is shorter is
	// lengthened by content of no meaning, and one that is not allowed (204) is
	// made one of 200.
	At int64
	// RetryDate is sent as a Retry-After that is a date, by the server's clock: whole
	// seconds from the answer's own Date. For the same as RetryAfter, in its place.
	RetryDate Wait
	// Body is the body of a Status. Without it an error has a line of JSON, and
	// other answers have none. Its type is text/plain unless Set says otherwise.
	Body Text
	// Drop has the canonical names of the headers that the answer of a Headers
	// lacks, with commas between them. Without Content-Length it comes in chunks.
	Drop string
	// Set has headers that the answer has in place of the backend's (Headers), or
	// besides its own (Status, S3Error): lines of the form "Name: Value", with names
	// in canonical form, each once.
	Set string
	// Matching makes a Corrupt hide: no checksum is left that tells of it.
	Matching bool
	// Share of the keys of a DeleteErrors that fail, above 0 and below 1; 0: all.
	// Each key has a draw of its own.
	Share float64
	// Keys is a glob for the keys of a DeleteErrors that may fail; "": any. See
	// [Selector] for its syntax.
	Keys string
	// Spaces is how many blanks come before the <Error> of an ErrorIn200, as S3
	// sends them to keep a connection alive while it works: 0 to [MaxSpaces].
	Spaces int64
	// ByReset makes a Truncate end in a reset (RST) instead of FIN. What was
	// sent and not yet received may be lost by it.
	ByReset bool
}

// MaxAt bounds Effect.At: 1 GiB.
const MaxAt = 1 << 30

// MaxSpaces bounds Effect.Spaces: 32 KiB.
const MaxSpaces = 32 << 10

// MaxBandwidth bounds Effect.Rate: 1 TiB a second.
const MaxBandwidth = 1 << 40

// RefusedAfter is how long a connection that is refused takes to be refused:
// one round trip to a machine nearby.
const RefusedAfter = time.Millisecond

// AddLatency returns the Latency effect of d, which must be valid.
func AddLatency(d sim.Dist) Effect { return Effect{Kind: Latency, Add: addText(d)} }

// addText writes the distribution of a Latency, short where it is fixed.
func addText(d sim.Dist) string {
	if d.Kind == sim.Fixed {
		return d.Value.String()
	}
	return d.String()
}

// HTTPStatus returns the status that the effect answers with, and 0 for an
// effect that does not answer by itself or names an unknown code.
func (e Effect) HTTPStatus() int {
	if e.Kind == ErrorIn200 {
		return http.StatusOK
	}
	switch e.met() {
	case S3Error:
		c, _ := LookupS3Code(e.code())
		return c.Status
	case Status:
		return e.Status
	}
	return 0
}

// Answers reports whether the effect answers in place of the backend, which
// then never sees the request.
func (e Effect) Answers() bool { return e.answers() && e.Kind != LostAck }

// answers reports whether the client gets an answer that the effect makes.
func (e Effect) answers() bool {
	met := e.met()
	return met == S3Error || met == Status || met == ErrorIn200
}

// met is what the client meets: the kind itself, or what a LostAck or a
// RejectEarly puts in the answer's place.
func (e *Effect) met() Kind {
	switch e.Kind {
	case LostAck, RejectEarly:
		return e.By
	case ClockSkew, TokenExpired:
		return S3Error
	}
	return e.Kind
}

// code is the error code that the client meets: the effect's, or that of its kind.
func (e Effect) code() string {
	switch e.Kind {
	case ClockSkew:
		return skewCode
	case TokenExpired:
		return expiredCode
	}
	return e.Code
}

// Validate returns nil, or an [*InvalidError] with every problem of e; the
// paths are the names of the text form's options.
func (e Effect) Validate() error {
	var c checker
	c.effect("", e)
	return c.err("effect")
}

// effect checks e; path is that of the rule's effect.
func (c *checker) effect(path string, e Effect) {
	switch e.Kind {
	case S3Error, ErrorIn200, DeleteErrors:
		c.code(path, e)
	case Status:
		c.status(path, e, 200)
	case LostAck:
		c.lost(path, e)
	case RejectEarly:
		c.early(path, e)
	case None:
		c.add(path, "no effect", "write what goes wrong, such as SlowDown, 503 or outage")
		return
	default:
		if int(e.Kind) >= len(kindWords) {
			c.add(path, "unknown kind "+e.Kind.String(), "use one of the package's constants")
			return
		}
	}
	c.strayFields(path, e)
	c.options(path, e)
	message, hint := e.conflict()
	c.addIf(path, message, hint)
}

func (c *checker) code(path string, e Effect) {
	if _, ok := LookupS3Code(e.Code); !ok {
		c.add(path, "unknown S3 error code "+quote(e.Code), didYouMean(e.Code, codeNames()))
	}
}

// status checks a status that is at least least: 200, or 400 for an error.
func (c *checker) status(path string, e Effect, least int) {
	if e.Status < least || e.Status > 599 {
		message, hint := statusProblem(strconv.Itoa(e.Status), least)
		c.add(path, message, hint)
	}
}

func statusProblem(status string, least int) (message, hint string) {
	if least < 400 {
		return "the status " + status + " is no answer", "write 200 to 599"
	}
	return "the status " + status + " is no error", "write 400 to 599"
}

// strayFields reports fields, other than options, that the kind has no use for.
func (c *checker) strayFields(path string, e Effect) {
	met := e.met()
	for _, f := range []struct {
		name  string
		stray bool
	}{
		{"by", e.By != None && e.Kind != LostAck && e.Kind != RejectEarly},
		{"code", e.Code != "" && (met != S3Error || e.code() != e.Code) && met != ErrorIn200 && met != DeleteErrors},
		{"status", e.Status != 0 && met != Status},
	} {
		if f.stray {
			c.add(path, f.name+" has no meaning for "+e.name(), optionsHint(e))
		}
	}
}

// statusText is the reason phrase of a status, for bodies and messages.
func statusText(status int) string {
	if t := http.StatusText(status); t != "" {
		return t
	}
	if status == 509 { // S3's, unknown to RFC 9110
		return "Bandwidth Limit Exceeded"
	}
	return "Status " + strconv.Itoa(status)
}
