package scenarios

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
)

// FuzzParse: no text makes Parse panic, or report a place outside the
// file; and what it accepts, Write prints so that Parse reads the same.
func FuzzParse(f *testing.F) {
	f.Add([]byte(sound))
	f.Add([]byte(replayed))
	f.Add([]byte(routed))
	for _, name := range libraryNames() {
		text, _ := Source(name)
		f.Add(text)
	}
	for _, m := range mistakes {
		text := []byte(sound)
		for i := 0; i < len(m.edits); i += 2 {
			text = bytes.Replace(text, []byte(m.edits[i]), []byte(m.edits[i+1]), 1)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		sc, err := Parse("fuzz.yaml", data)
		if err == nil {
			checkRoundTrip(t, sc)
			return
		}
		var problems *Problems
		if !errors.As(err, &problems) || len(problems.List) == 0 || err.Error() == "" {
			t.Fatalf("not a list of problems: %v", err)
		}
		lines := 1 + bytes.Count(data, []byte("\n")) + bytes.Count(data, []byte("\r"))
		for _, p := range problems.List {
			if p.Message == "" || p.Line < 0 || p.Line > lines || p.Line > 0 && p.Column < 1 {
				t.Fatalf("not a problem: %+v", p)
			}
		}
	})
}

func checkRoundTrip(t *testing.T, sc *Scenario) {
	var buf bytes.Buffer
	if err := Write(&buf, sc); err != nil {
		t.Fatalf("parsed, but not valid: %v", err)
	}
	back, err := Parse("fuzz.yaml", buf.Bytes())
	if err != nil {
		t.Fatalf("written, but not read back: %v\n%s", err, buf.Bytes())
	}
	sc.origin, back.origin = origin{}, origin{}
	if !reflect.DeepEqual(sc, back) {
		t.Fatalf("%s\n%+v\n%+v", buf.Bytes(), sc, back)
	}
}
