package retryhttp

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// FromS3Response is [FromResponse] for answers of S3, which may be an error
// under a status of 200: S3 begins to answer CopyObject, UploadPartCopy and
// CompleteMultipartUpload before it knows. Such an answer gives a
// [*StatusError] with the status that its code has elsewhere. One that breaks
// off before its first element gives a [*TruncatedError]. Any other below 400 is
// nil, with its body as it was; resp.Request tells what may be an error.
func FromS3Response(resp *http.Response) error {
	req := resp.Request
	if req == nil || req.URL == nil || resp.Body == nil || !mayHideError(req, resp) {
		return FromResponse(resp)
	}
	hidden, err := peekError(resp)
	if err == nil && !hidden {
		return nil
	}
	if err != nil {
		resp.Body.Close()
		return err
	}
	refusal := readError(resp)
	hiddenError(refusal)
	return refusal
}

// maxPeek bounds what is read of an answer before its first element: S3 sends
// a space every few seconds while it copies or completes an object.
const maxPeek = 64 << 10

// listing are the subresources of GET that answer with XML of S3's own. What
// GET returns without them is an object, which may be any XML it likes.
var listing = [...]string{
	"list-type", "uploads", "uploadId", "versions", "location", "tagging", "acl", "delimiter", "prefix", "marker",
	"policyStatus", "cors", "lifecycle", "versioning", "replication", "encryption", "object-lock", "retention", "legal-hold",
}

// mayHideError reports whether resp, a success by its status, may have an error
// for a body.
func mayHideError(req *http.Request, resp *http.Response) bool {
	if resp.StatusCode != http.StatusOK || resp.ContentLength == 0 || resp.Body == http.NoBody {
		return false
	}
	if kind := resp.Header.Get("Content-Type"); kind != "" && !strings.Contains(kind, "xml") {
		return false
	}
	switch req.Method {
	case http.MethodPut, http.MethodPost, http.MethodDelete:
		return true
	case "", http.MethodGet:
		query := req.URL.Query()
		for _, name := range listing {
			if query.Has(name) {
				return true
			}
		}
	}
	return false
}

// peekError reads resp until its first element is known, reports whether that
// is an <Error>, and puts back what it read. It returns a [*TruncatedError] if
// the body breaks off before.
func peekError(resp *http.Response) (bool, error) {
	var head []byte
	chunk := make([]byte, 512)
	body := resp.Body
	for len(head) < maxPeek {
		n, err := body.Read(chunk)
		head = append(head, chunk[:n]...)
		name, known := firstElement(head)
		if known || err == io.EOF {
			resp.Body = spliced{io.MultiReader(bytes.NewReader(head), rest(body, err)), body}
			return name == "Error", nil
		}
		if err != nil {
			return false, &TruncatedError{Status: resp.StatusCode, Got: int64(len(head)), Want: resp.ContentLength, Err: err}
		}
	}
	resp.Body = spliced{io.MultiReader(bytes.NewReader(head), body), body}
	return false, nil
}

// rest is what follows after a Read that returned err.
func rest(body io.Reader, err error) io.Reader {
	if err != nil {
		return ending{err}
	}
	return body
}

// firstElement returns the local name of a document's first element, and
// whether it is known yet. What is no XML has an unnamed first element.
func firstElement(b []byte) (name string, known bool) {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	for {
		b = bytes.TrimLeft(b, " \t\r\n")
		if len(b) == 0 {
			return "", false
		}
		if b[0] != '<' {
			return "", true
		}
		var end string
		switch {
		case bytes.HasPrefix(b, []byte("<?")):
			end = "?>"
		case bytes.HasPrefix(b, []byte("<!--")):
			end = "-->"
		case len(b) < 4 && bytes.HasPrefix([]byte("<!--"), b):
			return "", false
		default:
			return elementName(b[1:])
		}
		i := bytes.Index(b, []byte(end))
		if i < 0 {
			return "", false
		}
		b = b[i+len(end):]
	}
}

func elementName(b []byte) (string, bool) {
	i := bytes.IndexAny(b, " \t\r\n/>")
	if i < 0 {
		return "", len(b) > 64 // no name of ours is that long
	}
	name := string(b[:i])
	if j := strings.LastIndexByte(name, ':'); j >= 0 {
		name = name[j+1:]
	}
	return name, true
}

// hiddenError makes the error of an answer whose status was a success.
func hiddenError(e *StatusError) {
	if e.Status >= 400 {
		return
	}
	if e.Status = S3Status(e.Code); e.Status == 0 {
		e.Status = http.StatusInternalServerError // as the AWS SDKs do for every code
	}
}

func statusLine(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}
