package scenarios

// Operations lists the operations that a backend of that kind knows, in the
// order in which people use them: S3's names, or methods for KindHTTP. It is
// nil for an unknown kind.
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
	key  bool // it is about one object, so it needs a key
	body sizing
}

// sizing tells what the size of a mix item means for an operation.
type sizing uint8

const (
	noBody sizing = iota // it has none
	sends                // the request's body
	reads                // the answer's body
)

// The S3 operations are those that the clients of a run know how to send.
var operations = map[Kind][]operation{
	KindS3: {
		{"PutObject", true, sends}, {"GetObject", true, reads}, {"HeadObject", true, reads},
		{"DeleteObject", true, noBody}, {"ListObjectsV2", false, noBody},
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
