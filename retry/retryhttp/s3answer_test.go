package retryhttp_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/squall-sim/squall/retry/retryhttp"
)

func TestFromS3Response(t *testing.T) {
	const hidden = `<?xml version="1.0"?>    <Error><Code>SlowDown</Code></Error>`
	for _, c := range []struct {
		name, method string
		status       int
		body         io.Reader
		code         string // of a StatusError
		of           int    // its status
		cut          bool   // a TruncatedError
		left         string // of the body, where there is no error
	}{
		{"an error", "PUT", 200, strings.NewReader(hidden), "SlowDown", 503, false, ""},
		{"an error that nobody knows", "POST", 200, strings.NewReader("<Error><Code>X</Code></Error>"), "X", 500, false, ""},
		{"an object that looks like one", "GET", 200, strings.NewReader(hidden), "", 0, false, hidden},
		{"a result", "PUT", 200, strings.NewReader("<CopyObjectResult/>"), "", 0, false, "<CopyObjectResult/>"},
		{"broken off", "PUT", 200, io.MultiReader(strings.NewReader("   "), failing{io.ErrUnexpectedEOF}), "", 0, true, ""},
		{"an ordinary error", "PUT", 409, strings.NewReader("<Error><Code>OperationAborted</Code></Error>"), "OperationAborted", 409, false, ""},
	} {
		resp := reply(c.status, "")
		resp.Request = request(t, c.method, "http://x/b/k", nil)
		resp.Body, resp.ContentLength = io.NopCloser(c.body), -1
		err := retryhttp.FromS3Response(resp)
		var status *retryhttp.StatusError
		var cut *retryhttp.TruncatedError
		if errors.As(err, &status) != (c.code != "") || errors.As(err, &cut) != c.cut || status != nil && (status.Code != c.code || status.Status != c.of) {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil {
			if got := text(t, resp); got != c.left {
				t.Errorf("%s: %q is left", c.name, got)
			}
		}
	}
	bare := reply(200, hidden)
	bare.Request = nil
	if err := retryhttp.FromS3Response(bare); err != nil {
		t.Errorf("without a request: %v", err)
	}
}
