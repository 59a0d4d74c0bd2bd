package s3fake

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/faults"
)

// told collects what OnCommit tells.
type told struct {
	all     []faults.Request
	repeats int // that changed nothing
}

func (c *told) option() Option {
	return OnCommit(func(_ *http.Request, what faults.Request, again bool) {
		if again {
			c.repeats++
			return
		}
		c.all = append(c.all, what)
	})
}

// Each request that changes something is told once, with what it did and whose it
// is; reads and what was refused are not.
func TestOnCommit(t *testing.T) {
	var log told
	c := newClient(t, log.option())
	who := faults.Request{Client: 3, Call: 5, Attempt: 2}
	send := func(method, target, body string, header ...string) []faults.Request {
		t.Helper()
		log.all = nil
		c.do(method, target, body, append(header,
			faults.HeaderClient, "3", faults.HeaderCall, "5", faults.HeaderAttempt, "2")...)
		return log.all
	}
	id := c.begin("big")
	one := c.part("big", id, 1, "part")
	for _, tt := range []struct {
		method, target, body string
		header               []string
		op, bucket, key      string // op "": nothing is told
	}{
		{"PUT", "/data/a%2Bb", "x", nil, "PutObject", "data", "a+b"},
		{"PUT", "/data/a", "x", []string{"Content-Md5", "AAAAAAAAAAAAAAAAAAAAAA=="}, "", "", ""},
		{"PUT", "/data/a%2Bb", "y", []string{"If-None-Match", "*"}, "", "", ""},
		{"PUT", "/nobody/a", "x", nil, "", "", ""},
		{"PUT", "/data/a?tagging", "x", nil, "", "", ""},
		{"PUT", "/data/copy", "", []string{"X-Amz-Copy-Source", "/data/a%2Bb"}, "CopyObject", "data", "copy"},
		{"PUT", "/data/copy", "", []string{"X-Amz-Copy-Source", "/data/nothing"}, "", "", ""},
		{"GET", "/data/copy", "", nil, "", "", ""},
		{"HEAD", "/data/copy", "", nil, "", "", ""},
		{"GET", "/data/copy", "", []string{"If-None-Match", "*"}, "", "", ""},
		{"GET", "/data", "", nil, "", "", ""},
		{"POST", "/data?delete", "<Delete><Object><Key>copy</Key></Object></Delete>", nil, "DeleteObjects", "data", ""},
		{"POST", "/data?delete", "<Delete>", nil, "", "", ""},
		{"DELETE", "/data/a%2Bb", "", nil, "DeleteObject", "data", "a+b"},
		{"DELETE", "/data/a%2Bb", "", nil, "DeleteObject", "data", "a+b"}, // it is not there: carried out all the same
		{"POST", "/data/big?uploads", "", nil, "CreateMultipartUpload", "data", "big"},
		{"PUT", "/data/big?partNumber=2&uploadId=" + id, "part", nil, "UploadPart", "data", "big"},
		{"PUT", "/data/big?partNumber=2&uploadId=nobody", "part", nil, "", "", ""},
		{"POST", "/data/big?uploadId=" + id, completion(map[int]string{1: "wrong"}, 1), nil, "", "", ""},
		{"POST", "/data/big?uploadId=" + id, completion(map[int]string{1: one}, 1), nil, "CompleteMultipartUpload", "data", "big"},
		{"DELETE", "/data/big?uploadId=" + id, "", nil, "", "", ""},
		{"PUT", "/other", "", nil, "CreateBucket", "other", ""},
		{"DELETE", "/other", "", nil, "DeleteBucket", "other", ""},
		{"DELETE", "/other", "", nil, "", "", ""},
	} {
		name := tt.method + " " + tt.target + " " + strings.Join(tt.header, " ")
		got := send(tt.method, tt.target, tt.body, tt.header...)
		if tt.op == "" {
			if len(got) != 0 {
				t.Errorf("%s: told %+v, want nothing", name, got)
			}
			continue
		}
		want := faults.Request{Op: tt.op, Method: tt.method, Bucket: tt.bucket, Key: tt.key, Client: who.Client, Call: who.Call, Attempt: who.Attempt}
		if len(got) != 1 || got[0] != want {
			t.Errorf("%s: told %+v, want %+v", name, got, want)
		}
	}
}

// Uploads of generated content, which are not read, are told too.
func TestOnCommitOfQuickUploads(t *testing.T) {
	var log told
	c := newClient(t, log.option(), QuickETags())
	req, _ := http.NewRequest("PUT", "http://s3/data/raw/a", nil)
	req.Body, req.ContentLength = Body("raw/a", 1<<20), 1<<20
	if ex := faults.NewTransport(c.server).Exchange(req); ex.Err != nil || len(log.all) != 1 || log.all[0].Key != "raw/a" {
		t.Errorf("told %+v, error %v", log.all, ex.Err)
	}
}

// Whatever the requests, the store changes only where it is told, and what is told
// was answered with success.
func TestOnCommitMissesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var log told
		c := newClient(t, log.option())
		c.part("k0", c.begin("k0"), 1, "part")
		state := func() string {
			c.server.store.mu.RLock()
			defer c.server.store.mu.RUnlock()
			s := ""
			for _, name := range []string{"data", "other"} {
				b := c.server.store.buckets[name]
				if b == nil {
					continue
				}
				for _, key := range []string{"k0", "k1", "k2"} {
					if o := b.objects[key]; o != nil {
						s += fmt.Sprint(name, key, o.number, " ")
					}
				}
				for _, u := range b.sortedUploads() {
					s += fmt.Sprint(name, u.id, u.parts, " ")
				}
			}
			return fmt.Sprint(s, len(c.server.store.buckets))
		}
		for range rapid.IntRange(1, 12).Draw(rt, "requests") {
			method := rapid.SampledFrom([]string{"PUT", "GET", "DELETE", "POST", "HEAD"}).Draw(rt, "method")
			target := rapid.SampledFrom([]string{"/data", "/other", "/data/k0", "/data/k1", "/other/k2", "/none/k1"}).Draw(rt, "target") +
				rapid.SampledFrom([]string{"", "?uploads", "?delete", "?partNumber=1&uploadId=" + string(uploadID("data", "k0", 1)),
					"?uploadId=" + string(uploadID("data", "k0", 1)), "?tagging"}).Draw(rt, "query")
			header := rapid.SampledFrom([][]string{nil, {"If-None-Match", "*"}, {"X-Amz-Copy-Source", "/data/k0"}, {"Content-Md5", "AAAAAAAAAAAAAAAAAAAAAA=="}}).Draw(rt, "header")
			body := rapid.SampledFrom([]string{"", "x", "<Delete><Object><Key>k1</Key></Object></Delete>", completion(map[int]string{1: etagOf("part")}, 1)}).Draw(rt, "body")
			before := state()
			log.all = nil
			answer := c.do(method, target, body, header...)
			if changed := state() != before; changed && len(log.all) != 1 || len(log.all) > 1 {
				rt.Fatalf("%s %s %v %q: the store changed (%v), told %+v", method, target, header, body, changed, log.all)
			}
			if len(log.all) > 0 && answer.status >= 300 {
				rt.Fatalf("%s %s %v %q: answered with %d, told %+v", method, target, header, body, answer.status, log.all)
			}
		}
	})
}
