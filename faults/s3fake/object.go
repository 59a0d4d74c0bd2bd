package s3fake

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/johannesboyne/gofakes3"

	"github.com/squall-sim/squall/faults"
)

// object is one stored object. It never changes, but for its tags, and its ETag,
// which is made when somebody asks for it.
type object struct {
	key      string
	size     int64
	body     []byte // nil: the content of Body
	origin   string // the key of that content, where the object is a copy; "": its own
	modified time.Time
	meta     map[string]string // as answers to GET carry it; never changed
	number   uint64            // in the order of arrival
	quick    bool              // see QuickETags

	parts    []int64 // their sizes; empty where it did not come in parts
	checksum checksum
	tags     atomic.Pointer[[]tag] // they may change

	once sync.Once
	hash []byte // MD5 of the content, or of the parts' MD5s
	etag string // with quotes
}

// headerETag carries a multipart ETag through gofakes3, which makes ETags from
// hashes alone; the reply puts it where it belongs.
const headerETag = "X-Squall-Etag"

// completed is metadata with what every object of that time has.
func completed(meta map[string]string, now time.Time) map[string]string {
	all := make(map[string]string, len(meta)+2)
	for name, value := range meta { // into a map: order does not matter
		all[name] = value
	}
	if _, set := all["Content-Type"]; !set {
		all["Content-Type"] = "binary/octet-stream"
	}
	all["Last-Modified"] = now.UTC().Format(http.TimeFormat)
	return all
}

// usual is the metadata of objects that have none of their own: all of a second share
// it. It is safe for concurrent use.
type usual struct{ last atomic.Pointer[usualMeta] }

type usualMeta struct {
	second int64
	meta   map[string]string // never changed
}

func (u *usual) at(now time.Time) map[string]string {
	if last := u.last.Load(); last != nil && last.second == now.Unix() {
		return last.meta
	}
	made := &usualMeta{now.Unix(), completed(nil, now)}
	u.last.Store(made)
	return made.meta
}

// sum returns the object's hash and ETag.
func (o *object) sum() (hash []byte, etag string) {
	o.once.Do(func() {
		if o.hash == nil && o.quick && o.body == nil {
			o.hash = make([]byte, md5.Size)
			faults.NewContent("etag\x00"+o.key, o.size+md5.Size).ReadAt(o.hash, 0) // generated: it cannot fail
		}
		if o.hash == nil {
			h := md5.New()
			io.Copy(h, o.content()) // neither can fail
			o.hash = h.Sum(nil)
		}
		if o.etag == "" {
			o.etag = `"` + hex.EncodeToString(o.hash) + `"`
		}
	})
	return o.hash, o.etag
}

// content reads the object from its start.
func (o *object) content() interface {
	io.Reader
	io.ReaderAt
} {
	if o.body != nil {
		return bytes.NewReader(o.body)
	}
	return o.generated()
}

// generated is the content of an object that has no body.
func (o *object) generated() *faults.Content { return Body(cmp.Or(o.origin, o.key), o.size) }

// cost is the memory that the object counts for.
func (o *object) cost() int64 {
	n := int64(len(o.body)+2*len(o.key)+len(o.origin)+8*len(o.parts)) + 400 // the struct, its index entries, the usual metadata
	for name, value := range o.meta {
		n += int64(len(name) + len(value))
	}
	return n
}

// serve is the object as gofakes3 sends it.
func (o *object) serve(request *gofakes3.ObjectRangeRequest, withBody bool) (*gofakes3.Object, error) {
	hash, etag := o.sum()
	out := &gofakes3.Object{Name: o.key, Metadata: o.meta, Size: o.size, Hash: hash, Contents: noContent{}}
	tags := o.tagCount()
	if len(etag) > 34 || tags != "" || o.checksum.of != nil { // an ETag that is more than a hash: "…-2"
		out.Metadata = make(map[string]string, len(o.meta)+4)
		for name, value := range o.meta { // into a map: order does not matter
			out.Metadata[name] = value
		}
		out.Metadata[headerETag] = etag
		o.checksum.set(func(name, value string) { out.Metadata[name] = value })
		if tags != "" {
			out.Metadata[headerTaggingCount] = tags
		}
	}
	if !withBody {
		return out, nil
	}
	var err error
	if request != nil && request.FromEnd && request.End > o.size {
		whole := *request // the last 100 bytes of 10 are all of them
		whole.End = o.size
		request = &whole
	}
	if out.Range, err = request.Range(o.size); err != nil {
		return nil, err
	}
	start, length := int64(0), o.size
	if out.Range != nil {
		start, length = out.Range.Start, out.Range.Length
	}
	out.Contents = o.part(start, length)
	return out, nil
}

// part reads a part of the object.
func (o *object) part(start, length int64) io.ReadCloser {
	if o.body != nil {
		return memory{bytes.NewReader(o.body[start : start+length])}
	}
	return generated{o.generated().Section(start, length)}
}

// noContent is the content of answers to HEAD.
type noContent struct{}

func (noContent) Read([]byte) (int, error) { return 0, io.EOF }
func (noContent) Close() error             { return nil }

type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

// generated is content that is made as it is read.
type generated struct{ *faults.Content }

// WriteTo hands the content on as it is, where that is understood.
func (g generated) WriteTo(w io.Writer) (int64, error) {
	if cw, ok := w.(faults.ContentWriter); ok {
		return cw.WriteContent(g.Content)
	}
	return g.Content.WriteTo(w)
}
