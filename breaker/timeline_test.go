package breaker

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// line is a line of a timeline: at this time, do that, and see this.
//
//	call ok|fail|neutral    a whole call
//	begin NAME              the first half of a call
//	end NAME ok|fail|…      the second
//	state, counts           look
//
// What is seen: "ok" for an admitted call, else the refusal with the time until
// the next probe; then the changes of state.
type line struct {
	at   time.Duration
	do   string
	want string
}

// play runs a timeline on a TwoStep.
func play(t *testing.T, c Config, lines []line) {
	t.Helper()
	b, clock, events := newTestTwoStep(t, c)
	start, calls, told := clock.Now(), map[string]func(error){}, 0
	begin := func(name string) string {
		done, err := b.Allow()
		var open *OpenError
		if !errors.As(err, &open) {
			calls[name] = done
			return "ok"
		}
		if d, ok := open.RetryAfter(); ok {
			return fmt.Sprintf("refused, %v for %v", open.State, d)
		}
		return fmt.Sprintf("refused, %v", open.State)
	}
	results := map[string]error{"ok": nil, "fail": errBackend, "neutral": endNeutral.err()}
	for i, l := range lines {
		clock.advance(start.Add(l.at).Sub(clock.Now()))
		got, words := "", strings.Fields(l.do)
		switch words[0] {
		case "call":
			if got = begin(""); got == "ok" {
				calls[""](results[words[1]])
			}
		case "begin":
			got = begin(words[1])
		case "end":
			calls[words[1]](results[words[2]])
		case "state":
			got = b.State().String()
		case "counts":
			got = fmt.Sprint(b.Counts())
		}
		for ; told < len(*events); told++ {
			e := (*events)[told]
			got += fmt.Sprintf(" [%v→%v %v]", e.From, e.To, e.Counts)
			if e.Time.Sub(start) != l.at {
				t.Errorf("line %d: the event's time is %v, want %v", i, e.Time.Sub(start), l.at)
			}
		}
		if got = strings.TrimSpace(got); got != l.want {
			t.Errorf("line %d, %v %s: got %q, want %q", i, l.at, l.do, got, l.want)
		}
	}
}

const s = time.Second

// The seed system's breaker: five failures, thirty seconds, one success.
func TestTimelineOfTheSeed(t *testing.T) {
	play(t, Config{Failures: 5, OpenFor: 30 * s}, []line{
		{0, "call ok", "ok"},
		{1 * s, "call fail", "ok"},
		{2 * s, "call fail", "ok"},
		{3 * s, "call fail", "ok"},
		{4 * s, "call fail", "ok"},
		{4 * s, "call ok", "ok"}, // four in a row are not enough, and start again
		{4 * s, "counts", "{6 2 4 0 1 0}"},
		{5 * s, "call fail", "ok"},
		{6 * s, "call fail", "ok"},
		{7 * s, "call fail", "ok"},
		{8 * s, "call fail", "ok"},
		{10 * s, "call fail", "ok [closed→open {11 2 9 0 0 5}]"},
		{10 * s, "counts", "{0 0 0 0 0 0}"},
		{11 * s, "call ok", "refused, open for 29.000000001s"},
		{40 * s, "call ok", "refused, open for 1ns"}, // the last instant of it
		{40*s + 1, "call fail", "ok [open→half-open {0 0 0 0 0 0}] [half-open→open {1 0 1 0 0 1}]"},
		{40*s + 1, "call ok", "refused, open for 30.000000001s"},
		{2 * 3600 * s, "state", "half-open [open→half-open {0 0 0 0 0 0}]"}, // told when first looked at
		{2 * 3600 * s, "call ok", "ok [half-open→closed {1 1 0 0 1 0}]"},
		{2 * 3600 * s, "counts", "{0 0 0 0 0 0}"},
		{2 * 3600 * s, "call fail", "ok"},
		{2 * 3600 * s, "state", "closed"},
	})
}

func TestTimelineOfSeveralProbes(t *testing.T) {
	play(t, Config{Failures: 1, OpenFor: 10 * s, Probes: 2}, []line{
		{0, "call fail", "ok [closed→open {1 0 1 0 0 1}]"},
		{11 * s, "begin a", "ok [open→half-open {0 0 0 0 0 0}]"},
		{11 * s, "begin b", "ok"},
		{11 * s, "begin c", "refused, half-open"},
		{12 * s, "end a ok", ""},
		{12 * s, "counts", "{2 1 0 0 1 0}"},
		// As in gobreaker, places are those of one stay: a success frees none.
		{12 * s, "begin c", "refused, half-open"},
		{13 * s, "end b ok", "[half-open→closed {2 2 0 0 2 0}]"},
		{13 * s, "call ok", "ok"},
		{14 * s, "call fail", "ok [closed→open {2 1 1 0 0 1}]"},
		{25 * s, "begin a", "ok [open→half-open {0 0 0 0 0 0}]"},
		{25 * s, "begin b", "ok"},
		{26 * s, "end a fail", "[half-open→open {2 0 1 0 0 1}]"},
		{27 * s, "end b ok", ""}, // of a stay that is over
		{27 * s, "state", "open"},
	})
}

func TestTimelineOfNeutralOutcomes(t *testing.T) {
	play(t, Config{Failures: 2, OpenFor: 10 * s}, []line{
		{0, "call fail", "ok"},
		{0, "call neutral", "ok"},
		{0, "counts", "{2 0 1 1 0 1}"},
		{0, "call fail", "ok [closed→open {3 0 2 1 0 2}]"}, // the row went on
		{11 * s, "begin a", "ok [open→half-open {0 0 0 0 0 0}]"},
		{11 * s, "begin b", "refused, half-open"},
		{12 * s, "end a neutral", ""}, // frees the place and decides nothing
		{12 * s, "counts", "{1 0 0 1 0 0}"},
		{12 * s, "call ok", "ok [half-open→closed {2 1 0 1 1 0}]"},
	})
}

func TestTimelineOfLateCompletions(t *testing.T) {
	play(t, Config{Failures: 2, OpenFor: 10 * s}, []line{
		{0, "begin a", "ok"},
		{0, "begin b", "ok"},
		{0, "begin c", "ok"},
		{0, "begin d", "ok"},
		{0, "begin e", "ok"},
		{1 * s, "end a fail", ""},
		{2 * s, "end b fail", "[closed→open {5 0 2 0 0 2}]"},
		{3 * s, "end c ok", ""},    // says nothing about the backend of now
		{12 * s, "end d fail", ""}, // at the very end of the cool-down
		{12*s + 1, "end e fail", "[open→half-open {0 0 0 0 0 0}]"},
		{13 * s, "counts", "{0 0 0 0 0 0}"},
		{13 * s, "call ok", "ok [half-open→closed {1 1 0 0 1 0}]"},
		{14 * s, "end a fail", ""}, // reported before
		{14 * s, "end e fail", ""},
		{14 * s, "counts", "{0 0 0 0 0 0}"},
	})
}

// Only the first report of a call counts.
func TestTimelineOfRepeatedReports(t *testing.T) {
	play(t, Config{Failures: 2, OpenFor: 10 * s, Probes: 2}, []line{
		{0, "begin a", "ok"},
		{0, "end a fail", ""},
		{0, "end a fail", ""},
		{0, "end a ok", ""},
		{0, "counts", "{1 0 1 0 0 1}"},
		{0, "call fail", "ok [closed→open {2 0 2 0 0 2}]"},
		{11 * s, "begin a", "ok [open→half-open {0 0 0 0 0 0}]"},
		{11 * s, "end a ok", ""},
		{11 * s, "end a ok", ""}, // one good probe is not two
		{11 * s, "counts", "{1 1 0 0 1 0}"},
		{11 * s, "begin b", "ok"},
		{11 * s, "end b neutral", ""},
		{11 * s, "end b neutral", ""}, // frees one place, not two
		{11 * s, "begin c", "ok"},
		{11 * s, "begin d", "refused, half-open"},
	})
}
