package logs

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// benchLog returns a log of n lines that look like a web site's.
func benchLog(n int, f Format) []byte {
	var b bytes.Buffer
	for i := range n {
		second := fmt.Sprintf("[17/May/2015:%02d:%02d:%02d +0000]", i/36000%24, i/600%60, i/10%60)
		if f == S3 {
			fmt.Fprintln(&b, strings.Replace(s3Line("REST.GET.OBJECT", fmt.Sprintf("raw/2015-05-17/part%%2520%d.json", i%5000), `"GET /raw/2015-05-17/part HTTP/1.1"`, "200 - 65536 65536"), stamp, second, 1))
			continue
		}
		fmt.Fprintf(&b, "83.149.%d.%d - - %s \"GET /presentations/2013/images/kibana-%d.png HTTP/1.1\" 200 %d \"http://example.org/presentations/\" \"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.1700.77 Safari/537.36\"\n",
			i/7%256, i%97, second, i%5000, i%200000)
	}
	return b.Bytes()
}

// perLine reports the throughput in lines.
func perLine(b *testing.B, lines int) {
	b.ReportMetric(float64(lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}

func BenchmarkScan(b *testing.B) {
	const lines = 100_000
	for _, f := range []Format{HTTP, S3} {
		log := benchLog(lines, f)
		b.Run(f.String(), func(b *testing.B) {
			b.SetBytes(int64(len(log)))
			b.ReportAllocs()
			for b.Loop() {
				s, err := NewScanner(bytes.NewReader(log), Options{})
				if err != nil {
					b.Fatal(err)
				}
				n := 0
				for s.Scan() {
					n++
				}
				if n != lines || s.Err() != nil {
					b.Fatal(n, s.Err())
				}
			}
			perLine(b, lines)
		})
	}
}

func BenchmarkImport(b *testing.B) {
	const lines = 100_000
	log := benchLog(lines, HTTP)
	b.SetBytes(int64(len(log)))
	b.ReportAllocs()
	for b.Loop() {
		r, _, err := Import(bytes.NewReader(log), Options{}, ReplayOptions{})
		if err != nil || r.Len() != lines {
			b.Fatal(err)
		}
	}
	perLine(b, lines)
}
