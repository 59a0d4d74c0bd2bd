package live

import (
	"bytes"
	"crypto/tls"
	"io"
	"log"
	"net"
	"os"
	"sync"
	"sync/atomic"
)

// handshakes follows the TLS connections of a server until they have shaken
// hands. Its zero value is ready.
type handshakes struct {
	greeted sync.Map // net.Conn: has sent its ClientHello
	failed  atomic.Uint64
}

// config is that of a TLS server. It offers HTTP/1.1 only: S3 speaks nothing
// else, and a reset needs a connection of its own to break.
func (h *handshakes) config(id *identity) *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{id.leaf},
		NextProtos:   []string{"http/1.1"},
		MinVersion:   tls.VersionTLS12,
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			h.greeted.Store(hello.Conn, true)
			return nil, nil // the one that there is
		},
	}
}

// active notes that a connection has got as far as a request.
func (h *handshakes) active(conn net.Conn) {
	if c, ok := conn.(*tls.Conn); ok {
		h.greeted.Delete(c.NetConn())
	}
}

// closed counts a connection that ended before hands were shaken, although its
// client had begun: one that does not trust the authority, most often. One that only
// looked whether the port is open had not begun.
func (h *handshakes) closed(conn net.Conn) {
	c, ok := conn.(*tls.Conn)
	if !ok {
		return
	}
	if _, greeted := h.greeted.LoadAndDelete(c.NetConn()); greeted && !c.ConnectionState().HandshakeComplete {
		h.failed.Add(1)
	}
}

// complaints is where net/http complains, on standard error as ever. Handshakes
// that fail are counted, and no line each.
var complaints = log.New(notHandshakes{os.Stderr}, "", log.LstdFlags)

type notHandshakes struct{ to io.Writer }

func (w notHandshakes) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("http: TLS handshake error from ")) {
		return len(line), nil
	}
	return w.to.Write(line)
}
