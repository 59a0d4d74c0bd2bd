package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// TestCAGoesFirst: what a second signal may interrupt, a backend that waits for its
// clients, leaves no certificate behind.
func TestCAGoesFirst(t *testing.T) {
	t.Parallel()
	silent := filepath.Join(t.TempDir(), "silent.yaml")
	err := os.WriteFile(silent, []byte(`scenario: silent
backend: {kind: http, latency: {dist: fixed, value: 1ms}}
load: {model: open, rate: 5/s, mix: [{op: GET, key: /a}]}
phases: [{label: all, for: 60s, faults: [{effect: blackhole}]}]
policies: {only: {retry: none}}
`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	o := backendOptions{addr: "127.0.0.1:0", admin: "127.0.0.1:0", tls: true}
	b, err := o.start((&session{}).env(), silent, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(b.CA())
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	gone := make(chan error, 1)
	go func() {
		_, err := client.Get(b.URL() + "/a") // ends when the backend cuts it off
		if err == nil {
			t.Error("an answer")
		}
		_, err = os.Stat(b.ca.temp)
		gone <- err
	}()
	for b.State().InFlight == 0 {
		runtime.Gosched()
	}
	if err := b.stop(); err != nil {
		t.Error(err)
	}
	if err := <-gone; !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the certificate was there when the last client was cut off: %v", err)
	}
}
