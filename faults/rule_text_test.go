package faults

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// anyText draws what people, and no people, write.
func anyText(t *rapid.T, label string) string {
	return rapid.StringOfN(rapid.RuneFrom([]rune("ab1/*?[=\"\\ :,.-\téß\u2028\x00p")), 1, 12, -1).Draw(t, label)
}

func anyRanges(t *rapid.T, label string, least uint64) []Range {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Range {
		from := rapid.Uint64Range(least, 20).Draw(t, "from")
		return Range{from, rapid.SampledFrom([]uint64{from, from + 3, NoEnd}).Draw(t, "to")}
	}), 1, 3).Draw(t, label)
}

// anyRule draws a valid rule of a phase that is at least an hour long.
func anyRule(t *rapid.T) Rule {
	some := func(label string) bool { return rapid.IntRange(0, 3).Draw(t, label) == 0 }
	spell := func(label string) time.Duration {
		return time.Duration(rapid.Int64Range(int64(MinSpell), int64(time.Minute)).Draw(t, label))
	}
	r := Rule{P: 1, Effect: anyEffect(t)}
	if op := rapid.SampledFrom([]string{"", "", "PutObject", "GET", "CopyObject", "FOO"}).Draw(t, "op"); op != "" && r.Effect.Meets(op) {
		r.On.Op = op
	}
	if some("key?") {
		r.On.Key = rapid.OneOf(rapid.SampledFrom([]string{"raw/**", "PutObject", "SlowDown", "503", "continue", "p=0.5", "a b"}), rapid.Custom(func(t *rapid.T) string { return anyText(t, "key") })).Draw(t, "key")
	}
	if some("method?") {
		if r.On.Method = "PATCH"; r.On.Op != "" {
			r.On.Method = Method(r.On.Op)
		}
	}
	if some("bucket?") {
		r.On.Bucket = rapid.SampledFrom([]string{"data", "*-raw", "{a,b c}"}).Draw(t, "bucket")
	}
	if some("headers?") {
		r.On.Headers = []HeaderMatch{{"x-Tenant", "blue*"}, {"User-Agent", "a b: \"c\""}}[:rapid.IntRange(1, 2).Draw(t, "headers")]
	}
	if some("clients?") {
		r.On.Clients = anyRanges(t, "clients", 0)
	}
	if some("attempts?") {
		r.On.Attempts = anyRanges(t, "attempts", 1)
	}
	if some("from?") {
		r.From = time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "from"))
	}
	if some("until?") {
		r.Until = r.From + time.Duration(rapid.Int64Range(int64(30*time.Minute), int64(59*time.Minute)).Draw(t, "until"))
	}
	if some("flap?") {
		r.Flap = Flap{spell("up"), spell("down")}
	}
	if some("bursts?") {
		r.Bursts = Bursts{spell("good"), spell("bad")}
	}
	if some("rolling?") {
		r.Rolling = Rolling{rapid.IntRange(1, 9).Draw(t, "nodes"), spell("down"), spell("gap") - MinSpell, rapid.Bool().Draw(t, "by client")}
	}
	per := rapid.SampledFrom([]By{ByAll, ByKey, ByClient, ByCall})
	if some("every?") {
		r.Every = Every{rapid.IntRange(1, MaxCount).Draw(t, "every"), per.Draw(t, "per")}
	}
	if some("first?") {
		r.First = First{N: rapid.IntRange(1, MaxCount).Draw(t, "first"), Per: per.Draw(t, "per")}
		r.First.Calls = r.First.Per != ByCall && rapid.Bool().Draw(t, "calls")
	}
	if some("p?") {
		r.P = rapid.Float64Range(0, 1).Draw(t, "p")
	}
	if some("ramp?") {
		r.Ramp = RampTo(rapid.Float64Range(0, 1).Draw(t, "to"))
	}
	if some("at most?") {
		r.AtMost = rapid.IntRange(1, MaxCount).Draw(t, "at most")
	}
	r.Continue = r.Effect.Modifies() && rapid.Bool().Draw(t, "continue")
	return r
}

func TestRulesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRule(t)
		if err := r.ValidateIn(time.Hour); err != nil {
			t.Skip(err) // a text that is no glob
		}
		back, err := ParseRule(r.String())
		if err != nil || !reflect.DeepEqual(back, r) {
			t.Fatalf("%q gives\n%+v (%v), want\n%+v", r, back, err, r)
		}
	})
}

func TestParseRule(t *testing.T) {
	for text, want := range map[string]Rule{
		"outage":                            {P: 1, Effect: effect(t, "outage")},
		"PutObject raw/** p=0.9 SlowDown":   {On: Selector{Op: "PutObject", Key: "raw/**"}, P: 0.9, Effect: effect(t, "SlowDown")},
		"  GET\t/v1/*  429 retry-after=2s ": {On: Selector{Op: "GET", Key: "/v1/*"}, P: 1, Effect: effect(t, "429 retry-after=2s")},
		`key="a b" SlowDown`:                {On: Selector{Key: "a b"}, P: 1, Effect: effect(t, "SlowDown")},
		"key=PutObject SlowDown":            {On: Selector{Key: "PutObject"}, P: 1, Effect: effect(t, "SlowDown")},
		"attempt=1 every=3 p=0.9 flap=5s/2s SlowDown retry-after=2s": {
			On: Selector{Attempts: []Range{{1, 1}}}, Every: Every{N: 3}, P: 0.9, Flap: Flap{5 * time.Second, 2 * time.Second}, Effect: effect(t, "SlowDown retry-after=2s")},
		"first=2 503":             {First: First{N: 2, Per: ByCall}, P: 1, Effect: effect(t, "503")},
		"first-calls=2/key reset": {First: First{N: 2, Calls: true, Per: ByKey}, P: 1, Effect: effect(t, "reset")},
		"header=X-Tenant:blue* client=0-4,9 attempt=2- p=0..0.9 at-most=10 continue latency add=2s": {
			On:   Selector{Headers: []HeaderMatch{{"X-Tenant", "blue*"}}, Clients: []Range{{0, 4}, {9, 9}}, Attempts: []Range{{2, NoEnd}}},
			Ramp: RampTo(0.9), AtMost: 10, Continue: true, Effect: effect(t, "latency add=2s")},
		"rolling=4/10s/5s/client from=1m until=2m outage": {Rolling: Rolling{4, 10 * time.Second, 5 * time.Second, true}, From: time.Minute, Until: 2 * time.Minute, P: 1, Effect: effect(t, "outage")},
	} {
		got, err := ParseRule(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v (%v)\nwant %+v", text, got, err, want)
		}
	}
}

func TestBadRules(t *testing.T) {
	for text, want := range map[string]struct {
		at      int
		message string
	}{
		"":                                   {0, "no effect"},
		"PutObject":                          {9, "no effect"},
		"PutObjct SlowDown":                  {0, `"PutObjct" is neither an operation nor an effect; did you mean PutObject?`},
		"PutObject SlwDown":                  {10, `unknown effect "SlwDown"`},
		"SlowDown retry-after=1.5s":          {21, "not whole seconds"},
		"evry=3 SlowDown":                    {0, `unknown option "evry"; did you mean every?`},
		"at_most=3 SlowDown":                 {0, `did you mean at-most?`},
		"every=3 every=4 SlowDown":           {8, "every is there twice"},
		"every=0 SlowDown":                   {6, `"0" is no number from 1 up`},
		"every=3/keys SlowDown":              {6, `nothing is counted per "keys"; did you mean key?`},
		"every=1000001 SlowDown":             {0, "1000001 is out of bounds"},
		"at-most=3/key SlowDown":             {8, "no number"},
		"p=2 SlowDown":                       {0, "the probability 2 is not between 0 and 1"},
		"p=0..2 SlowDown":                    {0, "the probability 2 is not between 0 and 1"},
		"p=NaN SlowDown":                     {2, `"NaN" is no probability`},
		"p= SlowDown":                        {2, "no value for p"},
		`key="a SlowDown`:                    {4, "the quotes do not end"},
		`key="a"b SlowDown`:                  {4, "the quotes do not end"},
		"key=[a SlowDown":                    {0, `"[a" is not a glob`},
		"GET method=PUT 503":                 {4, "GET is a GET and never a PUT"},
		"method=put 503":                     {0, `write PUT`},
		"client=a 503":                       {7, `"a" is no number or range`},
		"client=4-1 503":                     {0, "4-1 is empty"},
		"attempt=0 503":                      {0, "attempts count from 1"},
		"header=X-A 503":                     {0, "no value for the header X-A"},
		"header=x-a:1 header=X-A:2 503":      {13, "asked for twice"},
		"header=:1 503":                      {0, "not the name of a header"},
		"flap=5s 503":                        {5, `"5s" is not 2 durations`},
		"flap=5s/0s 503":                     {0, "0s is too short"},
		"flap=5s/x 503":                      {5, `"x" is not a duration`},
		"rolling=x/1s/1s 503":                {8, "no number of nodes"},
		"rolling=4/1s 503":                   {8, "not 2 durations; write rolling=4/10s/5s"},
		"from=20s until=10s 503":             {9, "would end at 10s and begin at 20s"},
		"until=0s 503":                       {6, "would end before it begins"},
		"first-calls=2/call 503":             {0, "a call has no calls"},
		"first=2 first-calls=2 503":          {8, "first-calls is there twice"},
		"continue SlowDown":                  {0, "SlowDown leaves nothing for the faults behind it"},
		"continue continue latency add=1s":   {9, `unknown effect "continue"`},
		"p=0.5 raw/** SlowDown":              {6, "write the key before the options"},
		"HeadObject truncate at=5":           {0, "no body to truncate"},
		"a\xff SlowDown":                     {0, "not UTF-8"},
		strings.Repeat("p=1 ", 1000) + "503": {4, "p is there twice"},
	} {
		r, err := ParseRule(text)
		var bad *RuleError
		if !errors.As(err, &bad) || bad.Offset != want.at || !strings.Contains(err.Error(), want.message) || !reflect.DeepEqual(r, Rule{}) {
			t.Errorf("%q: %v\nwant %q at %d", text, err, want.message, want.at)
		}
	}
}

// An unknown word is never taken for what it is not.
func FuzzParseRule(f *testing.F) {
	f.Add("PutObject raw/** attempt=1 every=3 p=0..0.9 flap=5s/2s SlowDown retry-after=2s")
	f.Add(`header="X-A:b c" client=0-4,9 rolling=4/10s/5s/client at-most=3 continue latency add=2s`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRule(text)
		if err != nil {
			var bad *RuleError
			if !errors.As(err, &bad) || bad.Offset < 0 || bad.Offset > len(text) {
				t.Fatalf("%v", err)
			}
			return
		}
		if back, err := ParseRule(r.String()); err != nil || !reflect.DeepEqual(back, r) {
			t.Fatalf("%q is %q, which is %+v (%v)", text, r, back, err)
		}
	})
}
