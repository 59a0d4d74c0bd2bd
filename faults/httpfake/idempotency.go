package httpfake

import (
	"crypto/sha256"
	"hash"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/squall-sim/squall/faults"
)

// HeaderIdempotencyKey names a write, so that it is carried out once however often it
// is sent. Source: draft-ietf-httpapi-idempotency-key-header, whose value is a
// string between quotes; it may stand without them, as most APIs have it. One that is empty, or
// longer than 255 bytes, is answered with 400.
const HeaderIdempotencyKey = "Idempotency-Key"

// HeaderReplayed marks an answer that was given before.
const HeaderReplayed = "Idempotency-Replayed"

const maxKey = 255 // bytes

// Bounds of what is kept of keys; beyond, the oldest are forgotten, as every service does.
const (
	maxKeys   = 1 << 16
	maxKeyMem = 64 << 20 // bytes of answers
)

// Executions is what became of the writes that a service has answered.
type Executions struct {
	// Keyed writes had an idempotency key and were carried out, Unkeyed had none: each
	// attempt of a call is one of them.
	Keyed, Unkeyed uint64
	// Replayed are those whose key was known: they got the first answer again.
	Replayed uint64
	// Mismatched are those whose key was another request's: they got 422.
	Mismatched uint64
}

// Executions returns what became of the writes.
func (s *Server) Executions() Executions {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	return s.keys.counts
}

// parseKey reads the value of the header.
func parseKey(values []string) (string, bool) {
	if len(values) != 1 {
		return "", false
	}
	key := strings.TrimSpace(values[0])
	if inner, ok := strings.CutPrefix(key, `"`); ok {
		if key, ok = strings.CutSuffix(inner, `"`); !ok {
			return "", false
		}
	}
	return key, key != "" && len(key) <= maxKey
}

// fingerprint tells requests apart that have the same key.
type fingerprint [sha256.Size]byte

// newPrint begins a fingerprint; the body is to be written to it.
func newPrint(r *http.Request) hash.Hash {
	h := sha256.New()
	io.WriteString(h, r.Method+" "+r.URL.RequestURI()+"\n") // a hash does not fail
	return h
}

// keys are the idempotency keys that a service knows. The zero value knows none.
type keys struct {
	mu     sync.Mutex
	known  map[string]outcome
	order  []string // oldest first
	memory int
	counts Executions
}

// outcome is the answer to the first request with a key.
type outcome struct {
	print  fingerprint
	answer answer
}

func (k *keys) unkeyed(carriedOut bool) {
	if !carriedOut {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.counts.Unkeyed++
}

// once carries a request out if its key is new. Requests with keys are carried out one
// after another, so that of two at once the second finds the answer of the first.
// A request that is refused leaves no trace: it may be sent again. again is set where the
// answer was given before.
func (k *keys) once(method string, in incoming, carryOut func() answer) (a answer, again bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if before, ok := k.known[in.key]; ok {
		if before.print != in.print {
			k.counts.Mismatched++
			return plain(http.StatusUnprocessableEntity).text("application/json", faults.HTTPErrorBody(http.StatusUnprocessableEntity)), false
		}
		k.counts.Replayed++
		return before.answer.with(HeaderReplayed, "true"), true
	}
	a = carryOut()
	if !a.carriedOut(method) {
		return a, false
	}
	k.counts.Keyed++
	k.keep(in, a)
	return a, false
}

// keep remembers an answer, and forgets the oldest where there are too many.
func (k *keys) keep(in incoming, a answer) {
	if k.known == nil {
		k.known = make(map[string]outcome)
	}
	k.known[in.key] = outcome{in.print, a}
	k.order = append(k.order, in.key)
	k.memory += len(a.body)
	for len(k.order) > maxKeys || k.memory > maxKeyMem {
		k.memory -= len(k.known[k.order[0]].answer.body)
		delete(k.known, k.order[0])
		k.order = k.order[1:]
	}
}
