package redisstore

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/squall-sim/squall/breaker"
)

func TestParse(t *testing.T) {
	hash := func(edit map[int]any) []any {
		answer := []any{"hash", "1700000000000001", "7", "1", "0", "5000", "1700000000000000", "2", "me"}
		for part, v := range edit {
			answer[part] = v
		}
		return answer
	}
	for _, c := range []struct {
		answer []any
		want   breaker.Record
	}{
		{[]any{"none"}, breaker.Record{}},
		{[]any{"none", "1"}, breaker.Record{}},
		{hash(nil), breaker.Record{Version: 7, Open: true, Left: 4000, Trips: 2, By: "me"}},
		{hash(map[int]any{partOpen: "0"}), breaker.Record{Version: 7, Left: 5000, Trips: 2, By: "me"}},
		{hash(map[int]any{partIsolated: "1"}), breaker.Record{Version: 7, Open: true, Isolated: true, Left: 5000, Trips: 2, By: "me"}},
		{hash(map[int]any{partNow: "1"}), breaker.Record{Version: 7, Open: true, Left: 5000, Trips: 2, By: "me"}},
		{hash(map[int]any{partNow: "9223372036854775807"}), breaker.Record{Version: 7, Open: true, Left: math.MinInt64, Trips: 2, By: "me"}},
		// 384 ns less, if microseconds became nanoseconds without a look.
		{hash(map[int]any{partNow: "20146744073709552"}), breaker.Record{Version: 7, Open: true, Left: math.MinInt64, Trips: 2, By: "me"}},
		{hash(map[int]any{partLeft: "-9223372036854775808"}), breaker.Record{Version: 7, Open: true, Left: math.MinInt64, Trips: 2, By: "me"}},
	} {
		if got, err := parse("k", c.answer); err != nil || got != c.want {
			t.Errorf("%v: %+v, %v, want %+v", c.answer, got, err, c.want)
		}
	}
	for _, c := range []struct {
		answer []any
		found  string
	}{
		{nil, "0 parts"},
		{[]any{int64(1)}, `"TYPE" is of the type int64`},
		{[]any{"list"}, "a list"},
		{[]any{"hash"}, "1 parts"},
		{hash(nil)[:partBy], "8 parts"},
		{hash(map[int]any{partLeft: nil}), `without "left"`},
		{hash(map[int]any{partBy: int64(3)}), `"by" is of the type int64`},
		{hash(map[int]any{partNow: "soon"}), `"soon" as "TIME"`},
	} {
		got, err := parse("k", c.answer)
		if corrupt := new(CorruptError); !errors.As(err, &corrupt) || !strings.Contains(corrupt.Found, c.found) || got != (breaker.Record{}) {
			t.Errorf("%v: %+v, %v, want %s", c.answer, got, err, c.found)
		}
	}
}

// Whatever Redis answers, it is a record, or an error that tells of the key.
func FuzzParse(f *testing.F) {
	f.Add("hash", "1700000000000001", "7", "1", "0", "5000", "1700000000000000", "2", "me", uint16(9))
	f.Add("hash", "1", "18446744073709551615", "0", "1", "-9223372036854775808", "0", "-1", "", uint16(9))
	f.Add("zset", "", "", "", "", "", "", "", "", uint16(1))
	f.Add("none", "", "", "", "", "", "", "", "", uint16(2))
	f.Fuzz(func(t *testing.T, kind, now, version, open, isolated, left, at, trips, by string, shape uint16) {
		answer := []any{kind, now, version, open, isolated, left, at, trips, by}
		answer = answer[:min(int(shape&15), len(answer))]
		for i := range answer {
			if shape>>(4+i)&1 == 1 {
				answer[i] = nil
			}
		}
		r, err := parse("some key", answer)
		if corrupt := new(CorruptError); err != nil {
			if !errors.As(err, &corrupt) || corrupt.Key != "some key" || corrupt.Found == "" || r != (breaker.Record{}) {
				t.Fatalf("%+v, %#v", r, err)
			}
			return
		}
		if kind == "none" {
			return
		}
		if fmt.Sprint(r.Version) != version || flag(r.Open) != open || flag(r.Isolated) != isolated || fmt.Sprint(r.Trips) != trips || r.By != by {
			t.Fatalf("%+v of %q", r, answer)
		}
		var before time.Duration
		if _, err := fmt.Sscan(left, (*int64)(&before)); err != nil || r.Left > before {
			t.Fatalf("%d left of %q (%v)", r.Left, left, err)
		}
	})
}
