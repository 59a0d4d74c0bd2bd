package faults

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// brokenBytes is what comes over a connection before it is closed by a fault of
// that kind.
func brokenBytes(k Kind) string {
	switch k {
	case Garbage:
		return "\x00\xff\xfe\x1b][garbage~\x7f\r\n\r\n"
	case HalfHeaders:
		return "HTTP/1.1 200 OK\r\nServer: AmazonS3\r\nContent-Type: applica"
	case MalformedChunk: // where the size of a chunk belongs
		return "size?\r\n"
	}
	return ""
}

// errMalformedChunk is the error of reading a body whose chunks are such.
var errMalformedChunk = func() error {
	head := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(head+brokenBytes(MalformedChunk))), nil)
	if err != nil {
		return err
	}
	_, err = resp.Body.Read(make([]byte, 1))
	return err
}()

// The errors of answers that are none. Close leaves its client with a bare
// io.EOF; of the others' bytes net/http itself says what is wrong.
var (
	errGarbage     = noAnswer(brokenBytes(Garbage))
	errHalfHeaders = noAnswer(brokenBytes(HalfHeaders))
)

// noAnswer is the error of net/http's transport for those bytes and FIN.
func noAnswer(bytes string) error {
	_, err := http.ReadResponse(bufio.NewReader(strings.NewReader(bytes)), nil)
	return fmt.Errorf("net/http: HTTP/1.x transport connection broken: %w", err)
}

// brokenErr is what an [http.RoundTripper] returns for a fault of that kind; nil
// if it is none that breaks the connection.
func brokenErr(k Kind) error {
	switch k {
	case Reset:
		return errReset
	case Outage:
		return errRefused
	case Close:
		return io.EOF
	case Garbage:
		return errGarbage
	case HalfHeaders:
		return errHalfHeaders
	}
	return nil
}

// clientErr is what an [http.Client] makes of such an error: that is where an
// io.EOF is told from the ordinary end of something.
func clientErr(k Kind, method string) error {
	err := brokenErr(k)
	switch k {
	case Close, Garbage, HalfHeaders:
		return &url.Error{Op: clientOp(method), URL: "", Err: err}
	}
	return err
}

// clientOp is the Op of an http.Client's errors: "Get" for GET.
func clientOp(method string) string {
	if method == "" {
		return "Get"
	}
	return method[:1] + strings.ToLower(method[1:])
}
