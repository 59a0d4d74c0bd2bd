package matrix_test

import (
	"bytes"
	"cmp"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/squall-sim/squall/internal/matrix"
	"github.com/squall-sim/squall/retry"
)

func sample(t *testing.T, policies ...retry.Policy) *matrix.Matrix {
	return play(t, matrix.Options{Policies: policies, Version: "v0", Faults: effects(t,
		"none", "SlowDown", "503 retry-after=3s", "AccessDenied", "outage", "garbage", "truncate at=1000", "error-in-200 InternalError", "lost-ack reset")})
}

// TestText: golden tables of one client and of three, for terminals of any width.
func TestText(t *testing.T) {
	var b bytes.Buffer
	m := sample(t, retry.S3())
	write := func(m *matrix.Matrix, o matrix.TextOptions) {
		t.Helper()
		if err := m.Text(&b, o); err != nil {
			t.Fatal(err)
		}
		b.WriteString("\n=====\n\n")
	}
	write(m, matrix.TextOptions{Width: 160})
	write(m, matrix.TextOptions{Width: 80})
	write(sample(t, retry.S3(), retry.AWSStandard21(), retry.None()), matrix.TextOptions{})
	golden(t, "tables.txt", b.Bytes())
	for _, l := range strings.Split(b.String(), "\n") {
		if strings.TrimRight(l, " ") != l {
			t.Errorf("blanks at the end of %q", l)
		}
	}
	b.Reset()
	if err := m.Markdown(&b, matrix.TextOptions{Full: true}); err != nil {
		t.Fatal(err)
	}
	golden(t, "table.md", b.Bytes())
	b.Reset()
	if err := m.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "matrix.json", b.Bytes())
}

// TestTextFits: no line is wider than the terminal, with every fault in every form, and
// no client is left out.
func TestTextFits(t *testing.T) {
	delay := retry.None() // a client's name is not that of a column that may go
	delay.Name = "delay"
	six := []retry.Policy{retry.S3(), retry.API(), retry.AWSStandard21(), delay, retry.BotocoreStandard(), retry.None()}
	for _, kind := range []matrix.Kind{matrix.S3, matrix.HTTP} {
		for _, policies := range [][]retry.Policy{{retry.S3()}, {retry.S3(), retry.AWSStandard21(), retry.None()}, six} {
			m := play(t, matrix.Options{Kind: kind, Policies: policies, Version: "v0"})
			for _, o := range []matrix.TextOptions{{Width: 80}, {Width: 80, Full: true}, {Width: 100}, {}} {
				var b bytes.Buffer
				if err := m.Text(&b, o); err != nil {
					t.Fatal(err)
				}
				for _, p := range policies {
					if _, table, _ := strings.Cut(b.String(), "\n\n"); len(policies) > 1 && !slices.Contains(strings.Fields(table), p.Name) {
						t.Errorf("%s, %d policies, %+v: no %s", kind, len(policies), o, p.Name)
					}
				}
				for _, l := range strings.Split(b.String(), "\n") {
					if n := utf8.RuneCountInString(l); n > cmp.Or(o.Width, 120) {
						t.Errorf("%s, %d policies, %+v: %d columns: %s", kind, len(policies), o, n, l)
					}
				}
			}
		}
	}
}

func TestReadJSONRefuses(t *testing.T) {
	for text, says := range map[string]string{
		"":                                  "unexpected end",
		"{}":                                "it has no kind and schema_version",
		"[]":                                "cannot unmarshal",
		`{"schema_version":1,"kind":"ftp"}`: "it has no kind",
		`{"schema_version":1,"kind":3}`:     "cannot unmarshal",
	} {
		if _, err := matrix.ReadJSON(strings.NewReader(text)); !errors.Is(err, matrix.ErrNotMatrix) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %s", text, err, says)
		}
	}
	_, err := matrix.ReadJSON(strings.NewReader(`{"schema_version":2,"kind":"s3"}`))
	var schema *matrix.SchemaError
	if !errors.As(err, &schema) || schema.Got != 2 {
		t.Error(err)
	}
}

func TestCompare(t *testing.T) {
	kept := sample(t, retry.S3())
	now := sample(t, retry.S3())
	now.Cells[3].Class, now.Cells[3].Attempts = "fatal", matrix.Range{Min: 1, Max: 2}
	now.Cells[4].Truth = "false success"
	gone := now.Cells[7]
	now.Cells = append(now.Cells[:7], now.Cells[8:]...)
	kept.Cells = append(kept.Cells[:9], kept.Cells[10:]...)
	var got []string
	for _, c := range matrix.Compare(kept, now) {
		got = append(got, c.String())
	}
	want := []string{
		"s3, none on DeleteObject: attempts 1–2, was 1; class fatal, was nothing",
		"s3, none on ListObjectsV2: truth false success, was nothing",
		"s3, none on CompleteMultipartUpload: it is new",
		"s3, none on " + gone.Op + ": it is gone",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestCompareOfPrograms: what they say and how long they wait is another every time.
func TestCompareOfPrograms(t *testing.T) {
	was := matrix.Cell{Client: "program", Fault: "500", Op: "GetObject", Ended: "exit", Got: "error 17", TookNS: matrix.Range{Max: 5}}
	is := was
	is.Got, is.TookNS, is.Delay = "error 18", matrix.Range{Max: 9}, matrix.Delay{Class: "<1s", MaxNS: 3}
	a, b := &matrix.Matrix{Cells: []matrix.Cell{was}}, &matrix.Matrix{Cells: []matrix.Cell{is}}
	if c := matrix.Compare(a, b); len(c) > 0 {
		t.Error(c)
	}
	b.Cells[0].ExitCode = 3
	if c := matrix.Compare(a, b); len(c) != 1 || c[0].String() != "program, 500 on GetObject: exit code 3, was 0" {
		t.Error(c)
	}
}

// TestFieldsAreDocumented: docs/matrix.md has every field of the JSON.
func TestFieldsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/matrix.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []reflect.Type{reflect.TypeFor[matrix.Matrix](), reflect.TypeFor[matrix.Client](), reflect.TypeFor[matrix.Cell](), reflect.TypeFor[matrix.Delay](), reflect.TypeFor[matrix.Range]()} {
		for i := range of.NumField() {
			name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			if name == "" || !strings.Contains(string(page), "`"+name+"`") {
				t.Errorf("docs/matrix.md does not have `%s` of %s", name, of)
			}
		}
	}
}
