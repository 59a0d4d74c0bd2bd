package live

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/squall-sim/squall/faults"
)

// trusting is a client that trusts a server's authority and nothing else.
func trusting(t *testing.T, s *Server) *http.Client {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(s.CA()) {
		t.Fatalf("no certificate in %q", s.CA())
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestTLS(t *testing.T) {
	s := start(t, scenario(t, "s3", "{label: all, for: 1s}"), Options{TLS: true})
	c := trusting(t, s)
	_, port, err := net.SplitHostPort(s.ListenAddr())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "localhost"} {
		resp, body, err := do(t, c, "PUT", "https://"+host+":"+port+"/squall/a", "text")
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != 200 || resp.ProtoMajor != 1 || resp.TLS.Version < tls.VersionTLS12 {
			t.Errorf("%s: %d %s %s", host, resp.StatusCode, resp.Proto, body)
		}
	}
	resp, body, err := do(t, c, "GET", s.URL()+"/squall/a", "")
	if err != nil || resp.StatusCode != 200 || body != "text" {
		t.Errorf("%v %v %q", err, resp, body)
	}
	if st := s.State(); st.Requests != 3 || st.Handshakes != 0 {
		t.Errorf("%+v", st)
	}
	if !strings.HasPrefix(s.AdminURL(), "http://127.0.0.1:") {
		t.Errorf("the admin API is at %s", s.AdminURL())
	}
	if plain := start(t, scenario(t, "s3", "{label: all, for: 1s}"), Options{}); plain.CA() != nil {
		t.Error("an authority without TLS")
	}
}

// The certificates are as strict clients want them, and of a short life.
func TestCertificates(t *testing.T) {
	clk := newClock()
	s := start(t, scenario(t, "s3", "{label: all, for: 1s}"), Options{TLS: true, Clock: clk, Addr: "0.0.0.0:0", Public: true})
	block, rest := pem.Decode(s.CA())
	if block == nil || len(rest) > 0 {
		t.Fatalf("%q", s.CA())
	}
	ca, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(s.identity.leaf.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	for name, want := range map[string]bool{"localhost": true, "127.0.0.1": true, "::1": true, "squall.localhost": true, "example.org": false, "10.255.255.254": false} {
		_, err := leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, CurrentTime: clk.Now()})
		if (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	for days, want := range map[int]bool{-1: false, 0: true, 29: true, 31: false} {
		_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: clk.Now().AddDate(0, 0, days)})
		if (err == nil) != want {
			t.Errorf("after %d days: %v", days, err)
		}
	}
	for _, ip := range own() {
		if err := leaf.VerifyHostname(ip.String()); err != nil {
			t.Error(err)
		}
	}
	// Python's VERIFY_X509_STRICT asks for these.
	if !ca.IsCA || !ca.MaxPathLenZero || ca.KeyUsage&x509.KeyUsageCertSign == 0 || len(ca.SubjectKeyId) == 0 || !bytes.Equal(leaf.AuthorityKeyId, ca.SubjectKeyId) {
		t.Errorf("ca %+v", ca)
	}
	other := start(t, scenario(t, "s3", "{label: all, for: 1s}"), Options{TLS: true, Clock: clk})
	if bytes.Equal(other.CA(), s.CA()) || other.identity.leaf.Leaf != nil && other.identity.leaf.Leaf.SerialNumber.Cmp(leaf.SerialNumber) == 0 {
		t.Error("two servers share an identity")
	}
}

// A client that does not trust the authority is counted; one that only looks
// whether somebody listens is not.
func TestFailedHandshakes(t *testing.T) {
	s := start(t, scenario(t, "s3", "{label: all, for: 1s}"), Options{TLS: true})
	conn, err := net.Dial("tcp", s.ListenAddr())
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if _, err := client(t).Get(s.URL()); err == nil {
		t.Fatal("answered a client that does not trust it")
	}
	until(t, "the handshake is counted", func() bool { return s.State().Handshakes == 1 })
	if err := s.Close(0); err != nil {
		t.Error(err)
	}
	if st := s.State(); st.Handshakes != 1 || st.Requests != 0 {
		t.Errorf("%+v", st)
	}
	s.handshakes.greeted.Range(func(key, _ any) bool { t.Errorf("%v is kept", key); return true })
}

// What faults do to a connection, they do below or above TLS as it is without:
// each is what a client sees that reads to the end.
func TestConnectionFaultsOverTLS(t *testing.T) {
	for effect, want := range map[string]struct {
		err      error // nil: some other, with the text
		contains string
		got      string // of the body
	}{
		"reset":                    {err: syscall.ECONNRESET},
		"outage":                   {err: syscall.ECONNRESET},
		"close":                    {err: io.EOF},
		"half-headers":             {err: io.ErrUnexpectedEOF},
		"garbage":                  {contains: "malformed HTTP"},
		"truncate at=10":           {err: io.ErrUnexpectedEOF, got: "0123456789"},
		"truncate at=10 end=reset": {err: syscall.ECONNRESET},
		"SlowDown retry-after=2s":  {got: "<Code>SlowDown</Code>"},
		"latency add=4s":           {got: "0123456789abcdef"},
	} {
		t.Run(effect, func(t *testing.T) {
			sc := scenario(t, "s3", `{label: good, for: 1s}, {label: bad, for: 1s, faults: [{p: 1, effect: "`+effect+`"}]}`)
			s := start(t, sc, Options{TLS: true, Clock: newClockOfToday(), Phase: "good"})
			c := trusting(t, s)
			if resp, body, err := do(t, c, "PUT", s.URL()+"/squall/a", "0123456789abcdef"); err != nil || resp.StatusCode != 200 {
				t.Fatal(resp, body, err)
			}
			if err := s.Jump("bad", true); err != nil {
				t.Fatal(err)
			}
			body := ""
			resp, err := c.Get(s.URL() + "/squall/a")
			if err == nil {
				var data []byte
				data, err = io.ReadAll(resp.Body)
				resp.Body.Close()
				body = string(data)
			}
			broken := want.err != nil || want.contains != ""
			if broken != (err != nil) || want.err != nil && !errors.Is(err, want.err) || err != nil && !strings.Contains(err.Error(), want.contains) {
				t.Errorf("the client got %v, want %v %s", err, want.err, want.contains)
			}
			if !strings.Contains(body, want.got) {
				t.Errorf("the body is %q", body)
			}
			if err := s.Close(time.Hour); err != nil {
				t.Error(err)
			}
			if st := s.State(); st.Rules[0].Fired == 0 || st.InFlight != 0 || st.Handshakes != 0 {
				t.Errorf("%+v", st)
			}
		})
	}
}

// newClockOfToday is a clock that stands still, at a time when certificates are
// valid for clients that ask the system's.
func newClockOfToday() *clock {
	c := newClock()
	c.at = faults.SystemClock().Now()
	return c
}
