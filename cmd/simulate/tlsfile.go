package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/squall-sim/squall/reports"
)

// caVariables are the variables by which programs are told whom to trust. All
// but NODE_EXTRA_CA_CERTS put the file in the place of the system's roots.
var caVariables = []string{
	"AWS_CA_BUNDLE",       // AWS SDKs and CLI
	"SSL_CERT_FILE",       // OpenSSL, and so Python, Ruby and PHP; Go; rclone
	"REQUESTS_CA_BUNDLE",  // Python's requests
	"CURL_CA_BUNDLE",      // curl
	"NODE_EXTRA_CA_CERTS", // Node.js
	"SQUALL_CA",
}

// caFile is where the certificate of a backend's authority is kept for clients.
type caFile struct {
	path string // absolute, as programs may run elsewhere
	temp string // the directory to remove at the end; "": the file is the user's
}

// writeCA writes the certificate, whole, to the file asked for; to one of its own
// for "".
func writeCA(asked string, certificate []byte) (f caFile, err error) {
	const hint = "--tls-ca FILE writes elsewhere"
	if asked == "" {
		if f.temp, err = os.MkdirTemp("", "squall-ca-"); err != nil {
			return f, wrong(hint, fmt.Errorf("the certificate cannot be written: %w", cause(err)))
		}
		asked = filepath.Join(f.temp, "ca.pem")
	}
	if f.path, err = filepath.Abs(asked); err != nil {
		return f, errors.Join(wrong(hint, err), f.remove())
	}
	if info, err := os.Stat(asked); err == nil && info.IsDir() {
		return f, wrong(hint, fmt.Errorf("%s cannot be written: it is a directory", asked))
	}
	err = reports.WriteFile(asked, func(w io.Writer) error {
		_, err := w.Write(certificate)
		return err
	})
	if err != nil {
		return f, errors.Join(wrong(hint, err), f.remove())
	}
	return f, nil
}

// vars are the variables that lead to the file; none without one.
func (f caFile) vars() (out []string) {
	if f.path == "" {
		return nil
	}
	for _, name := range caVariables {
		out = append(out, name+"="+f.path)
	}
	return out
}

// remove removes what nobody asked for.
func (f caFile) remove() error {
	if f.temp == "" {
		return nil
	}
	return os.RemoveAll(f.temp)
}
