package s3fake

import (
	"net/http"
	"strings"
)

// maxMetadata is how many bytes of x-amz-meta-* an object can have, names and
// values. Source: Amazon S3 user guide, "Working with object metadata".
const maxMetadata = 2 << 10

// metadataOf reads what an object keeps of the headers of its upload.
func metadataOf(h http.Header) (map[string]string, error) {
	var meta map[string]string // most have none
	size := 0
	for name, values := range h { // into a set: order does not matter
		if !kept(name) || len(values) == 0 {
			continue
		}
		if meta == nil {
			meta = make(map[string]string, 4)
		}
		meta[name] = strings.Join(values, ",")
		if own, ok := strings.CutPrefix(name, metaPrefix); ok {
			size += len(own) + len(meta[name])
		}
	}
	if size > maxMetadata {
		return nil, refused("MetadataTooLarge", "")
	}
	return meta, nil
}

const metaPrefix = "X-Amz-Meta-"

// kept reports whether a header of an upload is part of the object. gofakes3
// takes all of x-amz-* for that: dates and checksums of one request, which must
// not come back with another; and leaves out Cache-Control.
func kept(header string) bool {
	switch header {
	case "Content-Type", "Content-Disposition", "Content-Encoding", "Content-Language", "Cache-Control", "Expires", "X-Amz-Website-Redirect-Location":
		return true
	}
	return strings.HasPrefix(header, metaPrefix)
}
