package faults

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
)

// maxDelete bounds the list of a DeleteObjects that is looked at: 1000 keys of
// 1 KiB, escaped to six times that, and what is around them.
const maxDelete = 8 << 20

// deletion is the list of a DeleteObjects.
type deletion struct {
	Quiet   string          `xml:"Quiet"`
	Objects []deletedObject `xml:"Object"`
}

type deletedObject struct {
	Key     string `xml:"Key"`
	Version string `xml:"VersionId"`
	Inner   string `xml:",innerxml"`
}

// deleteErrors keeps some of the keys of a DeleteObjects from next, and adds an
// error for each to its answer. What is no list of keys is for next to refuse.
func deleteErrors(w Wire, r *http.Request, next http.Handler, rule *rule, who Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxDelete))
	rest := io.Reader(r.Body)
	if err != nil {
		rest = brokenBody{err}
	}
	var list deletion
	var chosen, left []deletedObject
	if err == nil && len(body) < maxDelete && xml.Unmarshal(unframed(r.Header, body), &list) == nil {
		for _, o := range list.Objects {
			if rule.refusesKey(o.Key, who) {
				chosen = append(chosen, o)
			} else {
				left = append(left, o)
			}
		}
	}
	switch {
	case len(chosen) == 0:
		next.ServeHTTP(w, withBody(r, io.MultiReader(bytes.NewReader(body), rest), r.ContentLength))
		return
	case len(left) == 0 && noBucket(r, next, who):
		WriteS3Error(w, r, who, noSuchBucket())
		return
	case len(left) == 0: // there is no list of nothing
		kept := keptAnswer{header: w.Header(), status: http.StatusOK}
		kept.body.WriteString(xml.Header + `<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></DeleteResult>`)
		kept.header.Set("Content-Type", "application/xml")
		kept.header.Set("Server", "AmazonS3")
		id, host := RequestIDs(who)
		kept.header.Set("X-Amz-Request-Id", id)
		kept.header.Set("X-Amz-Id-2", host)
		kept.send(w, rule.deleteFailures(chosen))
		return
	}
	kept := keptAnswer{header: w.Header()}
	next.ServeHTTP(&kept, withDeletion(r, list.Quiet, left))
	kept.send(w, rule.deleteFailures(chosen))
}

// isFramed reports whether a body comes in aws-chunked framing.
func isFramed(h http.Header) bool {
	return strings.Contains(strings.ToLower(h.Get("Content-Encoding")), "aws-chunked") || strings.HasPrefix(h.Get("X-Amz-Content-Sha256"), "STREAMING-")
}

// unframed is the body without its framing, whose chunks are HTTP's with a signature
// for an extension. What is not framed as it says is empty, and for next to refuse.
func unframed(h http.Header, body []byte) []byte {
	if !isFramed(h) {
		return body
	}
	plain, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(body)))
	if err != nil {
		return nil
	}
	return plain
}

// noBucket asks next whether the request's bucket is missing.
func noBucket(r *http.Request, next http.Handler, who Request) bool {
	ask := withBody(r, http.NoBody, 0)
	ask.Method, ask.TransferEncoding = http.MethodHead, nil
	ask.URL = &url.URL{Path: "/" + who.Bucket}
	ask.RequestURI = ask.URL.Path
	ask.Header = make(http.Header)
	kept := keptAnswer{header: make(http.Header)}
	next.ServeHTTP(&kept, ask)
	return kept.status == http.StatusNotFound
}

func noSuchBucket() S3Code {
	code, _ := LookupS3Code("NoSuchBucket")
	return code
}

type brokenBody struct{ err error }

func (f brokenBody) Read([]byte) (int, error) { return 0, f.err }

// refusesKey draws for a key: by the key itself, wherever it stands in the list.
func (r *rule) refusesKey(key string, who Request) bool {
	if !r.keys.match(key) {
		return false
	}
	share := r.effect.Share
	return share == 0 || r.draws.Sub(hashString(key)).Float64(who.Client, who.Call, uint64(who.Attempt)) < share
}

// deleteFailures writes the errors of keys that were not deleted.
func (r *rule) deleteFailures(chosen []deletedObject) []byte {
	code, _ := LookupS3Code(r.effect.Code)
	var b []byte
	for _, o := range chosen {
		b = append(b, "<Error>"...)
		b = appendElement(b, "Key", o.Key)
		if o.Version != "" {
			b = appendElement(b, "VersionId", o.Version)
		}
		b = appendElement(b, "Code", code.Code)
		b = appendElement(b, "Message", code.Message)
		b = append(b, "</Error>"...)
	}
	return b
}

// withBody is the request with another body.
func withBody(r *http.Request, body io.Reader, length int64) *http.Request {
	out := new(http.Request)
	*out = *r
	out.Body, out.ContentLength = io.NopCloser(body), length
	return out
}

// withDeletion is the request for fewer keys, and checksums that fit it.
func withDeletion(r *http.Request, quiet string, objects []deletedObject) *http.Request {
	var b bytes.Buffer
	b.WriteString(xml.Header + `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`)
	for _, o := range objects {
		b.WriteString("<Object>" + o.Inner + "</Object>")
	}
	if quiet != "" {
		b.WriteString("<Quiet>" + escape(quiet) + "</Quiet>")
	}
	b.WriteString("</Delete>")
	out := withBody(r, &b, int64(b.Len()))
	out.TransferEncoding = nil
	h := r.Header.Clone()
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	if h.Get("Content-Md5") != "" {
		sum := md5.Sum(b.Bytes())
		h.Set("Content-Md5", base64.StdEncoding.EncodeToString(sum[:]))
	}
	if isFramed(h) {
		for _, name := range []string{"Content-Encoding", "X-Amz-Decoded-Content-Length", "X-Amz-Trailer"} {
			h.Del(name)
		}
		h.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	}
	if old := h.Get("X-Amz-Content-Sha256"); len(old) == 2*sha256.Size {
		sum := sha256.Sum256(b.Bytes())
		h.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
	}
	for name := range h {
		if strings.HasPrefix(strings.ToLower(name), "x-amz-checksum-") {
			delete(h, name)
		}
	}
	out.Header = h
	return out
}

// keptAnswer is the ResponseWriter of a backend whose answer is completed before
// it is sent.
type keptAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *keptAnswer) Header() http.Header { return k.header }

func (k *keptAnswer) WriteHeader(status int) {
	if k.status == 0 && status >= 200 {
		k.status = status
	}
}

func (k *keptAnswer) Write(p []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	return k.body.Write(p)
}

// send sends the answer, with more results if it is one with results.
func (k *keptAnswer) send(w http.ResponseWriter, more []byte) {
	k.WriteHeader(http.StatusOK)
	body := k.body.Bytes()
	if k.status == http.StatusOK {
		if i := bytes.LastIndex(body, []byte("</DeleteResult>")); i >= 0 {
			body = append(append(append([]byte(nil), body[:i]...), more...), body[i:]...)
		} else if i := bytes.LastIndex(body, []byte("/>")); i >= 0 { // a list of nothing, in one tag
			body = append(append(append(append([]byte(nil), body[:i]...), '>'), more...), "</DeleteResult>"...)
		}
	}
	k.header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(k.status)
	w.Write(body) // a client that has gone away needs no answer
}

func (p *effectParser) parseShare(value word) error {
	f, err := strconv.ParseFloat(value.text, 64)
	if err != nil || strings.Trim(value.text, "0123456789.eE-+") != "" {
		return p.fail(value.at, quote(value.text)+" is not a share", "write a number above 0, up to 1")
	}
	if !(f > 0 && f <= 1) {
		return p.fail(value.at, "share="+value.text+" is out of range", "write a number above 0, up to 1")
	}
	if p.effect.Share = f; f == 1 {
		p.effect.Share = 0 // goes without saying
	}
	return nil
}

// checkShare says what is wrong with the share of an effect.
func checkShare(f float64) (message, hint string) {
	if !(f >= 0 && f < 1) {
		return "share=" + strconv.FormatFloat(f, 'g', -1, 64) + " is out of range", "set a number from 0, which stands for all, to less than 1"
	}
	return "", ""
}
