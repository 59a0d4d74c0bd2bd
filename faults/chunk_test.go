package faults

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
)

// The bytes of a malformed chunk come after those of good ones, and then FIN; to a
// client of HTTP/1.0, which knows no chunks, none of them come.
func TestMalformedChunkOnTheWire(t *testing.T) {
	for text, tail := range map[string]string{
		"malformed-chunk": "\r\n\r\nsize?\r\n", "malformed-chunk at=10": "\r\n\r\na\r\nGET /b/k /\r\nsize?\r\n",
	} {
		server, _ := serve1(t, text, plainly)
		for version, want := range map[string]string{"1.1": tail, "1.0": "\r\n\r\n" + map[bool]string{true: "GET /b/k /"}[strings.Contains(text, "at")]} {
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(conn, "GET /b/k HTTP/%s\r\nHost: s3.test\r\n\r\n", version)
			got, err := io.ReadAll(conn)
			conn.Close()
			if err != nil || !strings.HasSuffix(string(got), want) || strings.Contains(string(got), "Content-Length") || !strings.HasPrefix(string(got), "HTTP/"+version+" 200 OK\r\n") {
				t.Errorf("%s over HTTP/%s: %q, %v", text, version, got, err)
			}
		}
	}
}
