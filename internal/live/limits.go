package live

import (
	"hash/fnv"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/squall-sim/squall/faults"
)

// newLimiter returns nil where there is nothing to limit.
func newLimiter(l faults.Limits) (*faults.Limiter, error) {
	if l.Prefixes == nil && len(l.Quotas) == 0 {
		return nil, nil
	}
	return faults.NewLimiter(l)
}

// caller tells clients apart for quotas: by the number that a client says it has,
// else by its access key or other authorization, else by its address. (The
// client's number of a call, which keys the draws, is made up where a client says
// none.)
func caller(r *http.Request, who faults.Request) uint64 {
	if v := r.Header.Get(faults.HeaderClient); v != "" {
		if n, err := strconv.ParseUint(v, 10, 64); err == nil {
			return n
		}
	}
	name := accessKey(r)
	if name == "" {
		if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
			name = "from " + host
		}
	}
	h := fnv.New64a()
	_, _ = io.WriteString(h, name) // a hash does not fail
	return h.Sum64()
}

// accessKey is the id of the key that signed a request of S3 (Signature Version 4
// or 2, or a presigned URL), else its whole authorization; "" if it has none.
func accessKey(r *http.Request) string {
	auth := r.Header.Get("Authorization")
	if _, credential, ok := strings.Cut(auth, "Credential="); ok && strings.HasPrefix(auth, "AWS4-") {
		id, _, _ := strings.Cut(credential, "/")
		return "key " + id
	}
	if signed, ok := strings.CutPrefix(auth, "AWS "); ok {
		id, _, _ := strings.Cut(signed, ":")
		return "key " + id
	}
	if auth != "" {
		return auth
	}
	if strings.Contains(r.URL.RawQuery, "X-Amz-Credential=") {
		if q, err := url.ParseQuery(r.URL.RawQuery); err == nil {
			id, _, _ := strings.Cut(q.Get("X-Amz-Credential"), "/")
			return "key " + id
		}
	}
	return ""
}

// Limit tells what one limit of the backend did: a quota, or the rate of
// partitioned prefixes.
type Limit struct {
	Limit   string `json:"limit"`            // its text
	Asked   uint64 `json:"asked"`            // requests that it was for
	Refused uint64 `json:"refused"`          // of those, the ones that it refused; one may be refused by several
	Shared  uint64 `json:"shared,omitempty"` // of those asked, the ones that shared a token bucket, as there were too many keys or clients
}

// Split is a partitioned prefix that became two.
type Split struct {
	At     time.Duration `json:"at_ns"` // since the start or the last reset
	Bucket string        `json:"bucket"`
	Key    string        `json:"key"`   // the upper part begins here
	Count  int           `json:"count"` // partitions of all buckets from then on
}

// limits copies what a limiter did into a state.
func (w *world) limits(s *State) {
	s.Limits, s.Splits = []Limit{}, []Split{}
	for _, c := range w.limiter.Counts() {
		s.Limits = append(s.Limits, Limit{Limit: c.Text, Asked: c.Asked, Refused: c.Refused, Shared: c.Shared})
	}
	for _, one := range w.limiter.Splits() {
		s.Splits = append(s.Splits, Split(one))
	}
}
