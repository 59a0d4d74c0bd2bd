package faults

import (
	"net/http"
	"strings"
	"sync"
)

// expiredCode is S3's code for a credential whose time is over.
const expiredCode = "ExpiredToken"

// maxCredentials bounds how many credentials an injector remembers, and how many
// clients a rule does: some 4 MB each.
const maxCredentials = 1 << 16

// credentialOf is what a request is signed with: its session token, or the id of
// its access key, or whatever else it is authorized by; "" for nothing.
func credentialOf(r *http.Request) string {
	if token := r.Header["X-Amz-Security-Token"]; len(token) > 0 && token[0] != "" {
		return token[0]
	}
	if auth := r.Header.Get("Authorization"); auth != "" {
		if _, scope, ok := strings.Cut(auth, "Credential="); ok {
			return upTo(scope, "/")
		}
		if v2, ok := strings.CutPrefix(auth, "AWS "); ok {
			return upTo(v2, ":")
		}
		return auth
	}
	if r.URL.RawQuery == "" {
		return ""
	}
	for _, name := range []string{"X-Amz-Security-Token", "X-Amz-Credential", "AWSAccessKeyId"} { // of presigned URLs
		if value := parameter(r.URL.RawQuery, name); value != "" {
			if name == "X-Amz-Credential" {
				return upTo(value, "/")
			}
			return value
		}
	}
	return ""
}

func upTo(s, end string) string {
	s, _, _ = strings.Cut(s, end)
	return s
}

// expires reports whether the plan has a TokenExpired.
func (p Plan) expires() bool {
	for _, ph := range p.Phases {
		for _, r := range ph.Rules {
			if r.Effect.Kind == TokenExpired {
				return true
			}
		}
	}
	return false
}

// credentials remembers the phase in which each credential was first used.
// Those beyond maxCredentials are not remembered.
type credentials struct {
	mu    sync.Mutex
	since map[uint64]int
}

func (c *credentials) note(phase int, credential string) {
	if credential == "" {
		return
	}
	id := hashString(credential)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.since[id]; !known && len(c.since) < maxCredentials {
		c.since[id] = phase
	}
}

func (c *credentials) usedBefore(phase int, id uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	since, known := c.since[id]
	return known && since < phase
}

// expiry says which credentials a rule takes for expired: those that were used
// before its phase, and the first that each client uses in it. Requests that do
// not say whose they are count as one client's. Whoever has no credential gets no
// new one.
type expiry struct {
	seen  *credentials // nil: of a rule that was added, which knows of none
	phase int

	mu    sync.Mutex
	first map[uint64]uint64 // by client
}

func newExpiry(phase int, seen *credentials) *expiry {
	return &expiry{phase: phase, seen: seen, first: make(map[uint64]uint64)}
}

func (e *expiry) holds(r *Request) bool {
	if r.Credential == "" {
		return true
	}
	id := hashString(r.Credential)
	before := e.seen != nil && e.seen.usedBefore(e.phase, id)
	client := r.client()
	e.mu.Lock()
	defer e.mu.Unlock()
	first, known := e.first[client]
	if !known && len(e.first) < maxCredentials {
		e.first[client], first, known = id, id, true
	}
	return before || known && first == id
}
