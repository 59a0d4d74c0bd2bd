package s3fake

import (
	"net/http"
	"strings"
	"time"

	"github.com/johannesboyne/gofakes3"

	"github.com/squall-sim/squall/faults"
)

// readConditions are the headers that make a read conditional. gofakes3 knows
// two of the four.
var readConditions = []string{"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"}

// checkRead is RFC 9110, section 13.2.2: an ETag goes before a date.
func checkRead(h http.Header, o *object) *faults.S3Code {
	if !holds(h, o, "If-Match", "If-Unmodified-Since") {
		return refuse("PreconditionFailed", "")
	}
	if !differs(h, o, "If-None-Match", "If-Modified-Since") {
		return &faults.S3Code{Code: "NotModified", Status: http.StatusNotModified}
	}
	return nil
}

// checkCopy is the same for the source of a copy, which is never "not
// modified".
func checkCopy(h http.Header, o *object) *faults.S3Code {
	if !holds(h, o, "X-Amz-Copy-Source-If-Match", "X-Amz-Copy-Source-If-Unmodified-Since") ||
		!differs(h, o, "X-Amz-Copy-Source-If-None-Match", "X-Amz-Copy-Source-If-Modified-Since") {
		return refuse("PreconditionFailed", "")
	}
	return nil
}

func holds(h http.Header, o *object, match, unmodified string) bool {
	if tags := h.Get(match); tags != "" {
		return matches(tags, o)
	}
	since, err := http.ParseTime(h.Get(unmodified))
	return err != nil || !o.modified.Truncate(time.Second).After(since)
}

func differs(h http.Header, o *object, noneMatch, modified string) bool {
	if tags := h.Get(noneMatch); tags != "" {
		return !matches(tags, o)
	}
	since, err := http.ParseTime(h.Get(modified))
	return err != nil || o.modified.Truncate(time.Second).After(since)
}

// matches reports whether one of a list of ETags is the object's. Clients send
// them with and without quotes.
func matches(tags string, o *object) bool {
	_, etag := o.sum()
	for _, tag := range strings.Split(tags, ",") {
		tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
		if tag == "*" || strings.Trim(tag, `"`) == strings.Trim(etag, `"`) {
			return true
		}
	}
	return false
}

// checkPut holds the conditions of an upload against the object that it would
// replace; nil: there is none.
func checkPut(c *gofakes3.PutConditions, o *object, key string) error {
	if c == nil {
		return nil
	}
	if c.IfNoneMatch != nil && o != nil && matches(*c.IfNoneMatch, o) {
		return gofakes3.ErrPreconditionFailed
	}
	if c.IfMatch == nil {
		return nil
	}
	if o == nil {
		return gofakes3.KeyNotFound(key)
	}
	if !matches(*c.IfMatch, o) {
		return gofakes3.ErrPreconditionFailed
	}
	return nil
}
