package logs

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var epoch = time.Date(2024, 3, 1, 9, 0, 0, 0, time.UTC)

// entry returns an entry that many seconds after the epoch.
func entry(second int64, client, key string) Entry {
	return Entry{Time: epoch.Add(time.Duration(second) * time.Second), Client: client, Op: "GET", Key: key, Size: 1, Status: 200}
}

// replayOf replays entries.
func replayOf(t testing.TB, o ReplayOptions, entries ...Entry) (*Replay, error) {
	t.Helper()
	c, err := NewCollector(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		c.Add(e)
	}
	return c.Replay()
}

// told returns rows as "at client key".
func told(r *Replay) string {
	var rows []string
	for row := range r.Rows() {
		rows = append(rows, fmt.Sprintf("%v %d %s", row.At, row.Client, row.Key))
	}
	return strings.Join(rows, ", ")
}

func TestReplayTables(t *testing.T) {
	entries := []Entry{
		entry(10, "b", "/1"), entry(10, "a", "/2"), entry(4, "c", "/0"),
		entry(10, "b", "/3"), entry(70, "a", "/5"), entry(10, "d", "/4"),
	}
	at := func(s float64) Bound { return AtTime(epoch.Add(time.Duration(s * 1e9))) }
	for _, tc := range []struct {
		name string
		o    ReplayOptions
		want string
		span time.Duration
	}{
		{"all", ReplayOptions{}, "0s 0 /0, 6s 1 /1, 6.25s 2 /2, 6.5s 1 /3, 6.75s 3 /4, 1m6s 2 /5", 67 * time.Second},
		{"bunched", ReplayOptions{Bunched: true}, "0s 0 /0, 6s 1 /1, 6s 2 /2, 6s 1 /3, 6s 3 /4, 1m6s 2 /5", 67 * time.Second},
		{"ten times faster", ReplayOptions{Speed: 10}, "0s 0 /0, 600ms 1 /1, 625ms 2 /2, 650ms 1 /3, 675ms 3 /4, 6.6s 2 /5", 6700 * time.Millisecond},
		{"half as fast", ReplayOptions{Speed: 0.5, To: AtOffset(time.Second)}, "0s 0 /0", 2 * time.Second},
		{"from an offset", ReplayOptions{From: AtOffset(5 * time.Second)}, "1s 0 /1, 1.25s 1 /2, 1.5s 0 /3, 1.75s 2 /4, 1m1s 1 /5", 62 * time.Second},
		{"to an offset", ReplayOptions{To: AtOffset(6 * time.Second)}, "0s 0 /0", 6 * time.Second},
		{"within a second", ReplayOptions{From: AtOffset(6250 * time.Millisecond), To: AtOffset(6750 * time.Millisecond)}, "0s 0 /2, 250ms 1 /3", 500 * time.Millisecond},
		{"times", ReplayOptions{From: at(10), To: at(11)}, "0s 0 /1, 250ms 1 /2, 500ms 0 /3, 750ms 2 /4", time.Second},
		{"times within a second", ReplayOptions{From: at(10.25), To: at(10.75)}, "0s 0 /2, 250ms 1 /3", 500 * time.Millisecond},
		{"a time and an offset from the first request", ReplayOptions{From: at(10), To: AtOffset(6500 * time.Millisecond)}, "0s 0 /1, 250ms 1 /2", 500 * time.Millisecond},
		{"an offset and a time", ReplayOptions{From: AtOffset(time.Minute), To: at(1000)}, "6s 0 /5", 7 * time.Second},
		{"times outside of the log", ReplayOptions{From: at(-1e6), To: at(1e6)}, "0s 0 /0, 6s 1 /1, 6.25s 2 /2, 6.5s 1 /3, 6.75s 3 /4, 1m6s 2 /5", 67 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := replayOf(t, tc.o, entries...)
			if err != nil {
				t.Fatal(err)
			}
			if got := told(r); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			if s := r.Summary(); s.Span != tc.span || s.Requests+s.Outside != 6 || s.Requests != int64(r.Len()) {
				t.Errorf("span %v, want %v; %d requests, %d outside", s.Span, tc.span, s.Requests, s.Outside)
			}
		})
	}
}

func TestReplaySummary(t *testing.T) {
	e := func(second int64, op string, size int64, status int) Entry {
		e := entry(second, "c", "/k")
		e.Op, e.Size, e.Status = op, size, status
		return e
	}
	r, err := replayOf(t, ReplayOptions{}, e(59, "GET", 5, 200), e(60, "PUT", math.MaxInt64, 503), e(3, "GET", -1, 0), e(61, "GET", 7, 404))
	if err != nil {
		t.Fatal(err)
	}
	want := Summary{
		First: epoch.Add(3 * time.Second), Last: epoch.Add(61 * time.Second), Span: 59 * time.Second,
		Requests: 4, Unsorted: 1, Clients: 1, Keys: 1, Bytes: math.MaxInt64,
		Ops:           []Count{{"GET", 3}, {"PUT", 1}},
		Statuses:      []Count{{"2xx", 1}, {"4xx", 1}, {"5xx", 1}, {"none", 1}},
		Minutes:       2,
		BusiestMinute: Minute{epoch, 2},
	}
	if got := r.Summary(); fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if ops := r.Ops(); !slices.Equal(ops, []string{"GET", "PUT"}) {
		t.Errorf("operations %v", ops)
	}
	if row := r.Row(0); row.Size != 0 {
		t.Errorf("a negative size came out as %d", row.Size)
	}
}

func TestReplayErrors(t *testing.T) {
	year := func(y int) Entry { return Entry{Time: time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC), Op: "GET"} }
	for _, tc := range []struct {
		name    string
		o       ReplayOptions
		entries []Entry
		empty   bool
		want    string
	}{
		{"nothing", ReplayOptions{}, nil, true, "logs: no requests to replay in the logs"},
		{"beyond the end", ReplayOptions{From: AtOffset(time.Second)}, []Entry{year(2024)}, true,
			"logs: no requests to replay between the bounds: the logs are from 2024-01-01T00:00:00Z to 2024-01-01T00:00:00Z"},
		{"in a gap", ReplayOptions{From: AtOffset(time.Second), To: AtOffset(2 * time.Second)}, []Entry{entry(0, "", ""), entry(9, "", "")}, true,
			"logs: no requests to replay from 2024-03-01T09:00:01Z to 2024-03-01T09:00:02Z: all 2 requests are outside"},
		{"before the start", ReplayOptions{To: AtTime(epoch)}, []Entry{entry(0, "", "")}, true,
			"logs: no requests to replay between the bounds: the logs are from 2024-03-01T09:00:00Z to 2024-03-01T09:00:00Z"},
		{"a wrong clock", ReplayOptions{}, []Entry{year(1), year(2024)}, false,
			"logs: the requests are from 0001-01-01T00:00:00Z to 2024-01-01T00:00:00Z, more than 100 years; bounds can leave out those of a wrong clock"},
		{"too slow", ReplayOptions{Speed: MinSpeed}, []Entry{year(2023), year(2024)}, false,
			"logs: at speed 1e-06 the replay of 8760h0m1s would take more than 100 years"},
	} {
		_, err := replayOf(t, tc.o, tc.entries...)
		if err == nil || err.Error() != tc.want || errors.Is(err, ErrEmpty) != tc.empty {
			t.Errorf("%s\ngot  %v\nwant %s", tc.name, err, tc.want)
		}
	}
	r, err := replayOf(t, ReplayOptions{From: AtTime(epoch)}, year(1), entry(5, "a", "/a"))
	if err != nil || told(r) != "5s 0 /a" {
		t.Errorf("a bound does not help against a wrong clock: %v", err)
	}
}

func TestReplayOptionsValidate(t *testing.T) {
	err := ReplayOptions{From: AtOffset(-1), To: AtOffset(-2), Speed: math.NaN()}.Validate()
	if err == nil || strings.Count(err.Error(), "logs: ") != 4 {
		t.Errorf("want four problems, got %v", err)
	}
	for _, o := range []ReplayOptions{
		{Speed: -1}, {Speed: math.Inf(1)}, {Speed: 1e7}, {Speed: 1e-7},
		{From: AtTime(epoch), To: AtTime(epoch)}, {From: AtOffset(0), To: AtOffset(0)},
	} {
		if _, err := NewCollector(o); err == nil {
			t.Errorf("%+v is taken", o)
		}
		if _, _, err := Import(strings.NewReader(""), Options{}, o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}

func TestCollectorTakesManyLogs(t *testing.T) {
	c, err := NewCollector(ReplayOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for round := range 2 { // the second shows that Replay empties it
		for _, log := range []string{combined("/b"), strings.Replace(combined("/a"), "10:05:03", "10:05:02", 1)} {
			s, err := NewScanner(strings.NewReader(log), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Collect(s); err != nil {
				t.Fatal(err)
			}
		}
		r, err := c.Replay()
		if err != nil || told(r) != "0s 0 /a, 1s 0 /b" || r.Summary().Unsorted != 1 {
			t.Errorf("round %d: %v, %v", round, r, err)
		}
	}
}

// drawEntries draws a log of up to a few thousand seconds.
func drawEntries(t *rapid.T) []Entry {
	n := rapid.IntRange(1, 60).Draw(t, "n")
	seconds := rapid.SampledFrom([]int64{1, 5, 4000}).Draw(t, "seconds")
	entries := make([]Entry, n)
	for i := range entries {
		entries[i] = entry(rapid.Int64Range(0, seconds-1).Draw(t, "second"), string(rune('a'+i%7)), fmt.Sprint("/", i))
	}
	return entries
}

func TestReplayProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		entries := drawEntries(rt)
		all, err := replayOf(t, ReplayOptions{}, entries...)
		if err != nil {
			rt.Fatal(err)
		}
		checkOrder(rt, all, entries)
		speed := rapid.Float64Range(1e-3, 1e3).Draw(rt, "speed")
		fast, err := replayOf(t, ReplayOptions{Speed: speed}, entries...)
		if err != nil || fast.Len() != all.Len() {
			rt.Fatal(err)
		}
		for i := range all.Len() {
			a, f := all.Row(i), fast.Row(i)
			if diff := math.Abs(float64(a.At)/speed - float64(f.At)); diff > 1 {
				rt.Errorf("row %d at %v became %v at speed %v", i, a.At, f.At, speed)
			}
			if a.At = f.At; a != f {
				rt.Errorf("speed changed %+v into %+v", a, f)
			}
		}
		checkBounds(rt, t, all, entries)
	})
}

// checkOrder checks that a replay of everything is sorted, keeps the log's
// order within a second, numbers clients as they appear and leaves every
// arrival in its second.
func checkOrder(rt *rapid.T, r *Replay, entries []Entry) {
	sorted := slices.Clone(entries)
	slices.SortStableFunc(sorted, func(a, b Entry) int { return a.Time.Compare(b.Time) })
	if r.Len() != len(entries) {
		rt.Fatalf("%d rows of %d entries", r.Len(), len(entries))
	}
	var next uint64
	for i, e := range sorted {
		row := r.Row(i)
		if row.Key != e.Key || row.At.Truncate(time.Second) != e.Time.Sub(sorted[0].Time) {
			rt.Fatalf("row %d is %+v, want %s in second %v", i, row, e.Key, e.Time.Sub(sorted[0].Time))
		}
		if i > 0 && row.At <= r.Row(i-1).At {
			rt.Fatalf("row %d at %v is not after %v", i, row.At, r.Row(i-1).At)
		}
		if row.Client > next {
			rt.Fatalf("client %d appears before %d", row.Client, next)
		}
		next = max(next, row.Client+1)
	}
	if s := r.Summary(); uint64(s.Clients) != next || r.Row(r.Len()-1).At > s.Span {
		rt.Fatalf("%d clients, summary %+v", next, s)
	}
}

// checkBounds checks that bounds cut a piece out of the replay and change
// nothing else.
func checkBounds(rt *rapid.T, t *testing.T, all *Replay, entries []Entry) {
	last := all.Row(all.Len() - 1).At
	from := time.Duration(rapid.Int64Range(0, int64(last)).Draw(rt, "from"))
	to := from + 1 + time.Duration(rapid.Int64Range(0, int64(last)).Draw(rt, "length"))
	start := all.Summary().First
	for _, o := range []ReplayOptions{
		{From: AtOffset(from), To: AtOffset(to)},
		{From: AtTime(start.Add(from)), To: AtTime(start.Add(to))},
		{From: AtTime(start.Add(from)), To: AtOffset(to)},
	} {
		cut, err := replayOf(t, o, entries...)
		var want []string
		for row := range all.Rows() {
			if row.At >= from && row.At < to {
				want = append(want, fmt.Sprint(row.At-from, row.Op, row.Key, row.Size))
			}
		}
		if len(want) == 0 {
			if !errors.Is(err, ErrEmpty) {
				rt.Fatalf("nothing from %v to %v: %v", from, to, err)
			}
			continue
		}
		if err != nil {
			rt.Fatal(err)
		}
		var got []string
		for row := range cut.Rows() {
			got = append(got, fmt.Sprint(row.At, row.Op, row.Key, row.Size))
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("from %v to %v\ngot  %v\nwant %v", from, to, got, want)
		}
	}
}

func TestParseBound(t *testing.T) {
	day := time.Date(2015, 5, 18, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]Bound{
		"":                           {},
		"36h":                        AtOffset(36 * time.Hour),
		"0":                          AtOffset(0),
		"1h30m":                      AtOffset(90 * time.Minute),
		"2015-05-18":                 AtTime(day),
		"2015-05-18 06:00":           AtTime(day.Add(6 * time.Hour)),
		"2015-05-18T06:00":           AtTime(day.Add(6 * time.Hour)),
		"2015-05-18T06:00:07":        AtTime(day.Add(6*time.Hour + 7*time.Second)),
		"2015-05-18 06:00:07.5":      AtTime(day.Add(6*time.Hour + 7500*time.Millisecond)),
		"2015-05-18T06:00:00+02:00":  AtTime(day.Add(4 * time.Hour)),
		"18/May/2015:06:00:00 -0100": AtTime(day.Add(7 * time.Hour)),
	} {
		got, err := ParseBound(text)
		if err != nil || got.kind != want.kind || got.offset != want.offset || !got.time.Equal(want.time) {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
		if again, err := ParseBound(got.String()); err != nil || again.String() != got.String() || got.IsZero() != (text == "") {
			t.Errorf("%q: %q does not come back: %v, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"x", "30", "2015-13-01", "yesterday"} {
		if _, err := ParseBound(text); err == nil || !strings.Contains(err.Error(), "36h") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
