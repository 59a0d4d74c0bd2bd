package s3fake

import (
	"bytes"
	"html"
	"io"
	"net/http"
	"strings"

	"github.com/squall-sim/squall/faults"
)

// reply stands between gofakes3 and the client: it makes gofakes3's errors
// S3's, and headers what S3's are.
type reply struct {
	http.ResponseWriter
	server  *Server
	r       *http.Request
	who     faults.Request
	again   bool         // the change was made before
	reads   bool         // an object: its checksum is for those who ask
	asked   bool         // for that checksum
	section *section     // the part of it that the request is about; nil: none
	status  int          // sent; 0: nothing yet
	values  [3]string    // of headers that every answer has
	failing int          // gofakes3's status of an error that is held back
	failure bytes.Buffer // its body
}

func (w *reply) WriteHeader(status int) {
	switch {
	case w.failing != 0:
	case w.status != 0:
		if status >= 400 { // too late: gofakes3 would splice the error into the object
			panic(http.ErrAbortHandler)
		}
	case status >= 400:
		w.failing = status
	default:
		w.begin(status)
	}
}

func (w *reply) Write(p []byte) (int, error) {
	if w.failing != 0 {
		return w.failure.Write(p)
	}
	if w.status == 0 {
		h := w.Header()
		if _, set := h["Content-Type"]; !set && bytes.HasPrefix(p, []byte("<?xml")) {
			h["Content-Type"] = []string{"application/xml"} // gofakes3 sets it after it has written
		}
		w.begin(http.StatusOK)
	}
	if w.r.Method == http.MethodHead {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// WriteContent is Write for generated content.
func (w *reply) WriteContent(c *faults.Content) (int64, error) {
	if w.failing != 0 || w.r.Method == http.MethodHead {
		return c.WriteTo(struct{ io.Writer }{w})
	}
	if w.status == 0 {
		w.begin(http.StatusOK)
	}
	return faults.WriteContent(w.ResponseWriter, c)
}

// begin sends the headers of a success. gofakes3 comes here when the store has
// done what was asked of it.
func (w *reply) begin(status int) {
	h := w.Header()
	if w.section != nil {
		status = w.section.announce(h, status)
	}
	w.status = status
	w.commit()
	w.setIDs(h)
	delete(h, "Access-Control-Allow-Origin") // the bucket has no CORS rules
	if h.Get("X-Amz-Delete-Marker") == "false" {
		delete(h, "X-Amz-Delete-Marker")
	}
	if w.reads && (status != http.StatusOK || !w.asked) {
		hideChecksum(h)
	}
	if etag, ok := h[headerETag]; ok {
		h["Etag"] = etag
		delete(h, headerETag)
	}
	for name, values := range h { // what it adds is left alone: order does not matter
		if strings.HasPrefix(name, metaPrefix) { // botocore takes the case of these names for the user's, and S3 sends them so
			delete(h, name)
			h[strings.ToLower(name)] = values
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// commit tells that the request has changed the store, if it was there to do so.
func (w *reply) commit() {
	if w.server.onCommit == nil {
		return
	}
	what := w.who
	what.Method = w.r.Method
	what.Op, what.Bucket, what.Key = faults.OperationOf(w.r.Method, w.r.URL, w.r.Header)
	if faults.Writes(what.Op) {
		w.server.onCommit(w.r, what, w.again)
	}
}

func (w *reply) setIDs(h http.Header) {
	id, host := faults.RequestIDs(w.who)
	w.values = [...]string{id, host, "AmazonS3"}
	h["X-Amz-Request-Id"] = w.values[0:1:1]
	h["X-Amz-Id-2"] = w.values[1:2:2]
	h["Server"] = w.values[2:3:3]
}

// finish sends what was held back.
func (w *reply) finish() {
	switch {
	case w.failing != 0:
		w.refuse(w.translate())
	case w.status == 0:
		w.begin(http.StatusOK)
	}
}

// translate turns gofakes3's error into S3's.
func (w *reply) translate() faults.S3Code {
	body := w.failure.String()
	code, message := element(body, "Code"), element(body, "Message")
	switch {
	case w.failing == http.StatusInternalServerError && (body == "" || code == "InternalError"):
		return w.server.bug("gofakes3: " + message) // its word for an error that it does not know
	case code == "":
		return *refuse(codeOf(w.failing), "")
	}
	c, ok := faults.LookupS3Code(code)
	if !ok {
		return faults.S3Code{Code: code, Status: w.failing, Message: message}
	}
	if code == "NotImplemented" && message != code && message != "" {
		c.Message = message
	}
	return c
}

// element returns the text of the first element of that name in an error of
// gofakes3's: as its encoder writes them, without attributes.
func element(body, name string) string {
	_, rest, ok := strings.Cut(body, "<"+name+">")
	text, _, closed := strings.Cut(rest, "</"+name+">")
	if !ok || !closed {
		return ""
	}
	return html.UnescapeString(text)
}

// codeOf is the code of an error of which only the status is known: answers to
// HEAD, where it does not show, and lengths that are no numbers.
func codeOf(status int) string {
	switch status {
	case http.StatusNotFound:
		return "NoSuchKey"
	case http.StatusPreconditionFailed:
		return "PreconditionFailed"
	case http.StatusRequestedRangeNotSatisfiable:
		return "InvalidRange"
	case http.StatusLengthRequired:
		return "MissingContentLength"
	case http.StatusNotImplemented:
		return "NotImplemented"
	}
	return "InvalidArgument"
}

// refuse answers with an error; if an answer has begun, it breaks off.
func (w *reply) refuse(code faults.S3Code) {
	if w.status != 0 {
		panic(http.ErrAbortHandler)
	}
	h := w.Header()
	clear(h)
	w.status = code.Status
	faults.WriteS3Error(w.ResponseWriter, w.r, w.who, code)
}

// notModified answers a conditional read of an object that the client has.
func (w *reply) notModified(o *object) {
	h := w.Header()
	if o != nil {
		_, etag := o.sum()
		h["Etag"] = []string{etag}
		h["Last-Modified"] = []string{o.meta["Last-Modified"]}
		for name, value := range o.meta {
			if strings.HasPrefix(name, "X-Amz-Meta-") {
				h[name] = []string{value}
			}
		}
	}
	w.begin(http.StatusNotModified)
}
