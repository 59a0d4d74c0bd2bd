package s3fake

import (
	"slices"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

func (s *store) CreateBucket(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets[name] != nil {
		return gofakes3.ErrorMessage("BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.")
	}
	s.buckets[name] = &bucket{
		name: name, created: s.now(), objects: make(map[string]*object),
		uploads: make(map[gofakes3.UploadID]*upload), started: make(map[string]uint64),
	}
	return nil
}

func (s *store) BucketExists(name string) (bool, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.buckets[name] != nil, nil
}

func (s *store) DeleteBucket(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[name]
	if b == nil {
		return gofakes3.BucketNotFound(name)
	}
	if len(b.objects) > 0 || len(b.uploads) > 0 {
		return gofakes3.ResourceError(gofakes3.ErrBucketNotEmpty, name)
	}
	delete(s.buckets, name)
	return nil
}

// ForceDeleteBucket is MinIO's, not S3's.
func (s *store) ForceDeleteBucket(string) error { return gofakes3.ErrNotImplemented }

func (s *store) ListBuckets() ([]gofakes3.BucketInfo, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := make([]gofakes3.BucketInfo, 0, len(s.buckets))
	for _, b := range s.buckets { // sorted below
		list = append(list, gofakes3.BucketInfo{Name: b.name, CreationDate: gofakes3.NewContentTime(b.created)})
	}
	slices.SortFunc(list, func(a, b gofakes3.BucketInfo) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// walk calls visit for every entry after marker, until it returns false: keys
// under the prefix, and groups of keys that are the same up to the delimiter.
func (b *bucket) walk(p *gofakes3.Prefix, marker string, visit func(entry string, group bool) bool) {
	var prefix, delimiter string
	if p != nil {
		prefix, delimiter = p.Prefix, p.Delimiter
	}
	at := b.keys.seek(max(prefix, marker))
	for {
		key, ok := at.next()
		if !ok || !strings.HasPrefix(key, prefix) {
			return
		}
		if key == marker {
			continue
		}
		group, grouped := groupOf(key, prefix, delimiter)
		if !grouped {
			if !visit(key, false) {
				return
			}
			continue
		}
		after, more := successor(group)
		if group != marker && !visit(group, true) || !more {
			return
		}
		at = b.keys.seek(after)
	}
}

// groupOf returns the key up to the first delimiter after the prefix.
func groupOf(key, prefix, delimiter string) (string, bool) {
	if delimiter == "" {
		return "", false
	}
	i := strings.Index(key[len(prefix):], delimiter)
	if i < 0 {
		return "", false
	}
	return key[:len(prefix)+i+len(delimiter)], true
}

// successor returns the least string above all that begin with prefix; false
// if there is none.
func successor(prefix string) (string, bool) {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] < 0xff {
			return prefix[:i] + string([]byte{prefix[i] + 1}), true
		}
	}
	return "", false
}

func (s *store) usage() (u Usage) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	u.Objects = s.objects
	for _, b := range s.buckets { // a sum: order does not matter
		u.Uploads += len(b.uploads)
	}
	u.Bytes, u.Evicted = s.used, s.evicted
	return u
}
