package faults

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// deleter is a backend that knows DeleteObjects, and checks that the headers fit
// what it is sent.
func deleter(t *testing.T, deleted *[]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead { // is there such a bucket?
			return
		}
		body, err := io.ReadAll(r.Body)
		sum, sha := md5.Sum(body), sha256.Sum256(body)
		if err != nil || r.ContentLength != int64(len(body)) || r.Header.Get("Content-Md5") != base64.StdEncoding.EncodeToString(sum[:]) ||
			r.Header.Get("X-Amz-Content-Sha256") != hex.EncodeToString(sha[:]) {
			t.Errorf("%d bytes of %d, %v, %v", len(body), r.ContentLength, err, r.Header)
		}
		var list deletion
		if xml.Unmarshal(body, &list) != nil {
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, "<Error><Code>MalformedXML</Code></Error>")
			return
		}
		w.Header().Set("Content-Type", "application/xml")
		fmt.Fprint(w, xml.Header, "<DeleteResult>")
		for _, o := range list.Objects {
			*deleted = append(*deleted, o.Key)
			if list.Quiet != "true" {
				fmt.Fprintf(w, "<Deleted><Key>%s</Key></Deleted>", escape(o.Key))
			}
		}
		io.WriteString(w, "</DeleteResult>")
	}
}

type deleteResult struct {
	Deleted []struct{ Key string }
	Error   []struct{ Key, VersionId, Code, Message string }
}

// deleteAll asks for the deletion of keys, and returns those that were reported
// as deleted and as failed.
func deleteAll(t *testing.T, rt http.RoundTripper, base string, quiet bool, keys ...string) (done, failed []string, all deleteResult) {
	t.Helper()
	var b strings.Builder
	b.WriteString("<Delete>")
	for _, key := range keys {
		b.WriteString("<Object><Key>" + escape(key) + "</Key><VersionId>null</VersionId></Object>")
	}
	if quiet {
		b.WriteString("<Quiet>true</Quiet>")
	}
	b.WriteString("</Delete>")
	sum, sha := md5.Sum([]byte(b.String())), sha256.Sum256([]byte(b.String()))
	req, err := http.NewRequest("POST", base+"/b?delete", strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Md5", base64.StdEncoding.EncodeToString(sum[:]))
	req.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sha[:]))
	req.Header.Set("X-Amz-Checksum-Crc32", "AAAAAA==")
	req.Header.Set(HeaderCall, "1")
	resp, err := rt.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil {
		err = xml.Unmarshal(body, &all)
	}
	if err != nil || resp.StatusCode != 200 || resp.ContentLength != int64(len(body)) {
		t.Errorf("%v: %s, %d bytes of %d: %s", err, resp.Status, len(body), resp.ContentLength, body)
	}
	for _, d := range all.Deleted {
		done = append(done, d.Key)
	}
	for _, e := range all.Error {
		failed = append(failed, e.Key)
	}
	return done, failed, all
}

// Some keys are not deleted, and are reported; the others are: which ones is a
// matter of the key, not of its neighbours, and the same on a socket and in
// process.
func TestDeleteErrors(t *testing.T) {
	var deleted []string
	in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, "delete-errors AccessDenied share=0.5")}}})
	h := NewHandler(in, deleter(t, &deleted), WithNow(func() time.Duration { return 0 }))
	server := serveHandler(t, h)
	var keys, before []string
	for i := range 200 {
		keys = append(keys, fmt.Sprintf("raw/<%d>&ü", i))
	}
	for _, quiet := range []bool{false, true} {
		for where, rt := range map[string]http.RoundTripper{"socket": server.Client().Transport, "memory": NewTransport(h)} {
			deleted = nil
			done, failed, all := deleteAll(t, rt, server.URL, quiet, keys...)
			if len(failed) < 70 || len(failed) > 130 || len(failed)+len(deleted) != len(keys) || quiet != (len(done) == 0) || !quiet && !slices.Equal(done, deleted) {
				t.Errorf("%s: %d failed, %d were deleted, %d reported", where, len(failed), len(deleted), len(done))
			}
			for _, key := range failed {
				if slices.Contains(deleted, key) {
					t.Errorf("%s was deleted", key)
				}
			}
			if e := all.Error[0]; e.Code != "AccessDenied" || e.Message != "Access Denied" || e.VersionId != "null" {
				t.Errorf("%+v", e)
			}
			if before != nil && !slices.Equal(before, failed) {
				t.Errorf("%s: other keys fail", where)
			}
			before = failed
		}
	}
	slices.Reverse(keys)
	_, failed, _ := deleteAll(t, NewTransport(h), server.URL, false, keys[:100]...)
	for _, key := range keys[:100] {
		if slices.Contains(failed, key) != slices.Contains(before, key) {
			t.Errorf("%s fares differently among others", key)
		}
	}
}

// A list in aws-chunked framing is one all the same, and comes to the backend plain.
func TestDeleteErrorsOfFramedLists(t *testing.T) {
	in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, "delete-errors InternalError keys=a")}}})
	var got string
	h := NewHandler(in, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all, _ := io.ReadAll(r.Body)
		got = string(all)
		for _, name := range []string{"Content-Encoding", "X-Amz-Decoded-Content-Length", "X-Amz-Trailer"} {
			if r.Header.Get(name) != "" {
				t.Errorf("%s: %s", name, r.Header.Get(name))
			}
		}
		if sha := r.Header.Get("X-Amz-Content-Sha256"); sha != "UNSIGNED-PAYLOAD" || r.ContentLength != int64(len(all)) {
			t.Errorf("%s, %d bytes", sha, r.ContentLength)
		}
		io.WriteString(w, "<DeleteResult/>")
	}))
	list := "<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object></Delete>"
	for _, framed := range []string{
		fmt.Sprintf("a;chunk-signature=0\r\n%s\r\n%x;chunk-signature=1\r\n%s\r\n0;chunk-signature=2\r\n\r\n", list[:10], len(list)-10, list[10:]),
		fmt.Sprintf("%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", len(list), list),
	} {
		req := request(t, "POST", "/b?delete", framed)
		req.Header.Set("Content-Encoding", "aws-chunked")
		req.Header.Set("X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
		req.Header.Set("X-Amz-Decoded-Content-Length", fmt.Sprint(len(list)))
		req.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32")
		ex := NewTransport(h).Exchange(req)
		body, err := io.ReadAll(ex.Resp.Body)
		if err != nil || !strings.Contains(string(body), "<Error><Key>a</Key><Code>InternalError</Code>") || !strings.Contains(got, "<Key>b</Key>") || strings.Contains(got, "<Key>a</Key>") {
			t.Errorf("%s, %v; the backend got %s", body, err, got)
		}
	}
}

// All keys, or those of a glob; and what is no list is the backend's to refuse.
func TestDeleteErrorsOfSomeKeys(t *testing.T) {
	for text, want := range map[string][]string{
		"delete-errors InternalError":                            {"raw/a", "b"},
		"delete-errors InternalError keys=raw/**":                {"raw/a"},
		"delete-errors InternalError keys=none":                  nil,
		"delete-errors InternalError keys=raw/* share=0.0000001": nil,
	} {
		var deleted []string
		in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, text)}}})
		h := NewHandler(in, deleter(t, &deleted))
		if _, failed, _ := deleteAll(t, NewTransport(h), "http://s3.test", false, "raw/a", "b"); !slices.Equal(failed, want) || len(deleted) != 2-len(want) {
			t.Errorf("%s: %v failed, %v deleted", text, failed, deleted)
		}
	}
	in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, "delete-errors InternalError")}}})
	for _, body := range []string{"", "text", "<Delete>", "<Delete></Delete>", strings.Repeat("x", maxDelete+5)} {
		var got string
		h := NewHandler(in, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			all, _ := io.ReadAll(r.Body)
			got = string(all)
			w.WriteHeader(http.StatusBadRequest)
		}))
		if ex := NewTransport(h).Exchange(request(t, "POST", "/b?delete", body)); ex.Resp == nil || ex.Resp.StatusCode != 400 || got != body {
			t.Errorf("%d bytes came as %d: %+v", len(body), len(got), ex)
		}
	}
	for _, op := range []string{"DeleteObject", "GetObject", "POST"} {
		if err := (Rule{On: Selector{Op: op}, P: 1, Effect: effect(t, "delete-errors InternalError")}).Validate(); err == nil || !strings.Contains(err.Error(), op+" does not delete several objects") {
			t.Errorf("%s: %v", op, err)
		}
	}
	if v := in.Decide(0, Request{Op: "DeleteObjects"}); v.Err() != nil || !v.Served() {
		t.Errorf("%+v", v)
	}
}
