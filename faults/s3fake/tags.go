package s3fake

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// tagging is the tags of an object as they are on the wire.
type tagging struct {
	XMLName xml.Name `xml:"Tagging"`
	Xmlns   string   `xml:"xmlns,attr,omitempty"`
	Tags    []tag    `xml:"TagSet>Tag"`
}

type tag struct{ Key, Value string }

// Bounds of tags. Source: Amazon S3 user guide, "Categorizing your storage
// using tags".
const (
	maxTags     = 10
	maxTagKey   = 128 // characters
	maxTagValue = 256
)

const (
	headerTagging      = "X-Amz-Tagging"
	headerTaggingCount = "X-Amz-Tagging-Count"
)

// checkTags refuses what S3 does not keep.
func checkTags(tags []tag) error {
	if len(tags) > maxTags {
		return refused("BadRequest", "Object tags cannot be greater than 10")
	}
	seen := make(map[string]bool, len(tags))
	for _, t := range tags {
		n := utf8.RuneCountInString(t.Key)
		switch {
		case n == 0 || n > maxTagKey || strings.HasPrefix(t.Key, "aws:"):
			return refused("InvalidTag", "The TagKey you have provided is invalid")
		case utf8.RuneCountInString(t.Value) > maxTagValue:
			return refused("InvalidTag", "The TagValue you have provided is invalid")
		case seen[t.Key]:
			return refused("InvalidTag", "Cannot provide multiple Tags with the same key")
		}
		seen[t.Key] = true
	}
	return nil
}

// tagsOf reads the tags that an upload has in x-amz-tagging: as a query, whose
// order is kept.
func tagsOf(h http.Header) (tags []tag, err error) {
	for _, pair := range strings.Split(h.Get(headerTagging), "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		key, err := url.QueryUnescape(name)
		if err == nil {
			value, err = url.QueryUnescape(value)
		}
		if err != nil {
			return nil, refused("InvalidArgument", "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
		}
		tags = append(tags, tag{key, value})
	}
	return tags, checkTags(tags)
}

func (s *Server) getTagging(w *reply, r *request) error {
	o, err := s.store.get(r.bucket, r.key)
	if err != nil {
		return err
	}
	return w.sendXML(tagging{Xmlns: xmlns, Tags: o.tagList()})
}

func (s *Server) putTagging(w *reply, r *request) error {
	var in tagging
	if err := r.readXML(&in); err != nil {
		return err
	}
	if err := checkTags(in.Tags); err != nil {
		return err
	}
	return s.tag(w, r, in.Tags, http.StatusOK)
}

func (s *Server) deleteTagging(w *reply, r *request) error {
	return s.tag(w, r, nil, http.StatusNoContent)
}

func (s *Server) tag(w *reply, r *request, tags []tag, status int) error {
	o, err := s.store.get(r.bucket, r.key)
	if err != nil {
		return err
	}
	o.tags.Store(&tags)
	w.begin(status)
	return nil
}

// tagList returns the object's tags.
func (o *object) tagList() []tag {
	if tags := o.tags.Load(); tags != nil {
		return *tags
	}
	return nil
}

// setTags is for an object that nobody else knows yet.
func (o *object) setTags(tags []tag) {
	if len(tags) > 0 {
		o.tags.Store(&tags)
	}
}

// tagCount is x-amz-tagging-count; "" where there are no tags.
func (o *object) tagCount() string {
	if n := len(o.tagList()); n > 0 {
		return strconv.Itoa(n)
	}
	return ""
}
