package sim_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/sim"
)

// entry is one event as the reference sees it.
type entry struct {
	at   time.Duration
	seq  int
	data uint64
}

// reference is the order law, obviously correct and obviously slow.
type reference struct {
	seq    int
	events []entry
}

func (r *reference) add(at time.Duration, data uint64) {
	r.events = append(r.events, entry{at, r.seq, data})
	r.seq++
	slices.SortFunc(r.events, func(a, b entry) int {
		if a.at != b.at {
			return int(a.at - b.at)
		}
		return a.seq - b.seq
	})
}

func (r *reference) next() entry {
	e := r.events[0]
	r.events = r.events[1:]
	return e
}

// look compares what can be seen of the loop from outside.
func (r *reference) look(t *rapid.T, loop *sim.Loop) {
	if loop.Pending() != len(r.events) {
		t.Fatalf("%d events pending, want %d", loop.Pending(), len(r.events))
	}
	at, ok := loop.Peek()
	if ok != (len(r.events) > 0) || ok && at != r.events[0].at {
		t.Fatalf("the next event is at %v (%t), want %v", at, ok, r.events)
	}
}

// Random programs: events schedule others while they happen, look at the loop
// while they happen, and are stepped or run. After each event, the loop and
// the reference agree.
func TestLoopKeepsTheOrderOfTimeAndSequence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ref := &reference{}
		var act sim.ActorFunc
		main := sim.ActorFunc(func(now time.Duration, data uint64) { act(now, data) })
		loop := sim.NewLoopFor(main)
		gap := rapid.Custom(func(t *rapid.T) time.Duration { // ties are the rule
			return time.Duration(rapid.IntRange(0, 5).Draw(t, "gap"))
		})
		data, happened := uint64(0), uint64(0)
		schedule := func() {
			data++
			d := gap.Draw(t, "d")
			ref.add(loop.Now()+d, data)
			switch rapid.IntRange(0, 2).Draw(t, "how") {
			case 0:
				loop.At(loop.Now()+d, act, data)
			case 1:
				loop.After(d, act, data)
			default:
				loop.Post(loop.Now()+d, data)
			}
		}
		act = func(now time.Duration, got uint64) {
			want := ref.next()
			happened++
			if got != want.data || now != want.at || loop.Now() != now || loop.Events() != happened {
				t.Fatalf("event %d at %v (loop at %v, %d events), want %d at %v", got, now, loop.Now(), loop.Events(), want.data, want.at)
			}
			for range rapid.IntRange(0, 3).Draw(t, "children") {
				if rapid.IntRange(0, 3).Draw(t, "look") == 0 {
					ref.look(t, loop)
				}
				if data < 200 {
					schedule()
				}
			}
		}
		for range rapid.IntRange(0, 40).Draw(t, "events at first") {
			schedule()
		}
		for loop.Pending() > 0 {
			ref.look(t, loop)
			if rapid.Bool().Draw(t, "step") {
				by, before := loop.Now()+gap.Draw(t, "by")-1, happened
				due := ref.events[0].at <= by
				if stepped := loop.StepBy(by); stepped != due || stepped != (happened > before) {
					t.Fatalf("StepBy(%v) is %t at %v, %d events", by, stepped, loop.Now(), happened-before)
				}
				continue
			}
			until := loop.Now() + gap.Draw(t, "until")
			loop.Run(until)
			if at, ok := loop.Peek(); ok && at <= until || loop.Now() != until {
				t.Fatalf("after Run(%v) it is %v and the next event is at %v", until, loop.Now(), at)
			}
		}
		if len(ref.events) != 0 || loop.Step() {
			t.Fatalf("the loop has ended, %v is left", ref.events)
		}
	})
}

func TestLoopIsReadyAsZeroValue(t *testing.T) {
	var loop sim.Loop
	if loop.Step() || loop.Pending() != 0 || loop.Now() != 0 {
		t.Error("a zero loop is not empty")
	}
	if _, ok := loop.Peek(); ok {
		t.Error("a zero loop has a next event")
	}
	ran := false
	loop.At(0, sim.ActorFunc(func(time.Duration, uint64) { ran = true }), 0)
	if !loop.Step() || !ran {
		t.Error("a zero loop does not run events")
	}
}

func TestRunIncludesItsEnd(t *testing.T) {
	loop := sim.NewLoop()
	var got []uint64
	note := sim.ActorFunc(func(_ time.Duration, data uint64) { got = append(got, data) })
	for i := range 5 {
		loop.At(time.Duration(i)*time.Second, note, uint64(i))
	}
	loop.Run(2 * time.Second)
	if !slices.Equal(got, []uint64{0, 1, 2}) || loop.Now() != 2*time.Second {
		t.Errorf("Run(2s) ran %v and left the time at %v", got, loop.Now())
	}
	loop.Run(time.Second) // already past
	if len(got) != 3 || loop.Now() != 2*time.Second {
		t.Errorf("Run(1s) after it ran %v and left the time at %v", got, loop.Now())
	}
	loop.Run(2500 * time.Millisecond)
	if loop.Now() != 2500*time.Millisecond {
		t.Errorf("Run(2.5s) left the time at %v", loop.Now())
	}
	loop.Run(sim.Never)
	if len(got) != 5 || loop.Now() != 4*time.Second {
		t.Errorf("Run(Never) ran %v and left the time at %v", got, loop.Now())
	}
}

func TestNothingHappensAtNever(t *testing.T) {
	loop := sim.NewLoop()
	fail := sim.ActorFunc(func(now time.Duration, _ uint64) { t.Errorf("an event happened at %v", now) })
	loop.At(sim.Never, fail, 0)
	loop.Run(time.Second)
	loop.After(sim.Never, fail, 0)
	loop.After(sim.Never-time.Second, fail, 0)
	if loop.Pending() != 0 {
		t.Errorf("%d events pending", loop.Pending())
	}
	loop.Run(sim.Never)
	last := false
	loop.At(sim.Never-1, sim.ActorFunc(func(time.Duration, uint64) { last = true }), 0)
	loop.Run(sim.Never)
	if !last {
		t.Error("the event before Never did not happen")
	}
}

func panicOf(f func()) (text string) {
	defer func() {
		if r := recover(); r != nil {
			text = fmt.Sprint(r)
		}
	}()
	f()
	return ""
}

func TestLoopRefusesWhatCannotBe(t *testing.T) {
	idle := sim.ActorFunc(func(time.Duration, uint64) {})
	loop, served := sim.NewLoop(), sim.NewLoopFor(idle)
	loop.Run(5 * time.Second)
	tests := []struct {
		name  string
		do    func()
		words []string
	}{
		{"the past", func() { loop.At(4*time.Second, idle, 0) }, []string{"4s", "5s", "past"}},
		{"a negative delay", func() { loop.After(-time.Millisecond, idle, 0) }, []string{"4.999s", "5s"}},
		{"the least delay", func() { loop.After(math.MinInt64, idle, 0) }, []string{"5s"}},
		{"no actor", func() { loop.At(6*time.Second, nil, 0) }, []string{"actor"}},
		{"a post in the past", func() { served.Post(-1, 0) }, []string{"past"}},
		{"a post to nobody", func() { loop.Post(6*time.Second, 0) }, []string{"NewLoopFor"}},
		{"a post of 64 bits", func() { served.Post(0, 1<<63) }, []string{"0x8000000000000000"}},
	}
	for _, test := range tests {
		text := panicOf(test.do)
		for _, word := range append(test.words, "sim: ") {
			if !strings.Contains(text, word) {
				t.Errorf("%s: panic %q does not say %q", test.name, text, word)
			}
		}
	}
	if loop.Pending() != 0 {
		t.Errorf("%d refused events are pending", loop.Pending())
	}
	loop.After(0, sim.ActorFunc(func(time.Duration, uint64) { loop.Step() }), 0)
	if text := panicOf(func() { loop.Step() }); !strings.Contains(text, "called by an actor") {
		t.Errorf("Step within an event: panic %q", text)
	}
}

// seer is an actor that wants to know of its events beforehand.
type seer struct {
	*sim.Loop
	seen, happened map[uint64]bool
	late, unknown  int
}

func (s *seer) Foresee(data uint64) {
	s.seen[data] = true
	if s.happened[data] {
		s.late++
	}
}

func (s *seer) Act(_ time.Duration, data uint64) {
	s.happened[data] = true
	if !s.seen[data] {
		s.unknown++
	}
}

// Where many events are pending, most are foretold, and none when it is too late.
func TestEventsAreForetold(t *testing.T) {
	const n = 50_000
	s := &seer{seen: map[uint64]bool{}, happened: map[uint64]bool{}}
	s.Loop = sim.NewLoopFor(s)
	draws := sim.NewStream(1, "times")
	for i := range uint64(n) {
		s.Post(time.Duration(draws.Float64(i, 0, 0)*1e9), i)
		s.At(time.Duration(draws.Float64(i, 1, 0)*1e9), sim.ActorFunc(func(time.Duration, uint64) {}), i+n)
	}
	s.Run(sim.Never)
	if s.late > 0 || len(s.happened) != n || s.unknown > n/5 {
		t.Errorf("%d of %d events happened, %d were not foretold and %d too late", len(s.happened), n, s.unknown, s.late)
	}
	for data := range s.seen {
		if data >= n {
			t.Fatalf("event %d, of another actor, was foretold", data)
		}
	}
}

func TestLoopDoesNotAllocate(t *testing.T) {
	h := &holder{loop: sim.NewLoop(), gaps: gaps()}
	for i := range 1000 {
		h.Act(0, uint64(i))
	}
	h.loop.Run(10 * time.Millisecond)
	if n := testing.AllocsPerRun(1000, func() { h.loop.Step() }); n != 0 {
		t.Errorf("%v allocations per event", n)
	}
}

func TestClockShowsTheLoopsTime(t *testing.T) {
	loop := sim.NewLoop()
	epoch := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	clock := loop.Clock(epoch)
	if got := clock.Now(); !got.Equal(epoch) {
		t.Errorf("at the start it shows %v", got)
	}
	loop.Run(36 * time.Hour)
	if got, want := clock.Now(), epoch.Add(36*time.Hour); got != want {
		t.Errorf("after 36h it shows %v, want %v", got, want)
	}
}

func TestAddSaturates(t *testing.T) {
	const most, least = sim.Never, time.Duration(math.MinInt64)
	tests := []struct{ a, b, want time.Duration }{
		{1, 2, 3},
		{most, 1, most},
		{1, most, most},
		{most, most, most},
		{most, -1, most - 1},
		{least, -1, least},
		{least, least, least},
		{-1, least, least},
		{least, most, -1},
		{most, least, -1},
		{0, least, least},
	}
	for _, test := range tests {
		if got := sim.Add(test.a, test.b); got != test.want {
			t.Errorf("Add(%d, %d) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}
