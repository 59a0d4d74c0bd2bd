package matrix

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/xml"
	"net/http"
)

// operation is one column of what can go wrong: how to prepare the backend for
// it, what to send, and how to see afterwards whether it took effect.
type operation struct {
	name  string
	usual bool // in the matrix without being asked for
	// keys are the objects that are there from the start.
	keys []string
	// request makes what else the operation needs and returns its request. A
	// program does both by itself.
	request func(a asker) (request, error)
	// done tells how often the operation has taken effect; more than once only
	// where that makes a difference. nil: it reads, and is judged by its answer.
	done func(a asker) (int64, error)
}

// Operations lists the operations of that kind of backend that can be asked for,
// the usual ones first.
func Operations(k Kind) []string { return names(k, false) }

// UsualOperations lists those that a matrix has without being asked.
func UsualOperations(k Kind) []string { return names(k, true) }

func names(k Kind, usual bool) []string {
	var list []string
	for _, o := range operations(k) {
		if o.usual || !usual {
			list = append(list, o.name)
		}
	}
	return list
}

func operations(k Kind) []operation {
	if k == S3 {
		return s3Operations
	}
	return httpOperations
}

func findOperation(k Kind, name string) (operation, bool) {
	for _, o := range operations(k) {
		if o.name == name {
			return o, true
		}
	}
	return operation{}, false
}

var text = bytes.Repeat([]byte("squall\n"), 256)

const (
	bucketPath = "/" + Bucket
	objectPath = bucketPath + "/" + Key
	otherKey   = Key + "-other"
	newBucket  = "squall-new"
)

var s3Operations = []operation{
	{"GetObject", true, []string{Key}, sends(request{method: "GET", path: objectPath}), nil},
	{"HeadObject", true, []string{Key}, sends(request{method: "HEAD", path: objectPath}), nil},
	{"PutObject", true, nil, sends(request{method: "PUT", path: objectPath, body: text}), there(objectPath)},
	{"DeleteObject", true, []string{Key}, sends(request{method: "DELETE", path: objectPath}), gone(objectPath)},
	{"ListObjectsV2", true, []string{Key}, sends(request{method: "GET", path: bucketPath, query: "list-type=2"}), nil},
	{"CopyObject", true, []string{SourceKey}, sends(request{method: "PUT", path: objectPath, header: http.Header{"X-Amz-Copy-Source": {bucketPath + "/" + SourceKey}}}), there(objectPath)},
	{"DeleteObjects", true, []string{Key, otherKey}, sends(deleteRequest(Key, otherKey)), gone(objectPath, bucketPath+"/"+otherKey)},
	{"CreateMultipartUpload", true, nil, sends(request{method: "POST", path: objectPath, query: "uploads"}), uploads},
	{"UploadPart", true, nil, uploadPart, parts},
	{"CompleteMultipartUpload", true, nil, complete, there(objectPath)},
	{"AbortMultipartUpload", false, nil, abort, aborted},
	{"ListParts", false, nil, listParts, nil},
	{"ListMultipartUploads", false, nil, sends(request{method: "GET", path: bucketPath, query: "uploads"}), nil},
	{"ListObjects", false, []string{Key}, sends(request{method: "GET", path: bucketPath}), nil},
	{"ListBuckets", false, nil, sends(request{method: "GET", path: "/"}), nil},
	{"HeadBucket", false, nil, sends(request{method: "HEAD", path: bucketPath}), nil},
	{"GetBucketLocation", false, nil, sends(request{method: "GET", path: bucketPath, query: "location"}), nil},
	{"CreateBucket", false, nil, sends(request{method: "PUT", path: "/" + newBucket}), there("/" + newBucket)},
	{"DeleteBucket", false, nil, sends(request{method: "DELETE", path: bucketPath}), gone(bucketPath)},
}

var httpOperations = []operation{
	{"GET", true, nil, sends(request{method: "GET", path: "/" + Key}), nil},
	{"HEAD", true, nil, sends(request{method: "HEAD", path: "/" + Key}), nil},
	{"PUT", true, nil, sends(request{method: "PUT", path: "/" + Key, body: text}), served("PUT", true)},
	{"POST", true, nil, sends(request{method: "POST", path: "/" + Key, body: text}), served("POST", false)},
	{"PATCH", true, nil, sends(request{method: "PATCH", path: "/" + Key, body: text}), served("PATCH", false)},
	{"DELETE", true, nil, sends(request{method: "DELETE", path: "/" + Key}), served("DELETE", true)},
	{"OPTIONS", false, nil, sends(request{method: "OPTIONS", path: "/" + Key}), nil},
}

// prepare makes all that the operation needs and returns its request.
func (o *operation) prepare(a asker) (request, error) {
	if err := o.seed(a); err != nil {
		return request{}, err
	}
	return o.request(a)
}

// seed puts the objects there that are there from the start.
func (o *operation) seed(a asker) error {
	for _, key := range o.keys {
		content := bytes.Repeat([]byte(key+"\n"), objectSize/(len(key)+1)+1)[:objectSize]
		if _, err := expect(a, request{method: "PUT", path: bucketPath + "/" + key, body: content}); err != nil {
			return err
		}
	}
	return nil
}

// sends is for a request that needs nothing else.
func sends(r request) func(asker) (request, error) {
	return func(asker) (request, error) { return r, nil }
}

// there tells whether something is at that path.
func there(path string) func(asker) (int64, error) {
	return func(a asker) (int64, error) {
		got, err := a.ask(request{method: "HEAD", path: path})
		return count(got.status == http.StatusOK), err
	}
}

// gone tells whether nothing is at those paths any longer.
func gone(paths ...string) func(asker) (int64, error) {
	return func(a asker) (int64, error) {
		for _, path := range paths {
			got, err := a.ask(request{method: "HEAD", path: path})
			if err != nil || got.status != http.StatusNotFound {
				return 0, err
			}
		}
		return 1, nil
	}
}

func count(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

func deleteRequest(keys ...string) request {
	var list struct {
		XMLName xml.Name               `xml:"Delete"`
		Objects []struct{ Key string } `xml:"Object"`
	}
	for _, key := range keys {
		list.Objects = append(list.Objects, struct{ Key string }{key})
	}
	body, _ := xml.Marshal(list) // two strings
	sum := md5.Sum(body)
	return request{
		method: "POST", path: bucketPath, query: "delete", body: body,
		header: http.Header{"Content-Md5": {base64.StdEncoding.EncodeToString(sum[:])}, "Content-Type": {"application/xml"}},
	}
}

// listing are the uploads of the bucket, oldest first.
func listing(a asker) ([]string, error) {
	got, err := expect(a, request{method: "GET", path: bucketPath, query: "uploads"})
	if err != nil {
		return nil, err
	}
	var list struct {
		Upload []struct {
			UploadID string `xml:"UploadId"`
		}
	}
	if err := xml.Unmarshal(got.body, &list); err != nil {
		return nil, err
	}
	var ids []string
	for _, u := range list.Upload {
		ids = append(ids, u.UploadID)
	}
	return ids, nil
}

// uploads counts them: an upload that was begun twice is one that nobody will
// complete, and that is paid for.
func uploads(a asker) (int64, error) {
	ids, err := listing(a)
	return int64(len(ids)), err
}

func begin(a asker) (id string, err error) {
	got, err := expect(a, request{method: "POST", path: objectPath, query: "uploads"})
	if err != nil {
		return "", err
	}
	var begun struct {
		UploadID string `xml:"UploadId"`
	}
	err = xml.Unmarshal(got.body, &begun)
	return begun.UploadID, err
}

func partRequest(id string) request {
	return request{method: "PUT", path: objectPath, query: "partNumber=1&uploadId=" + id, body: text}
}

func uploadPart(a asker) (request, error) {
	id, err := begin(a)
	return partRequest(id), err
}

// parts tells whether the part of the upload is there.
func parts(a asker) (int64, error) {
	ids, err := listing(a)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	got, err := expect(a, request{method: "GET", path: objectPath, query: "uploadId=" + ids[0]})
	return count(bytes.Contains(got.body, []byte("<PartNumber>1</PartNumber>"))), err
}

func complete(a asker) (request, error) {
	id, err := begin(a)
	if err != nil {
		return request{}, err
	}
	got, err := expect(a, partRequest(id))
	if err != nil {
		return request{}, err
	}
	body := "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>" + got.header.Get("ETag") + "</ETag></Part></CompleteMultipartUpload>"
	return request{method: "POST", path: objectPath, query: "uploadId=" + id, body: []byte(body)}, nil
}

func abort(a asker) (request, error) {
	id, err := begin(a)
	return request{method: "DELETE", path: objectPath, query: "uploadId=" + id}, err
}

func aborted(a asker) (int64, error) {
	ids, err := listing(a)
	return count(len(ids) == 0), err
}

func listParts(a asker) (request, error) {
	id, err := begin(a)
	return request{method: "GET", path: objectPath, query: "uploadId=" + id}, err
}

// served counts the requests that the service has done. For a method that may be
// done twice, that it was is no matter.
func served(method string, idempotent bool) func(asker) (int64, error) {
	return func(a asker) (int64, error) {
		n, err := a.(counting).requests(method)
		if idempotent {
			n = min(n, 1)
		}
		return n, err
	}
}

// counting is an asker that knows how many requests a plain HTTP service has done.
type counting interface {
	requests(method string) (int64, error)
}

func (b *bench) requests(method string) (int64, error) { return int64(b.service.Requests(method)), nil }
