package faults

import "net/http"

// modifiers are the kinds that leave the answer to the backend, servers those
// that let it work. selective are the kinds that are for some operations only.
var (
	modifiers = kinds(Latency, Bandwidth, SlowBody, SlowUpload, Corrupt, Stale, Headers)
	servers   = modifiers | kinds(None, Truncate, Stall, MalformedChunk, LostAck, DeleteErrors)
	selective = kinds(Truncate, Stall, MalformedChunk, ErrorIn200, Bandwidth, SlowBody, SlowUpload, Corrupt, Stale, RejectEarly, DeleteErrors)
)

// Modifies reports whether the effect leaves the answer to the backend, and
// changes only what it is made of or the time that it takes. Several such effects
// can meet one request; each is as if the ones after it were a part of the
// backend.
func (e Effect) Modifies() bool { return modifiers.has(e.Kind) }

// NeedsBody reports whether the effect is one on the body of an answer. A rule
// with such an effect is not for HEAD, whose answers have none.
func (e Effect) NeedsBody() bool {
	return kinds(Truncate, Stall, MalformedChunk, Bandwidth, SlowBody, Corrupt).has(e.Kind)
}

// Selective reports whether the effect is for some operations only. A rule
// with such an effect is held against requests of those alone.
func (e Effect) Selective() bool { return selective.has(e.Kind) }

// Expires reports whether the effect ends for a client when that changes something
// about its requests: a rule with a TokenExpired is for no request with a new
// credential.
func (e Effect) Expires() bool { return e.Kind == TokenExpired }

// Meets reports whether a request of that operation can have the effect.
//
//   - Truncate, Stall and MalformedChunk are not for HEAD; other answers are given a body where
//     they have none.
//   - Bandwidth, SlowBody and Corrupt are for operations whose answers have a body.
//   - SlowUpload and RejectEarly are for those whose requests have one.
//   - Stale is for GetObject, HeadObject, ListObjectsV2 and ListObjects.
//   - DeleteErrors is for DeleteObjects.
//   - ErrorIn200 is for CopyObject, UploadPartCopy, CompleteMultipartUpload and
//     DeleteObjects. Source: the Amazon S3 API reference, of the first three "a
//     200 OK response can contain either a success or an error"; DeleteObjects
//     reports its errors in a 200 as well.
func (e Effect) Meets(op string) bool { return e.meets(op, Method(op)) }

func (e Effect) meets(op, method string) bool {
	switch e.Kind {
	case Truncate, Stall, MalformedChunk:
		return method != http.MethodHead
	case Bandwidth, SlowBody, Corrupt:
		return answersWithBody(op, method)
	case SlowUpload, RejectEarly:
		return sendsBody(op, method)
	case Stale:
		return op == "GetObject" || op == "HeadObject" || op == "ListObjectsV2" || op == "ListObjects"
	case DeleteErrors:
		return op == "DeleteObjects"
	case ErrorIn200:
		return op == "CopyObject" || op == "UploadPartCopy" || op == "CompleteMultipartUpload" || op == "DeleteObjects"
	}
	return true
}

// answersWithBody reports whether answers to the operation have a body: of
// those of a plain backend all but HEAD's may.
func answersWithBody(op, method string) bool {
	if _, s3 := byName[op]; !s3 {
		return method != http.MethodHead
	}
	switch method {
	case http.MethodGet:
		return true
	case http.MethodPut:
		return op == "CopyObject" || op == "UploadPartCopy"
	case http.MethodPost:
		return op != "PostObject" && op != "RestoreObject"
	}
	return false
}

// sendsBody reports whether requests of the operation have a body.
func sendsBody(op, method string) bool {
	switch method {
	case http.MethodPut, http.MethodPost, http.MethodPatch:
		return op != "CopyObject" && op != "UploadPartCopy" && op != "CreateMultipartUpload"
	}
	return false
}

// NeedsBackend reports whether what comes of the effect is a matter of what the
// backend keeps: no simulation that sends no bytes can tell.
func (e Effect) NeedsBackend() bool { return e.Kind == Stale }

// mismatch says why a rule for op cannot have the effect.
func (e Effect) mismatch(op string) (message, hint string) {
	switch {
	case e.Kind == ErrorIn200:
		return "S3 never answers " + op + " with an error in a 200", "it does so to CopyObject, UploadPartCopy, CompleteMultipartUpload and DeleteObjects"
	case e.Kind == DeleteErrors:
		return op + " does not delete several objects", "leave op out, or write DeleteObjects"
	case e.Kind == Stale:
		return op + " is no read that can be stale", "choose GetObject, HeadObject, ListObjectsV2 or ListObjects"
	case e.Kind == RejectEarly:
		return "a request of " + op + " has no body to leave unread", "choose an upload, such as PutObject, or write the error alone"
	case e.Kind == SlowUpload:
		return "a request of " + op + " has no body to take slowly", "choose an upload, such as PutObject"
	case e.Kind == MalformedChunk:
		return "an answer to " + op + " has no body to come in chunks", "choose another operation, or garbage, which is for any"
	case e.Kind == Truncate || e.Kind == Stall:
		return "an answer to " + op + " has no body to " + e.Kind.String(), "choose another operation, or close, which breaks any answer"
	}
	return "an answer to " + op + " has no body, which is what " + e.Kind.String() + " is about", "choose another operation, such as GetObject, or latency, which is for any"
}
