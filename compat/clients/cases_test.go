//go:build unix

package clients

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/squall-sim/squall/faults"
)

// A row is one fault that hits every request of one operation.
type row struct {
	op, effect string
	// lost: the backend does what the request asks for, and the answer is what goes
	// wrong. Otherwise it never sees the request.
	lost  bool
	hangs bool // it takes a time-out to end it
	main  bool // for clients that are slow to start, too
}

// rows are the faults of the table, in its order.
var rows = func() (all []row) {
	for _, op := range []string{"PutObject", "GetObject"} {
		for _, effect := range []string{
			"SlowDown", "503", "429", "Throttling", "BandwidthLimitExceeded",
			"ServiceUnavailable", "InternalError", "500", "502", "504", "RequestTimeout", "408",
			"RequestTimeTooSkewed", "ExpiredToken", "OperationAborted", "ConditionalRequestConflict",
			"IncompleteBody", "BadDigest", "NotImplemented", "PreconditionFailed", "AccessDenied", "NoSuchKey",
		} {
			all = append(all, row{op: op, effect: effect, main: inMain[effect]})
		}
		all = append(all,
			row{op: op, effect: "reset", main: true}, row{op: op, effect: "close", main: true},
			row{op: op, effect: "garbage"}, row{op: op, effect: "half-headers"},
			row{op: op, effect: "blackhole", hangs: true, main: true},
		)
	}
	return append(all,
		row{op: "PutObject", effect: "lost-ack InternalError", lost: true, main: true},
		row{op: "PutObject", effect: "lost-ack reset", lost: true, main: true},
		row{op: "PutObject", effect: "lost-ack timeout", lost: true, hangs: true, main: true},
		row{op: "PutObject", effect: "truncate at=0", lost: true, main: true},
		row{op: "GetObject", effect: "truncate at=1000", lost: true, main: true},
		row{op: "GetObject", effect: "truncate at=1000 end=reset", lost: true, main: true},
		row{op: "GetObject", effect: "stall at=1000", lost: true, hangs: true, main: true},
		row{op: "GetObject", effect: "corrupt at=1000", lost: true, main: true},
		row{op: "GetObject", effect: "corrupt at=1000 checksum=matching", lost: true},
		row{op: "GetObject", effect: "malformed-chunk at=1000", lost: true},
		row{op: "GetObject", effect: "slow-body add=500ms", lost: true},
		row{op: "GetObject", effect: "bandwidth rate=64KiB/s", lost: true},
		row{op: "GetObject", effect: "stale by=1h"},
		row{op: "GetObject", effect: "clock-skew"},
		row{op: "GetObject", effect: "token-expired"},
		row{op: "GetObject", effect: "headers drop=Last-Modified", lost: true},
		row{op: "GetObject", effect: "200"},
		row{op: "PutObject", effect: "malformed-chunk", lost: true},
		row{op: "PutObject", effect: "slow-upload rate=64KiB/s", lost: true},
		row{op: "PutObject", effect: "reject-early SlowDown"},
		row{op: "PutObject", effect: "clock-skew"},
		row{op: "PutObject", effect: "token-expired"},
		row{op: "PutObject", effect: "headers drop=ETag", lost: true},
		row{op: "PutObject", effect: "200"},
		row{op: "HeadObject", effect: "SlowDown"},
		row{op: "HeadObject", effect: "AccessDenied"},
		row{op: "ListObjectsV2", effect: "SlowDown"},
		row{op: "ListObjectsV2", effect: "truncate at=100", lost: true},
		row{op: "ListObjectsV2", effect: "stale by=1h"},
		row{op: "CopyObject", effect: "InternalError"},
		row{op: "CopyObject", effect: "lost-ack InternalError", lost: true},
		row{op: "CopyObject", effect: "error-in-200 InternalError"},
		row{op: "CopyObject", effect: "error-in-200 SlowDown spaces=100"},
		row{op: "DeleteObjects", effect: "SlowDown"},
		row{op: "DeleteObjects", effect: "error-in-200 InternalError"},
		row{op: "DeleteObjects", effect: "lost-ack InternalError", lost: true},
		row{op: "DeleteObjects", effect: "delete-errors AccessDenied"},
	)
}()

var inMain = map[string]bool{"SlowDown": true, "InternalError": true, "503": true, "429": true, "AccessDenied": true, "NoSuchKey": true}

// call is one call of a client, which makes as many attempts as it likes.
type call struct {
	endpoint string
	op, key  string
	body     []byte        // to upload
	timeout  time.Duration // for an answer; 0: the client's own
	tls      *tls.Config   // nil: none
}

// source is the key that copies come from.
const source = "source"

// told is what a client told its caller.
type told struct {
	err  string // in the client's own words; "": success
	body []byte // that was read
}

// job is a row for a client, and what came of it.
type job struct {
	row
	call
	backend *backend
	told    told
	most    int // attempts that the client says it makes at most; 0: it does not say

	first    string // YAML of how often the fault hits at first; "": always
	matched  int    // attempts by the server's count
	attempts int    // those of them that the fault hit
	done     bool   // the truth: the object has what it should have
	err      error
}

const objectSize = 64 << 10

// prepare starts the backend.
func (j *job) prepare() {
	on := fmt.Sprintf("on: {op: %s}, ", j.row.op)
	if j.row.op == "DeleteObjects" {
		on = "" // no load has it; its clients send nothing else
	}
	b, err := start(fmt.Sprintf("{%s%seffect: %q}", on, j.first, j.row.effect), false)
	if err != nil {
		j.err = err
		return
	}
	j.backend = b
	j.call = call{endpoint: b.URL(), op: j.row.op, key: "key", body: content(objectSize)}
	if j.hangs {
		j.timeout = 2 * time.Second
	}
	j.err = b.put(source, j.body)
	if j.row.op != "PutObject" && j.row.op != "CopyObject" {
		j.err = errors.Join(j.err, b.put(j.key, j.body))
	}
	j.err = errors.Join(j.err, b.Jump("bad", true))
}

// finish finds out what happened.
func (j *job) finish() {
	j.err = errors.Join(j.err, j.backend.Jump("fine", true))
	body, there, err := j.backend.get(j.key)
	j.err = errors.Join(j.err, err, j.backend.Close(grace))
	switch {
	case j.row.op == "DeleteObjects":
		j.done = !there
	case j.row.op == "GetObject" && j.told.err == "":
		j.done = bytes.Equal(j.told.body, j.body)
	default:
		j.done = there && bytes.Equal(body, j.body)
	}
	for _, r := range j.backend.State().Rules {
		j.matched += int(r.Matched)
		j.attempts += int(r.Fired)
	}
}

// changes reports whether the call is to change the store.
func (j *job) changes() bool {
	return j.row.op == "PutObject" || j.row.op == "CopyObject" || j.row.op == "DeleteObjects"
}

// cell is what the table shows: attempts, and what the caller was told where that is not
// the fault itself.
func (j *job) cell() string {
	cell := strconv.Itoa(j.attempts)
	switch {
	case j.told.err == "":
		cell += " ok"
	case !j.names(j.told.err):
		cell += " " + j.told.err
	}
	switch {
	case j.told.err == "" && !j.done && j.changes():
		cell += ", **not done**"
	case j.told.err == "" && !j.done:
		cell += ", **not what is stored**"
	case j.told.err != "" && j.done && j.changes():
		cell += ", **done**"
	}
	return cell
}

// names reports whether an error is just what the fault is called, so that no reader
// need be told.
func (r row) names(err string) bool {
	if err == broken || err == timedOut && r.hangs {
		return true
	}
	effect := r.effect
	for _, with := range []string{"error-in-200 ", "lost-ack "} {
		effect = strings.TrimPrefix(effect, with)
	}
	effect, _, _ = strings.Cut(effect, " ")
	status, _ := strconv.Atoi(effect)
	if code, ok := faults.LookupS3Code(effect); ok {
		status = code.Status // all that an answer to HEAD has, and that curl tells
	}
	text := http.StatusText(status)
	return err == effect || status > 0 && (err == strconv.Itoa(status) || err == strconv.Itoa(status)+" "+text || err == strings.ReplaceAll(text, " ", ""))
}

// each calls f for every job that is well, so many at once.
func each(at int, jobs []*job, f func(*job)) {
	var all sync.WaitGroup
	free := make(chan struct{}, at)
	for _, j := range jobs {
		if j.err != nil {
			continue
		}
		all.Add(1)
		free <- struct{}{}
		go func() {
			defer all.Done()
			defer func() { <-free }()
			f(j)
		}()
	}
	all.Wait()
}
