package scenarios

import "github.com/squall-sim/squall/faults"

// Operations lists the operations that a load can make of a backend of that
// kind, the usual ones first: by S3's names, or HTTP's methods for KindHTTP. It
// is nil for an unknown kind.
func Operations(k Kind) []string {
	all := operations[k]
	names := make([]string, len(all))
	for i, o := range all {
		names[i] = o.name
	}
	return names
}

// operation is what the scenario needs to know of one.
type operation struct {
	name string
	key  bool // it is about one object or path, so it needs a key
	body sizing
}

// sizing tells what the size of a mix item means for an operation.
type sizing uint8

const (
	noBody sizing = iota // it has none, or none that a scenario sets
	sends                // the request's body
	reads                // the answer's body
)

var operations = map[Kind][]operation{
	// Of S3's, those that a client can make out of nothing but a key and a size:
	// the parts of a multipart upload, for one, need the upload's id.
	KindS3: {
		{"PutObject", true, sends}, {"GetObject", true, reads}, {"HeadObject", true, reads},
		{"DeleteObject", true, noBody}, {"CopyObject", true, reads}, {"ListObjectsV2", false, noBody},
		{"ListObjects", false, noBody}, {"HeadBucket", false, noBody}, {"ListBuckets", false, noBody},
	},
	KindHTTP: {
		{"GET", true, reads}, {"HEAD", true, reads}, {"POST", true, sends}, {"PUT", true, sends},
		{"PATCH", true, sends}, {"DELETE", true, noBody}, {"OPTIONS", true, noBody},
	},
}

// findOperation gives the operation of that name.
func findOperation(k Kind, name string) (operation, bool) {
	for _, o := range operations[k] {
		if o.name == name {
			return o, true
		}
	}
	return operation{}, false
}

// isMethod reports whether a name could be an HTTP method: logs have more of
// them than people write into a mix.
func isMethod(name string) bool {
	const longest = 20
	for _, r := range name {
		if r < 'A' || r > 'Z' {
			return false
		}
	}
	return name != "" && len(name) <= longest
}

// Serves reports whether a backend of a kind can get requests that faults and quotas know
// as op: an operation of S3, or for KindHTTP a method. hint says what to write else.
func Serves(k Kind, op string) (ok bool, hint string) {
	_, ofS3 := faults.Operation(op)
	switch {
	case k == KindHTTP && ofS3:
		return false, "write its method, such as " + faults.Method(op)
	case k != KindHTTP && !ofS3:
		return false, "write an operation of S3 such as GetObject, or method instead of op"
	}
	return true, ""
}

// served reports an operation that a backend without a load of its own never gets; so is what
// comes of that. Where there is a load, its operations are those that count.
func (c *checker) served(p *path, op, so string) {
	if op == "" || !c.sc.ServedOnly() {
		return
	}
	kind := c.sc.Backend.Kind
	if ok, hint := Serves(kind, op); !ok {
		c.report(p, "a backend of kind "+string(kind)+" gets no "+quote(op)+", so "+so, hint)
	}
}
