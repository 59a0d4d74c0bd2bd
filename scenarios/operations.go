package scenarios

import (
	"slices"

	"github.com/squall-sim/squall/faults"
)

// Operations lists the operations that a backend of that kind knows, the usual
// ones first: S3's names (those of faults.Operations), or HTTP's methods for
// KindHTTP. It is nil for an unknown kind.
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
	KindS3: s3Operations("PutObject", "GetObject", "HeadObject", "DeleteObject", "ListObjectsV2"),
	KindHTTP: {
		{"GET", true, reads}, {"HEAD", true, reads}, {"POST", true, sends}, {"PUT", true, sends},
		{"PATCH", true, sends}, {"DELETE", true, noBody}, {"OPTIONS", true, noBody},
	},
}

// s3Operations lists S3's operations, the named ones first.
func s3Operations(first ...string) []operation {
	var list []operation
	for _, name := range first {
		if op, ok := faults.Operation(name); ok {
			list = append(list, s3Operation(op))
		}
	}
	for _, op := range faults.Operations() {
		if !slices.Contains(first, op.Name) {
			list = append(list, s3Operation(op))
		}
	}
	return list
}

func s3Operation(op faults.Op) operation {
	body := noBody
	switch {
	case op.Name == "GetObject" || op.Name == "HeadObject":
		body = reads
	case op.Method == "PUT" || op.Method == "POST":
		body = sends
	}
	return operation{op.Name, op.Key, body}
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
