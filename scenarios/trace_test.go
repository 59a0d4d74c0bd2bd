package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestReadTrace(t *testing.T) {
	const text = "\uFEFFat,client,op,key,size\r\n" +
		"0s,10.0.0.1,GetObject,raw/a.json,4096\r\n" +
		"1.5s,10.0.0.2,PutObject,\"a,\"\"b\"\"\",64KiB\r\n" +
		"1.5s,10.0.0.1,ListObjectsV2,,0\r\n"
	rows, err := ReadTrace(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []TraceRow{
		{0, "10.0.0.1", "GetObject", "raw/a.json", 4096},
		{1500 * time.Millisecond, "10.0.0.2", "PutObject", `a,"b"`, 64 << 10},
		{1500 * time.Millisecond, "10.0.0.1", "ListObjectsV2", "", 0},
	}
	if !slices.Equal(rows, want) {
		t.Errorf("got %+v", rows)
	}
}

func TestReadTraceSaysWhatIsWrongAndWhere(t *testing.T) {
	const h = TraceHeader + "\n"
	tests := []struct{ name, text, want string }{
		{"empty", "", "trace line 1: the trace is empty; its first line is at,client,op,key,size"},
		{"no rows", h, "trace line 1: the trace has no rows; write one below the header"},
		{"other header", "time,client\n", `trace line 1: the header is "time,client"; write at,client,op,key,size`},
		{"no header", "1s,a,GET,/,0\n", `trace line 1: the header is "1s,a,GET,/,0"`},
		{"fields", h + "1s,a,GET,/\n", "trace line 2: the row has 4 fields; write the 5 of at,client,op,key,size, such as"},
		{"bare time", h + "12,a,GET,/,0\n", "trace line 2: at: 12 has no unit; write 12s (or 12ms, 12m)"},
		{"no time", h + ",a,GET,/,0\n", `trace line 2: at: "" is not a duration`},
		{"before the start", h + "-1s,a,GET,/,0\n", `trace line 2: at: "-1s" is before the start`},
		{"too late", h + "9000h,a,GET,/,0\n", `trace line 2: at: "9000h" is longer than any run; write at most 8784h`},
		{"unsorted", h + "2s,a,GET,/,0\n1s,a,GET,/,0\n", `trace line 3: at: "1s" is before the row above, 2s; sort the rows by at`},
		{"client", h + "1s,,GET,/,0\n", "trace line 2: client: empty; write what the call's client is"},
		{"op", h + "1s,a,,/,0\n", "trace line 2: op: empty"},
		{"size", h + "1s,a,GET,/,big\n", `trace line 2: size: "big" is not a size`},
		{"negative size", h + "1s,a,GET,/,-1\n", `trace line 2: size: "-1" is not a possible size; write 0 to 5497558138880 bytes`},
		{"quote", h + "1s,a,GET,\"/,0\n", "extraneous or missing"},
		{"control", h + "1s,a,GET,\"/\nx\",0\n", "trace line 2: key: a control character, or not UTF-8; percent-encode it"},
	}
	for _, tt := range tests {
		_, err := ReadTrace(strings.NewReader(tt.text))
		var bad *TraceError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s:\n got %v\nwant %s", tt.name, err, tt.want)
		}
	}
}

// A reader goes on after a bad row, so that all can be told at once.
func TestTraceReaderGoesOn(t *testing.T) {
	r := NewTraceReader(strings.NewReader(TraceHeader + "\n1,a,GET,/,0\n1s,a,GET,/,0\n1s,a\n2s,a,GET,/,0\n"))
	var good, bad int
	for {
		_, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			bad++
		} else {
			good++
		}
	}
	if good != 2 || bad != 2 {
		t.Errorf("got %d good and %d bad rows, want 2 and 2", good, bad)
	}
}

// A read that fails is told as what it is, and stays failed.
func TestTraceReaderPassesReadErrorsOn(t *testing.T) {
	broken := errors.New("disk on fire")
	r := NewTraceReader(io.MultiReader(strings.NewReader(TraceHeader+"\n1s,a,GET,/,0\n"), &failing{broken}))
	if _, err := r.Read(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := r.Read(); !errors.Is(err, broken) {
			t.Fatalf("got %v, want %v in it", err, broken)
		}
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

func TestTraceWriterRefusesWhatCannotBeReadBack(t *testing.T) {
	good := TraceRow{time.Second, "a", "GET", "/", 0}
	for name, change := range map[string]func(*TraceRow){
		"negative time": func(r *TraceRow) { r.At = -1 },
		"late time":     func(r *TraceRow) { r.At = MaxDuration + 1 },
		"unsorted":      func(r *TraceRow) { r.At = 0 },
		"client":        func(r *TraceRow) { r.Client = "" },
		"op":            func(r *TraceRow) { r.Op = "" },
		"size":          func(r *TraceRow) { r.Size = -1 },
		"huge size":     func(r *TraceRow) { r.Size = MaxSize + 1 },
		"control":       func(r *TraceRow) { r.Key = "a\rb" },
		"not UTF-8":     func(r *TraceRow) { r.Key = "a\xff" },
	} {
		w := NewTraceWriter(io.Discard)
		if err := w.Write(good); err != nil {
			t.Fatal(err)
		}
		row := good
		change(&row)
		if err := w.Write(row); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

func TestTraceReadsBackWhatItWrites(t *testing.T) {
	text := rapid.StringOfN(rapid.RuneFrom([]rune("aZ09/.-_ ,\"'éя{}#")), 1, 20, -1)
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) TraceRow {
			return TraceRow{
				At:     time.Duration(rapid.Int64Range(0, int64(MaxDuration)).Draw(t, "at")),
				Client: text.Draw(t, "client"), Op: text.Draw(t, "op"), Key: text.Draw(t, "key"),
				Size: Size(rapid.Int64Range(0, int64(MaxSize)).Draw(t, "size")),
			}
		}), 1, 20).Draw(t, "rows")
		slices.SortStableFunc(rows, func(a, b TraceRow) int { return int(min(1, max(-1, a.At-b.At))) })
		var buf bytes.Buffer
		w := NewTraceWriter(&buf)
		for _, row := range rows {
			if err := w.Write(row); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		back, err := ReadTrace(&buf)
		if err != nil || !slices.Equal(back, rows) {
			t.Fatalf("%v: wrote %+v, read %+v", err, rows, back)
		}
	})
}

func FuzzReadTrace(f *testing.F) {
	f.Add(TraceHeader + "\n0s,10.0.0.1,GetObject,raw/a.json,4096\n")
	f.Add(TraceHeader + "\r\n1.5s,a,PUT,\"/a,b\",64KiB\r\n\r\n2s,a,b,c,d\n")
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := ReadTrace(strings.NewReader(text))
		if err != nil {
			return
		}
		var buf bytes.Buffer
		w := NewTraceWriter(&buf)
		for _, row := range rows {
			if err := w.Write(row); err != nil {
				t.Fatalf("read %+v but cannot write it: %v", row, err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		back, err := ReadTrace(&buf)
		if err != nil || !slices.Equal(back, rows) {
			t.Fatalf("%v: read %+v, wrote, read %+v", err, rows, back)
		}
	})
}

func BenchmarkReadTrace(b *testing.B) {
	const n = 100_000
	var buf bytes.Buffer
	w := NewTraceWriter(&buf)
	for i := range n {
		w.Write(TraceRow{time.Duration(i) * 137 * time.Microsecond, fmt.Sprint("10.0.0.", i%250), "GetObject", fmt.Sprint("raw/", i%5000, ".json"), Size(i)})
	}
	w.Flush()
	b.SetBytes(int64(buf.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if rows, err := ReadTrace(bytes.NewReader(buf.Bytes())); err != nil || len(rows) != n {
			b.Fatal(err, len(rows))
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
