package logs

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// combined returns a good line for the path.
func combined(path string) string {
	return "192.0.2.1 - - " + stamp + ` "GET ` + path + ` HTTP/1.1" 200 7 "-" "-"`
}

// zip compresses each part into a member of its own.
func zip(t testing.TB, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, part := range parts {
		z := gzip.NewWriter(&b)
		if _, err := io.WriteString(z, part); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// scanAll scans to the end.
func scanAll(t testing.TB, r io.Reader, o Options) ([]Entry, Report, error) {
	t.Helper()
	s, err := NewScanner(r, o)
	if err != nil {
		return nil, Report{}, err
	}
	var entries []Entry
	for e := range s.All() {
		entries = append(entries, e)
	}
	if s.Scan() {
		t.Error("Scan goes on after the end")
	}
	return entries, s.Report(), s.Err()
}

func keysOf(entries []Entry) string {
	var keys []string
	for _, e := range entries {
		keys = append(keys, fmt.Sprintf("%d:%s", e.Line, e.Key))
	}
	return strings.Join(keys, " ")
}

func TestScannerLineEnds(t *testing.T) {
	a, b := combined("/a"), combined("/b")
	for name, input := range map[string]string{
		"unix":          a + "\n" + b + "\n",
		"no last end":   a + "\n" + b,
		"windows":       a + "\r\n" + b + "\r\n",
		"byte order":    "\ufeff" + a + "\n" + b,
		"one gzip":      string(zip(t, a+"\n"+b+"\n")),
		"two gzips":     string(zip(t, a+"\n", b+"\n")),
		"gzip inside a": string(zip(t, a+"\n"+b[:10], b[10:])),
	} {
		entries, report, err := scanAll(t, strings.NewReader(input), Options{})
		if got := keysOf(entries); err != nil || got != "1:/a 2:/b" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if report.Lines != 2 || report.Gzip != strings.Contains(name, "gzip") || report.Format != HTTP {
			t.Errorf("%s: %+v", name, report)
		}
		entries, _, err = scanAll(t, iotest.OneByteReader(strings.NewReader(input)), Options{})
		if got := keysOf(entries); err != nil || got != "1:/a 2:/b" {
			t.Errorf("%s, byte by byte: %q, %v", name, got, err)
		}
	}
}

func TestScannerLongLines(t *testing.T) {
	line := func(n int) string { // a good line of n bytes
		return combined("/" + strings.Repeat("x", n-len(combined("/"))))
	}
	for _, limit := range []int{200, bufferSize - 1, bufferSize, bufferSize + 1, 3*bufferSize + 7} {
		for _, end := range []string{"\n", "\r\n"} {
			input := combined("/a") + end + line(limit) + end + line(limit+1) + end + line(limit*2) + end + combined("/z") + end
			entries, report, err := scanAll(t, strings.NewReader(input), Options{MaxLine: limit, MaxBad: 1})
			if err != nil || len(entries) != 3 || entries[1].Line != 2 || entries[2].Key != "/z" || entries[2].Line != 5 {
				t.Fatalf("limit %d: %d entries, %v, %v", limit, len(entries), report, err)
			}
			if len(report.Skipped) != 1 || report.Skipped[0].Reason != TooLong || report.Skipped[0].Lines != 2 {
				t.Errorf("limit %d: %v", limit, report)
			}
			if p := report.Problems[0]; p.Line != 3 || p.Column != limit+1 {
				t.Errorf("limit %d: %v", limit, p)
			}
		}
	}
	// A long line without an end must not be held in memory.
	endless := io.MultiReader(strings.NewReader(combined("/a")+"\n"), io.LimitReader(zeros{}, 64<<20))
	s, err := NewScanner(endless, Options{Format: HTTP, MaxLine: 1 << 10, MaxBad: 1})
	if err != nil {
		t.Fatal(err)
	}
	for s.Scan() {
	}
	if s.Err() != nil || s.Report().Bad() != 1 || cap(s.line) > 4*bufferSize {
		t.Errorf("%v, %v, %d bytes held", s.Err(), s.Report(), cap(s.line))
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func TestScannerBadShare(t *testing.T) {
	input := strings.Repeat(combined("/a")+"\n", 18) + "\n# comment\nbroken one\nbroken two\n"
	entries, report, err := scanAll(t, strings.NewReader(input), Options{Name: "x.log"})
	if err != nil || len(entries) != 18 || report.Bad() != 2 {
		t.Fatalf("one in ten may be broken: %v, %v", report, err)
	}
	entries, report, err = scanAll(t, strings.NewReader(input+"broken three\n"), Options{Name: "x.log", Problems: 2})
	var bad *BadShareError
	if !errors.As(err, &bad) || bad.Bad != 3 || bad.Lines != 21 || len(bad.Problems) != 2 || len(entries) != 18 {
		t.Fatalf("%v: %+v", err, bad)
	}
	if want := `logs: 3 of 21 lines of x.log are broken (format http), 14.3 % where at most 10.0 % may be; the first is x.log:21:11: no time in brackets, such as [17/May/2015:10:05:03 +0000]`; err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
	if len(report.Problems) != 2 || report.Problems[1].Line != 22 {
		t.Errorf("problems: %v", report.Problems)
	}
	if _, report, err = scanAll(t, strings.NewReader(input), Options{MaxBad: -1, Problems: -1}); !errors.As(err, &bad) || report.Problems != nil {
		t.Errorf("none may be broken: %v, %v", err, report)
	}
	if _, _, err = scanAll(t, strings.NewReader(strings.Repeat(combined("/a")+"\n", 18)), Options{MaxBad: -1}); err != nil {
		t.Errorf("none is broken: %v", err)
	}
}

func TestScannerFormats(t *testing.T) {
	s3 := s3Line("REST.GET.OBJECT", "k", `"GET /k HTTP/1.1"`, "200 - 10 100") + "\n"
	for _, tc := range []struct {
		name, input string
		o           Options
		want        Format
	}{
		{"http", combined("/a"), Options{}, HTTP},
		{"s3", s3, Options{}, S3},
		{"s3 after broken lines", "x\ny\n\n# z\n" + s3 + s3, Options{MaxBad: 1}, S3},
		{"nothing in it is a request", "h - - " + stamp + ` "-" 408 -`, Options{}, HTTP},
		{"forced", s3, Options{Format: HTTP, MaxBad: 1}, HTTP},
		{"empty", "", Options{}, Auto},
		{"blank", "\n\n# x\n", Options{}, Auto},
		{"long first line", combined("/" + strings.Repeat("x", 2*bufferSize)), Options{Format: HTTP}, HTTP},
	} {
		_, report, err := scanAll(t, strings.NewReader(tc.input), tc.o)
		if err != nil || report.Format != tc.want {
			t.Errorf("%s: %v, %v; want %v", tc.name, report, err, tc.want)
		}
	}
	_, _, err := scanAll(t, strings.NewReader("\n"+`{"time": "2024-01-01", "path": "/"}`+"\n"), Options{Name: "app.json"})
	var unknown *FormatError
	if !errors.As(err, &unknown) || unknown.First.Line != 2 {
		t.Fatalf("got %v", err)
	}
	if want := "logs: app.json is in no known format (app.json:2:36: no time in brackets, such as [17/May/2015:10:05:03 +0000]); Apache's or nginx's common or combined format or an S3 server access log would be right"; err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
}

func TestScannerReadErrors(t *testing.T) {
	whole := zip(t, strings.Repeat(combined("/a")+"\n", 5000))
	entries, report, err := scanAll(t, bytes.NewReader(whole[:len(whole)-9]), Options{Name: "cut.gz"})
	var read *ReadError
	if !errors.As(err, &read) || !errors.Is(err, io.ErrUnexpectedEOF) || read.Line != report.Lines || len(entries) == 0 {
		t.Errorf("cut off: %v after %d entries", err, len(entries))
	}
	if _, err := NewScanner(bytes.NewReader(whole[:5]), Options{}); !errors.As(err, &read) {
		t.Errorf("cut off in the header: %v", err)
	}
	boom := errors.New("disk on fire")
	failing := io.MultiReader(strings.NewReader(combined("/a")+"\n"+combined("/b")), iotest.ErrReader(boom))
	entries, _, err = scanAll(t, failing, Options{Format: HTTP})
	if !errors.Is(err, boom) || keysOf(entries) != "1:/a" {
		t.Errorf("%v after %q", err, keysOf(entries))
	}
	if _, err := NewScanner(iotest.ErrReader(boom), Options{}); !errors.Is(err, boom) {
		t.Errorf("at once: %v", err)
	}
}

func TestScannerReplayable(t *testing.T) {
	input := s3Line("REST.GET.OBJECT", "k", "-", "200 - 10 100") + "\n" + s3Line("REST.PUT.PART", "k", "-", "200 - 10 100") + "\n"
	entries, report, err := scanAll(t, strings.NewReader(input), Options{Replayable: func(op string) bool { return op == "GetObject" }})
	if err != nil || len(entries) != 1 || fmt.Sprint(report.Skipped) != "[{operation that cannot be replayed 1 [{UploadPart 1}]}]" {
		t.Errorf("%v, %v, %v", entries, report, err)
	}
}

func TestReportBoundsDetails(t *testing.T) {
	var b strings.Builder
	name := func(i int) string { return string([]byte{'A' + byte(i/26), 'A' + byte(i%26)}) }
	for i := range 100 {
		fmt.Fprintf(&b, "h - - %s \"X%s / HTTP/1.1\" 400 0\n", stamp, name(i))
	}
	_, report, err := scanAll(t, strings.NewReader(b.String()), Options{})
	if err != nil || len(report.Skipped) != 1 {
		t.Fatal(report, err)
	}
	details := report.Skipped[0].Details
	if len(details) != maxDetails+1 || details[0] != (Count{others, 36}) {
		t.Errorf("%d details, first %v", len(details), details[0])
	}
}

func TestOptionsValidate(t *testing.T) {
	err := Options{Format: 9, MaxLine: -1, MaxBad: math.NaN()}.Validate()
	if err == nil || strings.Count(err.Error(), "logs: ") != 3 {
		t.Errorf("want three problems, got %v", err)
	}
	for _, o := range []Options{{MaxBad: 1.01}, {MaxBad: math.Inf(1)}, {MaxLine: maxMaxLine + 1}} {
		if o.Validate() == nil {
			t.Errorf("%+v is taken", o)
		}
		if _, err := NewScanner(strings.NewReader(""), o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
	if err := (Options{}).Validate(); err != nil {
		t.Error(err)
	}
}

func TestParseFormat(t *testing.T) {
	for _, name := range Formats() {
		f, err := ParseFormat(strings.ToUpper(name))
		if err != nil {
			t.Error(err)
		}
		if again, err := ParseFormat(f.String()); err != nil || again != f {
			t.Errorf("%q: %v, %v", f, again, err)
		}
	}
	if _, err := ParseFormat("iis"); err == nil || !strings.Contains(err.Error(), "s3") {
		t.Errorf("got %v", err)
	}
}

// Nothing is lost: whatever the lines are, each is counted once.
func TestScannerCountsEveryLine(t *testing.T) {
	lines := []string{
		combined("/a"), "", "   ", "# c", "junk", strings.Repeat("y", 300), "h - - " + stamp + ` "-" 408 -`,
		"h - - " + stamp + ` "\x16\x03" 400 0`, "h - - " + stamp + ` "TRACE / HTTP/1.1" 405 0`,
		s3Line("REST.GET.OBJECT", "k", "-", "200 - 1 1"), s3Line("BATCH.DELETE.OBJECT", "k", "-", "- - - -"),
		s3Line("S3.EXPIRE.OBJECT", "k", "-", "- - - -"),
	}
	rapid.Check(t, func(t *rapid.T) {
		picked := rapid.SliceOf(rapid.SampledFrom(lines)).Draw(t, "lines")
		format := rapid.SampledFrom([]Format{HTTP, S3}).Draw(t, "format")
		s, err := NewScanner(strings.NewReader(strings.Join(picked, "\n")+"\n"), Options{Format: format, MaxBad: 1, MaxLine: 299})
		if err != nil {
			t.Fatal(err)
		}
		var entries int64
		for s.Scan() {
			entries++
		}
		report := s.Report()
		sum := report.Taken
		for _, skip := range report.Skipped {
			sum += skip.Lines
			var details int64
			for _, d := range skip.Details {
				details += d.N
			}
			if details != 0 && details != skip.Lines {
				t.Errorf("%v: details add up to %d", skip, details)
			}
		}
		if want := int64(max(len(picked), 1)); s.Err() != nil || report.Lines != want || sum != want || entries != report.Taken {
			t.Errorf("%d lines, %d counted, %d entries: %v, %v", want, sum, entries, report, s.Err())
		}
	})
}
