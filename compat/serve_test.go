package compat

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/squall-sim/squall/internal/live"
	"github.com/squall-sim/squall/scenarios"
)

// serveScenario is a backend on which nothing goes wrong, and that takes no time
// of its own: what is left is what the server costs.
const serveScenario = `scenario: healthy
backend: {kind: s3, bucket: data, latency: {dist: fixed, value: 0s}}
load: {model: open, rate: 1/s, mix: [{op: GetObject, key: a}]}
phases: [{label: all, for: 1s}]
policies: {only: {retry: none}}
`

// BenchmarkServe compares `simulate serve` without faults with gofakes3 bare,
// both behind net/http on loopback, with 64 connections: in turns of the same run,
// as the machine has other things to do. The client is as little as can be, since
// what it costs is a part of both.
func BenchmarkServe(b *testing.B) {
	sc, err := scenarios.Parse("healthy.yaml", []byte(serveScenario))
	if err != nil {
		b.Fatal(err)
	}
	ours, err := live.Start(sc, live.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer ours.Close(time.Second)
	mem := s3mem.New()
	if err := mem.CreateBucket("data"); err != nil {
		b.Fatal(err)
	}
	bare := httptest.NewServer(gofakes3.New(mem).Server())
	defer bare.Close()
	for _, op := range []string{"GET", "PUT", "HEAD"} {
		b.Run(op, func(b *testing.B) {
			rivals := []*storm{newStorm(b, strings.TrimPrefix(bare.URL, "http://"), op), newStorm(b, strings.TrimPrefix(ours.URL(), "http://"), op)}
			const round = 1280
			for left := b.N; left > 0; left -= round {
				for i := range rivals {
					if left/round%2 == 1 { // none is always the one that comes second
						i = 1 - i
					}
					rivals[i].send(b, min(left, round))
				}
			}
			gofakes, squall := rivals[0].rate(), rivals[1].rate()
			b.ReportMetric(gofakes, "bare/s")
			b.ReportMetric(squall, "serve/s")
			b.ReportMetric(squall/gofakes, "ratio")
		})
	}
}

// connections are as many clients as ask at once.
const connections = 64

// storm is 64 connections to one server.
type storm struct {
	conns []net.Conn
	read  []*bufio.Reader
	text  []byte // of a request
	head  bool
	sent  int
	took  time.Duration
}

func newStorm(b *testing.B, addr, op string) *storm {
	s := &storm{head: op == "HEAD"}
	body := ""
	if op == "PUT" {
		body = strings.Repeat("x", 1024)
	}
	s.text = fmt.Appendf(nil, "%s /data/raw/1.json HTTP/1.1\r\nHost: %s\r\nX-Amz-Date: %s\r\nContent-Length: %d\r\n\r\n%s", op, addr, time.Now().UTC().Format("20060102T150405Z"), len(body), body)
	req, err := http.NewRequest("PUT", "http://"+addr+"/data/raw/1.json", strings.NewReader(strings.Repeat("x", 1024)))
	if err != nil {
		b.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil || resp.StatusCode != 200 {
		b.Fatal(resp, err)
	}
	resp.Body.Close()
	for range connections {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { conn.Close() })
		s.conns, s.read = append(s.conns, conn), append(s.read, bufio.NewReader(conn))
	}
	return s
}

// send sends n requests over all connections.
func (s *storm) send(b *testing.B, n int) {
	began := time.Now()
	var group sync.WaitGroup
	for i := range s.conns {
		share := n / connections
		if i < n%connections {
			share++
		}
		group.Add(1)
		go func() {
			defer group.Done()
			for range share {
				if err := s.one(i); err != nil {
					b.Error(err)
					return
				}
			}
		}()
	}
	group.Wait()
	s.sent, s.took = s.sent+n, s.took+time.Since(began)
}

// one sends a request and reads the answer: its status, its length, its body.
func (s *storm) one(i int) error {
	if _, err := s.conns[i].Write(s.text); err != nil {
		return err
	}
	length := int64(0)
	for first := true; ; first = false {
		line, err := s.read[i].ReadSlice('\n')
		if err != nil {
			return err
		}
		text := strings.TrimSpace(string(line))
		switch name, value, _ := strings.Cut(text, ":"); {
		case first && !strings.HasPrefix(text, "HTTP/1.1 200 "):
			return fmt.Errorf("got %s", text)
		case strings.EqualFold(name, "Content-Length"):
			if _, err := fmt.Sscan(value, &length); err != nil {
				return err
			}
		case text == "":
			if s.head {
				return nil
			}
			_, err := io.CopyN(io.Discard, s.read[i], length)
			return err
		}
	}
}

func (s *storm) rate() float64 { return float64(s.sent) / s.took.Seconds() }
