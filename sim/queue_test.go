package sim

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// events is a queue of pending events.
type events interface {
	push(at time.Duration, word uint64)
	pop() (at time.Duration, word uint64, ok bool)
}

// endless is the queue for who wants the next event whenever that is.
type endless struct{ queue }

func (q *endless) pop() (time.Duration, uint64, bool) { return q.queue.pop(Never) }

// rivals are the queue and what was measured against it.
func rivals() map[string]func() events {
	return map[string]func() events{
		"queue":    func() events { return new(endless) },
		"radix":    func() events { return new(radix) },
		"heap4":    func() events { return new(heap4) },
		"calendar": func() events { return new(calendar) },
	}
}

// Whatever comes in which order: the queue, and those that it is measured against,
// give it out by time, and by the order in which it came.
func TestQueuesKeepTheOrder(t *testing.T) {
	for name, make := range rivals() {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				type entry struct {
					at   time.Duration
					data uint64
				}
				q := make()
				var want []entry
				now, data := time.Duration(0), uint64(0)
				gap := rapid.OneOf(rapid.Int64Range(0, 3), rapid.Int64Range(0, 1e6), rapid.Int64Range(0, 1e15))
				for range rapid.IntRange(0, 300).Draw(t, "steps") {
					if rapid.IntRange(0, 2).Draw(t, "what") > 0 {
						data++
						at := Add(now, time.Duration(gap.Draw(t, "gap")))
						q.push(at, data)
						want = append(want, entry{at, data})
						slices.SortStableFunc(want, func(a, b entry) int { return cmp.Compare(a.at, b.at) })
					} else if at, d, ok := q.pop(); ok != (len(want) > 0) || ok && (entry{at, d}) != want[0] {
						t.Fatalf("popped %v %d %t, want %v", at, d, ok, want)
					} else if ok {
						now, want = at, want[1:]
					}
				}
				for _, e := range want {
					if at, d, ok := q.pop(); !ok || at != e.at || d != e.data {
						t.Fatalf("popped %v %d %t, want %v", at, d, ok, e)
					}
				}
			})
		})
	}
}

// A look at the next event binds nobody: what is due before it may still come.
func TestPeekChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var looked, plain endless
		now := time.Duration(0)
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "push") {
				at := now + time.Duration(rapid.Int64Range(0, 1<<40).Draw(t, "gap"))
				looked.push(at, uint64(at))
				plain.push(at, uint64(at))
			}
			if _, _, early := looked.queue.pop(now - 1); early {
				t.Fatalf("an event before %v", now)
			}
			if at, ok := looked.peek(); ok != (plain.len() > 0) {
				t.Fatalf("saw %v %t of %d", at, ok, plain.len())
			} else if ok && rapid.Bool().Draw(t, "pop") {
				got, _, _ := looked.pop()
				want, _, _ := plain.pop()
				if got != want || at != want {
					t.Fatalf("saw %v, popped %v, want %v", at, got, want)
				}
				now = got
			}
		}
		if looked.len() != plain.len() {
			t.Fatalf("%d and %d events", looked.len(), plain.len())
		}
	})
}

func TestQueueToTheEndOfTime(t *testing.T) {
	var q endless
	for i, at := range []time.Duration{math.MaxInt64, 0, 1, math.MaxInt64 - 1, math.MaxInt64, 1 << 62} {
		q.push(at, uint64(i))
	}
	var got []uint64
	for {
		_, word, ok := q.pop()
		if !ok {
			break
		}
		got = append(got, word)
	}
	if !slices.Equal(got, []uint64{1, 2, 5, 3, 0, 4}) {
		t.Error(got)
	}
}

// Chunks that are empty serve again, and a queue that is empty has nothing in its slots.
func TestQueueUsesItsChunksAgain(t *testing.T) {
	var q endless
	for round := range uint64(5) {
		for i := range uint64(1000) {
			q.push(time.Duration(q.last+i*i*round), i)
		}
		for q.n > 0 {
			q.pop()
		}
	}
	chunks := 0
	for c := q.free; c != nil; c = c.next {
		chunks++
	}
	for _, s := range q.slots {
		if s.first != nil || s.final != nil {
			t.Error("a chunk is not free")
		}
	}
	if q.places != 0 || q.occupied != [places]uint64{} {
		t.Errorf("places %b, slots %b are occupied", q.places, q.occupied)
	}
	if chunks == 0 || chunks > 160 { // 40 KB
		t.Errorf("%d chunks for 1000 events", chunks)
	}
}

// An actor whose event has happened is held no more, and its entry serves again.
func TestLoopLetsGoOfActors(t *testing.T) {
	l := NewLoop()
	for range 5 {
		for i := range uint64(1000) {
			l.After(time.Duration(i*i), ActorFunc(func(time.Duration, uint64) {}), i)
		}
		l.Run(Never)
	}
	for _, e := range l.others.entries {
		if e.actor != nil {
			t.Fatal("the roster holds the actor of an event that has happened")
		}
	}
	if n := len(l.others.entries); n != 1000 {
		t.Errorf("%d entries for 1000 events", n)
	}
}

// BenchmarkQueues is the hold model (Jones, "An empirical comparison of priority-queue
// and event-set implementations", CACM 29(4), 1986): a number of pending events, each of
// which is followed by another after a gap. The gaps are exponential; or mixed, a tenth
// of them a thousand times as long, as backoffs and time-outs are beside latencies.
// Read the quotients in one run: the others against queue.
func BenchmarkQueues(b *testing.B) {
	for _, gaps := range []string{"exponential", "mixed"} {
		for _, n := range []int{1e3, 1e4, 1e5, 1e6, 1e7} {
			if testing.Short() && n > 1e6 {
				continue // they take a minute to fill
			}
			for _, name := range []string{"queue", "radix", "heap4", "calendar"} {
				b.Run(fmt.Sprintf("%s/pending=%d/%s", gaps, n, name), func(b *testing.B) {
					hold(b, rivals()[name](), n, gaps == "mixed")
				})
			}
		}
	}
}

func hold(b *testing.B, q events, n int, mixed bool) {
	var gaps [1 << 12]time.Duration
	s := NewStream(1, "gaps")
	d, _ := Dist{Kind: Exponential, Mean: time.Millisecond}.Sampler()
	for i := range gaps {
		if gaps[i] = d.Sample(s.Float64(uint64(i), 0, 0)); mixed && s.Float64(uint64(i), 1, 0) < 0.1 {
			gaps[i] *= 1000
		}
	}
	for i := range n {
		q.push(gaps[i&(len(gaps)-1)], 0)
	}
	k := 0
	step := func() {
		at, word, _ := q.pop()
		k++
		q.push(at+gaps[k&(len(gaps)-1)], word)
	}
	for range 2 * n {
		step()
	}
	b.ReportAllocs()
	used := processor(b)
	for b.Loop() {
		step()
	}
	b.ReportMetric(float64(processor(b)-used)/float64(b.N), "cpu-ns/op")
}
