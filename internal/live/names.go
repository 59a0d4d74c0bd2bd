package live

import (
	"hash/fnv"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/squall-sim/squall/faults"
)

// maxNames bounds what names keep of targets, and of calls: some 40 MB each.
const maxNames = 1 << 20

// names tell whose request it is, so that the same requests of another run have
// the same name and meet the same faults. Clients that number their calls say it
// themselves. The ids of the AWS SDKs' calls are random: such a call is known by
// its target and by how many calls for the same came before, and the id tells
// which attempts are its. A request that says nothing is known likewise.
type names struct {
	mu      sync.Mutex
	targets map[uint64]int // how many calls and requests, by hash: two of 2^20 are the same with a chance of 2^-25
	calls   map[uint64]int // number among those of its target, by the hash of a call's id
	rest    int            // requests for targets that there was no room for
}

// name returns whose request it is, and whether its client says so.
func (n *names) name(r *http.Request) (who faults.Request, said bool) {
	who, said = faults.Identify(r)
	if len(r.Header[faults.HeaderCall]) > 0 {
		return who, said
	}
	target := targetOf(r)
	n.mu.Lock()
	defer n.mu.Unlock()
	if !said {
		return faults.Request{Call: target, Attempt: n.count(target), Unnamed: true}, false
	}
	number, known := n.calls[who.Call]
	if !known {
		if len(n.calls) >= maxNames {
			return who, true // by its id: other faults in another run
		}
		if n.calls == nil {
			n.calls = make(map[uint64]int)
		}
		number = n.count(target)
		n.calls[who.Call] = number
	}
	// A client above 0: no name of a request that says nothing.
	return faults.Request{Client: uint64(number), Call: target, Attempt: who.Attempt, Unnamed: true}, true
}

// count counts one more of a target. Beyond maxNames of them, new ones share a
// count: their draws depend on the order in which they come.
func (n *names) count(target uint64) int {
	if n.targets == nil {
		n.targets = make(map[uint64]int)
	}
	if _, known := n.targets[target]; !known && len(n.targets) >= maxNames {
		n.rest++
		return n.rest
	}
	n.targets[target]++
	return n.targets[target]
}

// targetOf is the hash of what a request asks for: its method and target, without
// the query of a presigned URL, which has the time in it.
func targetOf(r *http.Request) uint64 {
	target := r.RequestURI
	if strings.Contains(r.URL.RawQuery, "X-Amz-Signature=") {
		target = r.URL.EscapedPath()
	}
	return hashOf(r.Method, target)
}

// hashOf is the hash of words without blanks, but for the last.
func hashOf(words ...string) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, strings.Join(words, " ")) // a hash does not fail
	return h.Sum64()
}
