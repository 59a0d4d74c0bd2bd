package live

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/squall-sim/squall/scenarios"
)

// Certificates are valid from an hour before the server starts, for machines
// whose clocks differ, and for a month: none is to be trusted for longer than a
// server runs.
const (
	validBefore = time.Hour
	validFor    = 30 * 24 * time.Hour
)

// identity is what a server proves itself with: a certificate for the names and
// addresses at which it can be reached, and the authority behind it, whose key
// is forgotten as soon as it has signed that one. Who trusts the authority
// trusts nothing else.
type identity struct {
	authority []byte // PEM
	leaf      tls.Certificate
}

// newIdentity makes one. Keys are ECDSA on P-256, which every TLS client of the
// last decade speaks.
func newIdentity(now time.Time, names []string, addresses []net.IP) (*identity, error) {
	template := func(name string) *x509.Certificate {
		return &x509.Certificate{
			Subject:   pkix.Name{Organization: []string{"squall"}, CommonName: name},
			NotBefore: now.Add(-validBefore), NotAfter: now.Add(validFor), BasicConstraintsValid: true,
		}
	}
	ca := template("squall, one server's authority")
	ca.IsCA, ca.MaxPathLenZero, ca.KeyUsage = true, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	authority, err := x509.CreateCertificate(rand.Reader, ca, ca, &signer.PublicKey, signer)
	if err != nil {
		return nil, err
	}
	if ca, err = x509.ParseCertificate(authority); err != nil { // it has a key id now, which strict clients look for in the leaf
		return nil, err
	}
	leaf := template(names[0])
	leaf.KeyUsage, leaf.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	leaf.DNSNames, leaf.IPAddresses = names, addresses
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	signed, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, signer)
	if err != nil {
		return nil, err
	}
	return &identity{
		authority: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority}),
		leaf:      tls.Certificate{Certificate: [][]byte{signed, authority}, PrivateKey: key},
	}, nil
}

// identify makes the identity of a scenario's backend that listens on an
// address: loopback, that address or, where it is all of the machine's, each of
// them; and the host of virtual-host style requests for the bucket.
func identify(now time.Time, sc *scenarios.Scenario, addr string) (*identity, error) {
	names := []string{"localhost"}
	if sc.Backend.Kind == scenarios.KindS3 {
		names = append(names, sc.Backend.Bucket+".localhost")
	}
	addresses := []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	ip := net.ParseIP(host)
	switch {
	case ip == nil || ip.IsUnspecified():
		addresses = append(addresses, own()...)
	case !slices.ContainsFunc(addresses, ip.Equal):
		addresses = append(addresses, ip)
	}
	id, err := newIdentity(now, names, addresses)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return id, nil
}

// own are the machine's addresses beyond loopback; none where the system does
// not tell.
func own() (out []net.IP) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLoopback() {
			out = append(out, n.IP)
		}
	}
	return out
}
