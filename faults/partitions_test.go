package faults

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// play sends writes at an even rate and returns how many of each minute were
// refused, of those in a minute.
func play(l *Limiter, perSecond int, span time.Duration, key func(i int) string) []int {
	out := make([]int, int(span/time.Minute))
	n := perSecond * int(span/time.Second)
	for i := range n {
		at := time.Duration(i) * time.Second / time.Duration(perSecond)
		if refused(l.Meet(at, putBy(0, uint64(i), key(i)), through)) {
			out[int(at/time.Minute)]++
		}
	}
	return out
}

func TestHotPrefixesSplit(t *testing.T) {
	prefixes := Prefixes{Writes: Rate{100, time.Second}, Reads: Rate{100, time.Second}, SplitAfter: 4 * time.Minute}
	t.Run("spread over prefixes", func(t *testing.T) {
		l := limiterOf(t, Limits{Prefixes: &prefixes})
		got := play(l, 150, 10*time.Minute, func(i int) string { return fmt.Sprintf("raw/%d/%d", i%16, i) })
		// 100 of 150 a second are served, and a second's worth once; two halves serve them all.
		if got[0] < 60*50-101 || got[0] > 60*50-99 || got[3] != 60*50 || got[5] != 0 || got[9] != 0 {
			t.Errorf("refused by the minute: %v", got)
		}
		s := l.Splits()
		if len(s) != 1 || s[0].Count != 2 || s[0].Bucket != "b" || !strings.HasPrefix(s[0].Key, "raw/") {
			t.Fatalf("splits: %+v", s)
		}
		// Hot from the first refusal, when the burst was used up, just before 2 s.
		if s[0].At < 4*time.Minute+1900*time.Millisecond || s[0].At > 4*time.Minute+3*time.Second {
			t.Errorf("split at %v", s[0].At)
		}
	})
	t.Run("doubling", func(t *testing.T) {
		l := limiterOf(t, Limits{Prefixes: &prefixes})
		got := play(l, 300, 15*time.Minute, func(i int) string { return fmt.Sprintf("raw/%d/%d", i*7%64, i) })
		if s := l.Splits(); len(s) < 3 || got[14] != 0 || got[2] < 60*199 || got[6] < 60*90 || got[6] > 60*110 || got[10] > 60*30 {
			t.Errorf("refused by the minute: %v, splits %+v", got, s)
		}
	})
	for name, key := range map[string]func(i int) string{
		"one key":         func(int) string { return "raw/one" },
		"keys that grow":  func(i int) string { return fmt.Sprintf("raw/%09d", i) },
		"growing in time": func(i int) string { return fmt.Sprintf("2026/%06d/%d", i/150, i%7) },
	} {
		t.Run(name, func(t *testing.T) {
			l := limiterOf(t, Limits{Prefixes: &prefixes})
			got := play(l, 150, 20*time.Minute, key)
			if slices.Max(got[15:]) != 60*50 || slices.Min(got[15:]) < 60*40 {
				t.Errorf("refused by the minute: %v, splits %+v", got, l.Splits())
			}
		})
	}
}

func TestPrefixesCoolDown(t *testing.T) {
	prefixes := Prefixes{Writes: Rate{10, time.Second}, Reads: Rate{10, time.Second}, SplitAfter: 4 * time.Minute}
	l := limiterOf(t, Limits{Prefixes: &prefixes})
	i := 0
	for at := time.Duration(0); at < time.Hour; at += 10 * time.Millisecond {
		if at%(3*time.Minute) > 90*time.Second { // a burst of a minute and a half, and as long a rest: it cools in a minute
			continue
		}
		i++
		l.Meet(at, putBy(0, uint64(i), fmt.Sprintf("%d/x", i%100)), through)
	}
	if s := l.Splits(); len(s) > 0 {
		t.Errorf("split although it cooled each time: %+v", s)
	}
	if n := l.Counts()[0].Refused; n == 0 {
		t.Error("nothing was refused")
	}
}

// Reads and writes, and buckets, have rates of their own; what is about no key
// has none.
func TestPrefixesAreByBucketAndAccess(t *testing.T) {
	l := limiterOf(t, Limits{Prefixes: &Prefixes{Writes: Rate{1, time.Second}, Reads: Rate{2, time.Second}, SplitAfter: time.Hour}})
	other := putBy(0, 0, "k")
	other.Bucket = "c"
	var got []bool
	for _, r := range []Request{putBy(0, 0, "k"), putBy(0, 0, "z"), getBy(0, 0, "k"), getBy(0, 0, "k"), getBy(0, 0, "k"), other, {Op: "ListBuckets"}, {Op: "ListObjectsV2", Bucket: "b"}} {
		got = append(got, refused(l.Meet(0, r, through)))
	}
	if want := []bool{false, true, false, false, true, false, false, true}; !slices.Equal(got, want) {
		t.Errorf("refused %v, want %v", got, want)
	}
}

// Partitions are a partition of the keys, whatever comes, and each lets no more
// through than its rate.
func TestPartitionsHoldTheirRate(t *testing.T) {
	splits := 0
	rapid.Check(t, func(t *rapid.T) {
		rate := Rate{rapid.Int64Range(1, 5).Draw(t, "n"), time.Second}
		l, err := NewLimiter(Limits{Prefixes: &Prefixes{Writes: rate, Reads: rate, SplitAfter: time.Duration(rapid.IntRange(1, 20).Draw(t, "split after")) * time.Second}})
		if err != nil {
			t.Fatal(err)
		}
		let, at := map[string]int64{}, time.Duration(0)
		for i := range 400 {
			at += rapid.SampledFrom([]time.Duration{0, 1, 50 * time.Millisecond, 99 * time.Millisecond, 300 * time.Millisecond}).Draw(t, "gap")
			r := putBy(0, uint64(i), rapid.StringMatching(`[ab/]{1,4}`).Draw(t, "key"))
			if refused(l.Meet(at, r, through)) {
				continue
			}
			let[l.parts.find(at, &r).low]++
		}
		list := l.parts.byBucket["b"]
		if len(list) != len(l.Splits())+1 || list[0].low != "" || !slices.IsSortedFunc(list, func(a, b *partition) int { return strings.Compare(a.low, b.low) }) {
			t.Fatalf("%d partitions after %d splits", len(list), len(l.Splits()))
		}
		for low, n := range let {
			if most := rate.N + rate.N*int64(at)/int64(time.Second); n > most {
				t.Fatalf("partition %q let %d through in %v", low, n, at)
			}
		}
		splits += len(l.Splits())
	})
	if splits == 0 {
		t.Error("nothing ever split")
	}
}

func TestPrefixesAreValidated(t *testing.T) {
	for want, p := range map[string]Prefixes{
		"prefixes.writes: the rate 0/s is not possible":            {Writes: Rate{0, time.Second}, Reads: DefaultPrefixReads, SplitAfter: time.Hour},
		"prefixes.split_after: a partition cannot split after 0s":  {Writes: DefaultPrefixWrites, Reads: DefaultPrefixReads},
		"prefixes.split_after: a partition cannot split after -1s": {Writes: DefaultPrefixWrites, Reads: DefaultPrefixReads, SplitAfter: -time.Second},
	} {
		var bad *InvalidError
		if err := (Limits{Prefixes: &p}).Validate(); !errors.As(err, &bad) || !strings.Contains(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	p := DefaultPrefixes()
	if err := (Limits{Prefixes: &p}).Validate(); err != nil {
		t.Error(err)
	}
}
