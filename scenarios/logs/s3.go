package logs

import (
	"bytes"
	"slices"
)

// s3Size says which bytes are an operation's size.
type s3Size uint8

const (
	noBytes     s3Size = iota
	bytesSent          // of the response
	objectSize         // of the object or part
	bytesOrSize        // sent by a read that succeeded, else the object's
)

// s3Op is what an operation of the log becomes.
type s3Op struct {
	name string // in the API; empty: it is not replayed, for the reason
	size s3Size
	// key says that the operation is on an object, so that "-" is a name.
	key    bool
	reason Reason
}

// s3Ops are the operations that are requests on objects and listings. The
// names are those of AWS's "Amazon S3 server access log format" and of logs in
// the wild; the requests behind them are told by method and subresource
// (REST.POST.UPLOADS is "POST /key?uploads").
var s3Ops = map[string]s3Op{
	"REST.GET.OBJECT":               {name: "GetObject", size: bytesOrSize, key: true},
	"WEBSITE.GET.OBJECT":            {name: "GetObject", size: bytesOrSize, key: true},
	"REST.HEAD.OBJECT":              {name: "HeadObject", size: objectSize, key: true},
	"WEBSITE.HEAD.OBJECT":           {name: "HeadObject", size: objectSize, key: true},
	"REST.PUT.OBJECT":               {name: "PutObject", size: objectSize, key: true},
	"REST.POST.OBJECT":              {name: "PutObject", size: objectSize, key: true}, // a form upload
	"REST.COPY.OBJECT":              {name: "CopyObject", size: objectSize, key: true},
	"REST.DELETE.OBJECT":            {name: "DeleteObject", key: true},
	"REST.POST.MULTI_OBJECT_DELETE": {name: "DeleteObjects"},
	"REST.POST.UPLOADS":             {name: "CreateMultipartUpload", key: true},
	"REST.PUT.PART":                 {name: "UploadPart", size: objectSize, key: true},
	"REST.COPY.PART":                {name: "UploadPartCopy", size: objectSize, key: true},
	"REST.POST.UPLOAD":              {name: "CompleteMultipartUpload", key: true},
	"REST.DELETE.UPLOAD":            {name: "AbortMultipartUpload", key: true},
	"REST.GET.UPLOAD":               {name: "ListParts", size: bytesSent, key: true},
	"REST.GET.UPLOADS":              {name: "ListMultipartUploads", size: bytesSent},
	"REST.GET.BUCKET":               {name: "ListObjectsV2", size: bytesSent},
	"REST.GET.BUCKETVERSIONS":       {name: "ListObjectVersions", size: bytesSent},
	"REST.HEAD.BUCKET":              {name: "HeadBucket"},
	"REST.GET.LOCATION":             {name: "GetBucketLocation", size: bytesSent},
	"REST.GET.SERVICE":              {name: "ListBuckets", size: bytesSent},

	// S3 writes a record for the source of a copy and one for each key of a
	// batch delete, next to the record of the request.
	"REST.COPY.OBJECT_GET": {reason: SecondRecord},
	"REST.COPY.PART_GET":   {reason: SecondRecord},
	"BATCH.DELETE.OBJECT":  {reason: SecondRecord},
}

// S3Ops returns the operations that entries of an S3 log can have, sorted.
func S3Ops() []string {
	var names []string
	for _, op := range s3Ops {
		if op.name != "" {
			names = append(names, op.name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// parseS3 parses a line of an S3 server access log: owner, bucket, time, remote
// address, requester, request id, operation, key, request, status, error code,
// bytes sent, object size, and more that is not looked at.
func (p *parser) parseS3(line []byte) outcome {
	c := cursor{line: line}
	owner, bucket := c.token(), c.token()
	if len(owner) == 0 || len(bucket) == 0 {
		return malformed(0, "owner and bucket must come before the time")
	}
	c.skipSpaces()
	at := c.pos
	open, out := p.stamp(&c)
	if out.reason != Taken {
		return out
	}
	if open != at {
		return malformed(at, "the time must be the third field")
	}
	remote, requester := c.token(), c.token()
	c.token() // the request's id
	c.skipSpaces()
	at = c.pos
	op := c.token()
	if !isS3Op(op) {
		return malformed(at, "not an operation such as REST.GET.OBJECT")
	}
	key := c.token()
	numbers, out := s3Numbers(&c)
	if out.reason != Taken {
		return out
	}
	p.rec.client = remote
	if isDash(remote) {
		p.rec.client = requester
	}
	return p.mapS3(op, key, numbers)
}

// isS3Op tells whether a word can be an operation: two or three words with
// dots between.
func isS3Op(word []byte) bool {
	dot := bytes.IndexByte(word, '.')
	return dot > 0 && dot < len(word)-1 && word[0] >= 'A' && word[0] <= 'Z'
}

// s3Counts are the numbers of a record.
type s3Counts struct {
	status       int
	sent, object int64
}

// s3Numbers reads the request, which is only stepped over, and the numbers
// that follow it.
func s3Numbers(c *cursor) (n s3Counts, out outcome) {
	c.skipSpaces()
	at := c.pos
	if c.accept('-') {
		if !startsWithStatus(c.line[c.pos:]) {
			return n, malformed(c.pos, "a status of three digits must follow the request")
		}
	} else if _, wrong := c.quotedBeforeStatus(false); wrong != "" {
		return n, malformed(max(at, c.pos), wrong)
	}
	n.status = parseStatus(c.token())
	c.token() // the error's code
	for _, field := range []struct {
		to   *int64
		name string
	}{{&n.sent, "bytes sent"}, {&n.object, "object size"}} {
		c.skipSpaces()
		at = c.pos
		v, ok := parseSize(c.token())
		if !ok {
			return n, malformed(at, field.name+" must be a number or \"-\"")
		}
		*field.to = v
	}
	return n, outcome{}
}

// mapS3 fills the record with what an operation of the log becomes.
func (p *parser) mapS3(logged, key []byte, n s3Counts) outcome {
	op, known := s3Ops[string(logged)]
	switch {
	case !known && bytes.HasPrefix(logged, []byte("S3.")):
		return outcome{reason: ServersOwn, detail: string(logged)}
	case !known:
		return outcome{reason: NotReplayable, detail: string(logged)}
	case op.name == "":
		return outcome{reason: op.reason, detail: string(logged)}
	}
	p.rec.op = op.name
	p.rec.status = n.status
	p.rec.size = op.bytes(n)
	p.rec.key = nil
	if op.key {
		p.rec.key = p.decodeKey(key)
	}
	return outcome{}
}

// bytes returns the operation's size. The body of a failed read is the error's
// and not the object's.
func (op s3Op) bytes(n s3Counts) int64 {
	switch op.size {
	case bytesSent:
		return n.sent
	case objectSize:
		return n.object
	case bytesOrSize:
		if n.status == 200 || n.status == 206 {
			return n.sent
		}
		return n.object
	default:
		return 0
	}
}

// decodeKey undoes the encoding of a key. S3 encodes the keys of requests twice
// (Yelp, "S3 server access logs at scale", 2025); the services that imitate it
// do so once, which shows where the second decoding is not possible.
func (p *parser) decodeKey(key []byte) []byte {
	if bytes.IndexByte(key, '%') < 0 && bytes.IndexByte(key, '+') < 0 {
		return key
	}
	once, ok := appendDecoded(p.scratch[:0], key)
	p.scratch = once
	if !ok {
		return key
	}
	twice, ok := appendDecoded(p.spare[:0], once)
	p.spare = twice
	if !ok {
		return once
	}
	return twice
}

// appendDecoded appends text with its form encoding ("%2F", "+" for a space)
// undone, and false if it is not so encoded.
func appendDecoded(dst, text []byte) ([]byte, bool) {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '+':
			dst = append(dst, ' ')
		case '%':
			if i+2 >= len(text) {
				return dst, false
			}
			hi, lo := unhex(text[i+1]), unhex(text[i+2])
			if hi > 15 || lo > 15 {
				return dst, false
			}
			dst = append(dst, hi<<4|lo)
			i += 2
		default:
			dst = append(dst, text[i])
		}
	}
	return dst, true
}
