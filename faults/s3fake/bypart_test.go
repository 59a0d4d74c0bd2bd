package s3fake

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestReadByPart: the transfer manager of aws-sdk-go-v2 reads objects by the parts that
// they came in.
func TestReadByPart(t *testing.T) {
	c := newClient(t)
	one, two := strings.Repeat("1", minPart), "the end"
	id := c.begin("big")
	etags := map[int]string{1: c.part("big", id, 1, one), 2: c.part("big", id, 2, two)}
	c.must("POST", "/data/big?uploadId="+id, completion(etags, 1, 2))
	c.must("PUT", "/data/whole", "all of it")
	c.must("PUT", "/data/empty", "")
	for _, test := range []struct {
		target, body, span, parts string
		status                    int
	}{
		{"/data/big?partNumber=1", one, fmt.Sprintf("bytes 0-%d/%d", minPart-1, minPart+7), "2", 206},
		{"/data/big?partNumber=2&x-id=GetObject", two, fmt.Sprintf("bytes %d-%d/%d", minPart, minPart+6, minPart+7), "2", 206},
		{"/data/whole?partNumber=1", "all of it", "bytes 0-8/9", "", 206},
		{"/data/empty?partNumber=1", "", "", "", 200},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			a := c.must(method, test.target, "")
			if method == "GET" && a.body != test.body || a.status != test.status || a.header.Get("Content-Range") != test.span ||
				a.header.Get("X-Amz-Mp-Parts-Count") != test.parts || a.header.Get("Content-Length") != fmt.Sprint(len(test.body)) {
				t.Errorf("%s %s: status %d, %d bytes, %v", method, test.target, a.status, len(a.body), a.header)
			}
		}
	}
	for target, code := range map[string]string{"/data/big?partNumber=3": "InvalidPartNumber", "/data/whole?partNumber=2": "InvalidPartNumber"} {
		c.refused(http.StatusRequestedRangeNotSatisfiable, code, "GET", target, "")
	}
	for _, number := range []string{"0", "10001", "-1", "one", ""} {
		c.refused(400, "InvalidArgument", "GET", "/data/big?partNumber="+number, "")
	}
	c.refused(400, "InvalidRequest", "GET", "/data/big?partNumber=1", "", "Range", "bytes=0-1")
	c.refused(404, "NoSuchKey", "GET", "/data/none?partNumber=1", "")
	c.refused(412, "PreconditionFailed", "GET", "/data/big?partNumber=1", "", "If-Match", `"other"`)
}
