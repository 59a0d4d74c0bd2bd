package s3fake

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/squall-sim/squall/faults"
)

// section is the part of an object that a read with ?partNumber is about. An
// object that did not come in parts has one.
type section struct {
	start, size int64
	of          int64 // the size of the object
	parts       int   // of the object; 0: it did not come in parts
}

// section finds a part. gofakes3 does not know the parameter, and would send all of
// the object.
func (o *object) section(number int) (section, *faults.S3Code) {
	if len(o.parts) == 0 {
		if number == 1 {
			return section{size: o.size, of: o.size}, nil
		}
	} else if number <= len(o.parts) {
		s := section{of: o.size, parts: len(o.parts), size: o.parts[number-1]}
		for _, size := range o.parts[:number-1] {
			s.start += size
		}
		return s, nil
	}
	return section{}, &faults.S3Code{Code: "InvalidPartNumber", Status: http.StatusRequestedRangeNotSatisfiable, Message: "The requested partnumber is not satisfiable"}
}

// guardPart makes a read of a part one of the range that the part is.
func guardPart(r *request, o *object) *faults.S3Code {
	if r.Header["Range"] != nil {
		return refuse("InvalidRequest", "Cannot specify both Range header and partNumber query parameter")
	}
	number, err := r.partNumber()
	if err != nil {
		return refuse("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
	}
	s, refusal := o.section(number)
	if refusal != nil {
		return refusal
	}
	r.section = &s
	if s.size > 0 && r.op == "GetObject" {
		r.Header["Range"] = []string{fmt.Sprintf("bytes=%d-%d", s.start, s.start+s.size-1)}
	}
	return nil
}

// announce sets what an answer about a part says besides, and returns its status.
// gofakes3 knows no ranges of answers to HEAD.
func (s *section) announce(h http.Header, status int) int {
	if s.parts > 0 {
		h["X-Amz-Mp-Parts-Count"] = []string{strconv.Itoa(s.parts)}
	}
	if status == http.StatusOK && s.size > 0 {
		h["Content-Length"] = []string{strconv.FormatInt(s.size, 10)}
		h["Content-Range"] = []string{fmt.Sprintf("bytes %d-%d/%d", s.start, s.start+s.size-1, s.of)}
		return http.StatusPartialContent
	}
	return status
}
