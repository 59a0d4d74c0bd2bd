package fleet

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/faults/httpfake"
)

// Header is a header that the calls of an [Op] send. In its value "{client}" and
// "{call}" are replaced by their numbers, which are the same for all attempts of a
// call.
type Header struct{ Name, Value string }

// userAgent is what requests say that do not say it themselves.
const userAgent = "squall"

// sentHeaders are the headers of an operation's requests: those that are the same
// in all of them, not to be changed, and those to be made for each call.
type sentHeaders struct {
	same http.Header
	made []Header // with canonical names
}

func newSentHeaders(list []Header) sentHeaders {
	s := sentHeaders{same: http.Header{"User-Agent": {userAgent}}}
	for _, h := range list {
		h.Name = http.CanonicalHeaderKey(h.Name)
		if strings.IndexByte(h.Value, '{') >= 0 {
			s.made = append(s.made, h)
			continue
		}
		s.same[h.Name] = []string{h.Value}
	}
	return s
}

// header is what a request of the call sends; not to be changed. Both wires ask
// for it, so that rules that select by headers see the same in either.
func (r *run) header(c *call, who *faults.Request) http.Header {
	sent := &r.mix.ops[c.op].sent
	web, copies := r.cfg.Backend.Kind == Web, who.Op == "CopyObject"
	if !web && !copies && len(sent.made) == 0 {
		return sent.same
	}
	h := make(http.Header, len(sent.same)+len(sent.made)+1)
	maps.Copy(h, sent.same)
	for _, m := range sent.made {
		h[m.Name] = []string{ExpandKey(m.Value, c.client, uint64(c.number))}
	}
	if web {
		h[httpfake.HeaderSize] = []string{strconv.FormatInt(c.size(), 10)}
	}
	if copies {
		h["X-Amz-Copy-Source"] = []string{(&url.URL{Path: "/" + who.Bucket + "/" + copySource + who.Key}).EscapedPath()}
	}
	return h
}

// asksForHeaders reports whether a fault of the plan does.
func asksForHeaders(p faults.Plan) bool {
	return slices.ContainsFunc(p.Phases, func(ph faults.Phase) bool {
		return slices.ContainsFunc(ph.Rules, func(r faults.Rule) bool { return r.On.NeedsHeaders() })
	})
}
