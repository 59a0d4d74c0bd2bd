package logs

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// seedLines gives a fuzz target the lines of the samples.
func seedLines(f *testing.F, name string) {
	f.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		f.Fatal(err)
	}
	for _, line := range bytes.Split(data, []byte{'\n'}) {
		f.Add(line)
	}
}

// checkOutcome checks what holds for any line: it is taken or there is a
// reason, and what is wrong has a place in the line.
func checkOutcome(t *testing.T, line []byte, o outcome) {
	t.Helper()
	if o.reason >= reasons || strings.HasPrefix(o.reason.String(), "Reason(") {
		t.Fatalf("unknown reason %d", o.reason)
	}
	if o.reason == Malformed && (o.wrong == "" || o.column < 1 || o.column > len(line)+1) {
		t.Fatalf("broken at %d of %d: %q", o.column, len(line), o.wrong)
	}
}

func FuzzHTTPLine(f *testing.F) {
	seedLines(f, "testdata/combined.log")
	f.Fuzz(func(t *testing.T, line []byte) {
		e, o := parseOne(HTTP, string(line), true)
		checkOutcome(t, line, o)
		if o.reason != Taken {
			return
		}
		if _, err := url.ParseRequestURI(e.Key); err != nil {
			t.Errorf("key %q cannot be sent: %v", e.Key, err)
		}
		if e.Size < 0 || e.Status < 0 || e.Status > 999 || e.Client == "" {
			t.Errorf("impossible entry %+v", e)
		}
		// What was taken comes back the same when it is logged again.
		again, o := parseOne(HTTP, httpLineOf(e), true)
		if o.reason != Taken || again != e {
			t.Errorf("%+v came back as %+v (%v)", e, again, o)
		}
	})
}

func FuzzS3Line(f *testing.F) {
	seedLines(f, "testdata/s3.log")
	f.Fuzz(func(t *testing.T, line []byte) {
		e, o := parseOne(S3, string(line), false)
		checkOutcome(t, line, o)
		if o.reason == Taken && (e.Size < 0 || e.Status < 0 || e.Status > 999 || e.Client == "" || e.Op == "") {
			t.Errorf("impossible entry %+v", e)
		}
	})
}

func FuzzScanner(f *testing.F) {
	for _, name := range []string{"testdata/combined.log", "testdata/s3.log"} {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(zip(f, string(data)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, report, err := Import(bytes.NewReader(data), Options{MaxBad: 1, MaxLine: 4096}, ReplayOptions{})
		if err != nil {
			return
		}
		var skipped int64
		for _, s := range report.Skipped {
			skipped += s.Lines
		}
		if report.Taken+skipped != report.Lines || int64(r.Len()) != report.Taken {
			t.Errorf("%d taken and %d skipped of %d lines, %d rows", report.Taken, skipped, report.Lines, r.Len())
		}
	})
}

// httpLineOf logs an entry in the common format.
func httpLineOf(e Entry) string {
	status := "-"
	if e.Status > 0 {
		status = fmt.Sprintf("%03d", e.Status)
	}
	return fmt.Sprintf("%s - - [%s] \"%s %s HTTP/1.1\" %s %d", e.Client, e.Time.Format("02/Jan/2006:15:04:05 -0700"), e.Op, e.Key, status, e.Size)
}

// s3LineOf logs an entry the way S3 does.
func s3LineOf(e Entry, op string) string {
	return fmt.Sprintf("f00d bkt [%s] %s - 3E57 %s %s \"%s\" %03d - %d %d 1 1 \"-\" \"x\" -",
		e.Time.Format("02/Jan/2006:15:04:05 -0700"), e.Client, op,
		strings.ReplaceAll(url.QueryEscape(url.QueryEscape(e.Key)), "%252F", "/"),
		"GET /"+url.PathEscape(e.Key)+" HTTP/1.1", e.Status, e.Size, e.Size)
}

func TestRoundTrip(t *testing.T) {
	clients := rapid.SampledFrom([]string{"192.0.2.1", "2001:db8::1", "host.example.org"})
	zones := rapid.SampledFrom([]*time.Location{time.UTC, time.FixedZone("", 5*3600+45*60), time.FixedZone("", -9*3600)})
	rapid.Check(t, func(t *rapid.T) {
		e := Entry{
			Time:   time.Unix(rapid.Int64Range(0, 1<<32).Draw(t, "time"), 0).In(zones.Draw(t, "zone")),
			Client: clients.Draw(t, "client"),
			Size:   rapid.Int64Range(0, 1<<62).Draw(t, "size"),
			Status: rapid.IntRange(100, 599).Draw(t, "status"),
		}
		key := rapid.StringMatching(`[a-zA-Z0-9/ +%"{}é€-]{1,40}`).Draw(t, "key")
		if !utf8.ValidString(key) || key == "-" {
			t.Skip()
		}
		h := e
		h.Op, h.Key = "GET", "/"+strings.TrimPrefix((&url.URL{Path: key}).EscapedPath(), "/")
		got, o := parseOne(HTTP, httpLineOf(h), false)
		if h.Time = h.Time.UTC(); o.reason != Taken || got != h {
			t.Errorf("got  %+v (%v %s)\nwant %+v", got, o.reason, o.wrong, h)
		}
		s := e
		s.Op, s.Key, s.Status = "GetObject", key, 200
		got, o = parseOne(S3, s3LineOf(s, "REST.GET.OBJECT"), false)
		if s.Time = s.Time.UTC(); o.reason != Taken || got != s {
			t.Errorf("got  %+v (%v %s)\nwant %+v", got, o.reason, o.wrong, s)
		}
	})
}
