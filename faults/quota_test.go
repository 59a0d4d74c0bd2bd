package faults

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/retry/retryhttp"
)

var slowDown = Effect{Kind: S3Error, Code: "SlowDown"}

// get is a request of a client for a key.
func getBy(client, call uint64, key string) Request {
	return Request{Op: "GetObject", Method: "GET", Bucket: "b", Key: key, Client: client, Call: call, Attempt: 1}
}

func putBy(client, call uint64, key string) Request {
	return Request{Op: "PutObject", Method: "PUT", Bucket: "b", Key: key, Client: client, Call: call, Attempt: 1}
}

// through is the verdict on a request that no rule hits.
var through = Verdict{Rule: -1}

// hitBy is the verdict of a rule with that effect.
func hitBy(e Effect) Verdict { return Verdict{rule: compile(0, 0, Rule{P: 1, Effect: e})} }

func limiterOf(t testing.TB, l Limits) *Limiter {
	t.Helper()
	out, err := NewLimiter(l)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func refused(v Verdict) bool { _, yes := v.Refused(); return yes }

func drawRate(t *rapid.T) Rate {
	return Rate{
		N:   rapid.OneOf(rapid.Int64Range(1, 10), rapid.Int64Range(1, MaxRate)).Draw(t, "n"),
		Per: time.Duration(rapid.OneOf(rapid.SampledFrom([]int64{int64(time.Second), int64(time.Minute), 7, 1e9 + 7}), rapid.Int64Range(1, int64(MaxRatePer))).Draw(t, "per")),
	}
}

func TestRateReadsBackWhatItPrints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRate(t)
		back, err := ParseRate(r.String())
		if err != nil || back.N*int64(r.Per) != r.N*int64(back.Per) && big.NewRat(back.N, int64(back.Per)).Cmp(big.NewRat(r.N, int64(r.Per))) != 0 {
			t.Fatalf("%v: %v, %v", r, back, err)
		}
		if back != r {
			t.Fatalf("%v read back as %v", r, back)
		}
	})
}

func TestRatesAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]Rate{
		"100/s": {100, time.Second}, "10/m": {10, time.Minute}, "0.5/h": {1, 2 * time.Hour}, " 2.50 / s ": {5, 2 * time.Second},
		"1/7s": {1, 7 * time.Second}, "3/100ms": {3, 100 * time.Millisecond},
	} {
		if got, err := ParseRate(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"":             `"" is not a rate; write a number and a unit`,
		"100":          `"100" has no unit; write 100/s`,
		"0/s":          `"0/s" lets nothing through`,
		"-1/s":         `"-1/s" lets nothing through`,
		"1e9/s":        `"1e9/s" is not a rate`,
		"1/2":          `"1/2" has the unknown unit "2"`,
		"5/day":        `unknown unit "day"; write /s, /m, /h`,
		"1/0s":         `unknown unit "0s"`,
		"NaN/s":        `is not a rate`,
		"1e/s":         `is not a rate`,
		"1..2/s":       `is not a rate`,
		"1/9999h":      `is out of bounds`,
		"2000000001/s": `is out of bounds`,
	} {
		_, err := ParseRate(text)
		var bad *RateError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// In no stretch of time is more let through than burst + rate·t, exactly; and
// not less than a bucket that is asked all the time can give.
func TestQuotaLetsThroughBurstAndRateAndNoMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := Quota{Per: PerAll, Rate: drawRate(t), Burst: rapid.Int64Range(1, 20).Draw(t, "burst"), Effect: slowDown}
		l, err := NewLimiter(Limits{Quotas: []Quota{q}})
		if err != nil {
			t.Skip("too large to be counted")
		}
		mean := int64(q.Rate.Per) / q.Rate.N
		var at time.Duration
		var let []time.Duration
		for i := range rapid.IntRange(1, 200).Draw(t, "requests") {
			at += time.Duration(rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 2*mean+1)).Draw(t, "gap"))
			if !refused(l.Meet(at, putBy(0, uint64(i), "k"), through)) {
				let = append(let, at)
			} else {
				// It had no token: one less than the whole count would have been the bound.
				if n := int64(len(let)); n < q.Burst {
					t.Fatalf("refused at %v with %d of a burst of %d let through", at, n, q.Burst)
				}
			}
		}
		for i := range let {
			for j := i; j < len(let); j++ {
				// (j-i+1)·per ≤ burst·per + n·t, in whole numbers.
				most := new(big.Int).Mul(big.NewInt(q.Burst), big.NewInt(int64(q.Rate.Per)))
				most.Add(most, new(big.Int).Mul(big.NewInt(q.Rate.N), big.NewInt(int64(let[j]-let[i]))))
				if new(big.Int).Mul(big.NewInt(int64(j-i+1)), big.NewInt(int64(q.Rate.Per))).Cmp(most) > 0 {
					t.Fatalf("%d let through in %v by %v", j-i+1, let[j]-let[i], q)
				}
			}
		}
	})
}

// A client that is alone and waits as long as it was told is let through, and
// (to the unit in which it was told) not one that comes earlier.
func TestWaitingAsToldIsLetThrough(t *testing.T) {
	told := 0
	rapid.Check(t, func(t *rapid.T) {
		hint := rapid.SampledFrom([]TellWait{TellRetryAfter, TellAmz}).Draw(t, "hint")
		var quotas []Quota
		for range rapid.IntRange(1, 3).Draw(t, "quotas") {
			quotas = append(quotas, Quota{
				Per: PerClient, Rate: Rate{rapid.Int64Range(1, 50).Draw(t, "n"), time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "per"))},
				Burst: rapid.Int64Range(1, 5).Draw(t, "burst"), Effect: Effect{Kind: Status, Status: 429}, Hint: hint,
			})
		}
		l, err := NewLimiter(Limits{Quotas: quotas, Prefixes: &Prefixes{Writes: Rate{1, time.Second}, Reads: Rate{1, time.Second}, SplitAfter: time.Hour}})
		if err != nil {
			t.Fatal(err)
		}
		unit := time.Second
		if hint == TellAmz {
			unit = time.Millisecond
		}
		at := time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "at"))
		for i := range 20 {
			v := l.Meet(at, putBy(7, uint64(i), "k"), through)
			if !refused(v) {
				continue
			}
			var wait time.Duration
			var status *retryhttp.StatusError
			if !errors.As(v.Err(), &status) {
				t.Fatalf("refused with %v", v.Err())
			}
			ok := false
			if hint == TellAmz {
				wait, ok = status.AmzRetryAfter()
			} else {
				wait, ok = status.RetryAfter()
			}
			if status.Code == "SlowDown" { // the prefix alone refused, and S3 tells nothing
				at += time.Second
				continue
			}
			if !ok || wait <= 0 {
				t.Fatalf("told nothing: %v", status)
			}
			told++
			if early := wait - unit; early > 0 && !refused(l.Meet(at+early, putBy(7, uint64(i), "k"), through)) {
				t.Fatalf("told to wait %v, let through after %v", wait, early)
			}
			at += wait
			if refused(l.Meet(at, putBy(7, uint64(i), "k"), through)) {
				t.Fatalf("told to wait %v, and refused then", wait)
			}
		}
	})
	if told == 0 {
		t.Error("nobody was told to wait")
	}
}

// What a quota decides on one key (or client, or prefix) does not depend on the
// requests for others, nor on how they interleave.
func TestKeysOfAQuotaDoNotTouchEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		per := rapid.SampledFrom([]Sharing{PerClient, PerPrefix, PerKey}).Draw(t, "per")
		q := Quota{Per: per, Rate: Rate{rapid.Int64Range(1, 9).Draw(t, "n"), time.Second}, Burst: rapid.Int64Range(1, 4).Draw(t, "burst"), Effect: slowDown}
		type event struct {
			at  time.Duration
			who uint64
		}
		var events []event
		for range rapid.IntRange(1, 100).Draw(t, "requests") {
			events = append(events, event{time.Duration(rapid.Int64Range(0, int64(5*time.Second)).Draw(t, "at")), rapid.Uint64Range(0, 3).Draw(t, "who")})
		}
		slices.SortStableFunc(events, func(a, b event) int { return int(a.at - b.at) })
		request := func(i int, e event) Request {
			return putBy(e.who, uint64(i), fmt.Sprintf("p%d/k", e.who))
		}
		all, _ := NewLimiter(Limits{Quotas: []Quota{q}})
		var together [4][]bool
		for i, e := range events {
			together[e.who] = append(together[e.who], refused(all.Meet(e.at, request(i, e), through)))
		}
		for who := range uint64(4) {
			alone, _ := NewLimiter(Limits{Quotas: []Quota{q}})
			var got []bool
			for i, e := range events {
				if e.who == who {
					got = append(got, refused(alone.Meet(e.at, request(i, e), through)))
				}
			}
			if !slices.Equal(got, together[who]) {
				t.Fatalf("%v: %v alone, %v among others", who, got, together[who])
			}
		}
	})
}

// A request that one quota refuses takes nothing of the others.
func TestRefusedRequestsTakeNoToken(t *testing.T) {
	l := limiterOf(t, Limits{Quotas: []Quota{
		{Per: PerAll, Rate: Rate{1, time.Hour}, Burst: 3, Effect: slowDown},
		{Per: PerClient, Rate: Rate{1, time.Hour}, Burst: 1, Effect: Effect{Kind: Status, Status: 429}},
	}})
	var got []string
	for i, client := range []uint64{1, 1, 1, 2, 3, 4} {
		v := l.Meet(0, putBy(client, uint64(i), "k"), through)
		if e, no := v.Refused(); no {
			got = append(got, e.String())
		} else {
			got = append(got, "ok")
		}
	}
	if want := "ok 429 429 ok ok SlowDown"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	counts := fmt.Sprint(l.Counts())
	if want := "[{1/h burst=3: SlowDown false 6 1 0} {1/h per client: 429 false 6 2 0}]"; counts != want {
		t.Errorf("got %s, want %s", counts, want)
	}
}

func TestQuotasChooseRequests(t *testing.T) {
	for _, c := range []struct {
		on   QuotaOn
		want string // of the requests below, which it is for
	}{
		{QuotaOn{}, "put get list head"},
		{QuotaOn{Access: WriteAccess}, "put"},
		{QuotaOn{Access: ReadAccess}, "get list head"},
		{QuotaOn{Op: "GetObject"}, "get"},
		{QuotaOn{Key: "raw/**", Access: ReadAccess}, "get list"},
	} {
		l := limiterOf(t, Limits{Quotas: []Quota{{On: c.on, Per: PerAll, Rate: Rate{1, time.Second}, Burst: 9, Effect: slowDown}}})
		var got []string
		for i, r := range []Request{putBy(0, 0, "logs/1"), getBy(0, 0, "raw/a/b"), {Op: "ListObjectsV2", Key: "raw/"}, {Op: "HeadObject", Key: "x"}} {
			before := l.Counts()[0].Asked
			l.Meet(0, r, through)
			if l.Counts()[0].Asked > before {
				got = append(got, []string{"put", "get", "list", "head"}[i])
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v is for %v, want %s", c.on, got, c.want)
		}
	}
}

func TestPrefixOf(t *testing.T) {
	for _, c := range []struct {
		key   string
		depth int
		want  string
	}{
		{"raw/3/7.json", 0, "raw/3/"}, {"raw/3/7.json", 1, "raw/"}, {"raw/3/7.json", 2, "raw/3/"}, {"raw/3/7.json", 9, "raw/3/"},
		{"x", 0, ""}, {"x", 1, ""}, {"", 1, ""}, {"/v1/stations/3", 0, "/v1/stations/"}, {"/v1/stations/3", 1, "/v1/"}, {"/", 1, "/"}, {"//", 1, "//"},
	} {
		if got := prefixOf(c.key, c.depth); got != c.want {
			t.Errorf("prefixOf(%q, %d) = %q, want %q", c.key, c.depth, got, c.want)
		}
	}
}

// What never reaches the backend costs no token; a refusal comes whole, after
// the latency that a rule has in store.
func TestLimitsStandBehindThePlan(t *testing.T) {
	l := limiterOf(t, Limits{Quotas: []Quota{{Per: PerAll, Rate: Rate{1, time.Hour}, Burst: 1, Effect: slowDown}}})
	for _, text := range []string{"503", "reset", "blackhole", "outage", "InternalError"} {
		e, err := ParseEffect(text)
		if err != nil {
			t.Fatal(err)
		}
		if v := l.Meet(0, putBy(0, 0, "k"), hitBy(e)); refused(v) {
			t.Errorf("%s: refused", text)
		}
	}
	if n := l.Counts()[0].Asked; n != 0 {
		t.Errorf("%d were asked about that the backend never saw", n)
	}
	slow := hitBy(Effect{Kind: Latency, Add: "2s"})
	slow.Add = 2 * time.Second
	if v := l.Meet(0, putBy(0, 0, "k"), slow); refused(v) || v.Add != slow.Add {
		t.Error("the first was refused")
	}
	v := l.Meet(0, putBy(0, 1, "k"), slow)
	if after, fixed := v.After(); !refused(v) || v.Served() || v.Hangs() || !fixed || after != 2*time.Second+TurnedAwayAfter {
		t.Errorf("%+v: after %v", v, after)
	}
	stalled := l.Meet(0, putBy(0, 2, "k"), hitBy(Effect{Kind: Stall, At: 10}))
	if !refused(stalled) || stalled.Hangs() {
		t.Error("the refusal stalls")
	}
	var nobody *Limiter
	if v := nobody.Meet(0, putBy(0, 0, "k"), through); refused(v) || nobody.Counts() != nil || nobody.Splits() != nil {
		t.Error("a nil limiter limits")
	}
}

// With more clients than are kept, those that are idle are forgotten, which
// changes nothing; and the memory stays bounded even if none is.
func TestBucketsAreBounded(t *testing.T) {
	l := limiterOf(t, Limits{Quotas: []Quota{{Per: PerClient, Rate: Rate{1, time.Second}, Burst: 1, Effect: slowDown}}})
	q := l.quotas[0]
	at := time.Duration(0)
	for client := range uint64(3 * MaxBuckets) {
		if client%MaxBuckets == 0 {
			at += 2 * time.Second // all are full again
		}
		if refused(l.Meet(at, putBy(client, 0, "k"), through)) {
			t.Fatalf("the first request of client %d was refused", client)
		}
	}
	if len(q.buckets) > MaxBuckets || q.shared > 0 {
		t.Fatalf("%d buckets, %d shared", len(q.buckets), q.shared)
	}
	for client := range uint64(2 * MaxBuckets) { // in one moment
		l.Meet(at, putBy(1<<40+client, 0, "k"), through)
	}
	if len(q.buckets) > MaxBuckets || q.shared == 0 {
		t.Fatalf("%d buckets, %d shared", len(q.buckets), q.shared)
	}
}

func TestQuotasAreValidated(t *testing.T) {
	good := Quota{Per: PerAll, Rate: Rate{1, time.Second}, Burst: 1, Effect: slowDown}
	for want, change := range map[string]func(*Quota){
		`quotas[0].on.op: unknown operation "PutObjekt"; did you mean PutObject?`: func(q *Quota) { q.On.Op = "PutObjekt" },
		"quotas[0].on.access: PutObject is none of the reads":                     func(q *Quota) { q.On = QuotaOn{Op: "PutObject", Access: ReadAccess} },
		`quotas[0].on.access: unknown access "write"`:                             func(q *Quota) { q.On.Access = "write" },
		`quotas[0].on.key: "[a" is not a glob`:                                    func(q *Quota) { q.On.Key = "[a" },
		`quotas[0].per: nothing is called "ip"`:                                   func(q *Quota) { q.Per = "ip" },
		"quotas[0].depth: only prefixes have a depth":                             func(q *Quota) { q.Depth = 1 },
		"quotas[0].depth: -1 is out of bounds":                                    func(q *Quota) { q.Per, q.Depth = PerPrefix, -1 },
		"quotas[0].rate: the rate 0/s is not possible":                            func(q *Quota) { q.Rate.N = 0 },
		"quotas[0].burst: a burst of 0 is not possible":                           func(q *Quota) { q.Burst = 0 },
		"quotas[0].burst: a burst of 1000000000 at 1/1000h0m0s is too large":      func(q *Quota) { q.Rate.Per, q.Burst = MaxRatePer, MaxRate },
		"quotas[0].effect: a backend that has no room answers":                    func(q *Quota) { q.Effect = Effect{Kind: Reset} },
		`quotas[0].effect: unknown S3 error code "Slow"`:                          func(q *Quota) { q.Effect.Code = "Slow" },
		`quotas[0].hint: unknown hint "exact"`:                                    func(q *Quota) { q.Hint = "exact" },
		"quotas[0].hint: the effect has a hint of its own":                        func(q *Quota) { q.Hint, q.Effect.RetryAfter = TellRetryAfter, For(time.Second) },
	} {
		q := good
		change(&q)
		err := Limits{Quotas: []Quota{q}}.Validate()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	if err := (Limits{Quotas: []Quota{good}}).Validate(); err != nil {
		t.Error(err)
	}
}

func BenchmarkMeet(b *testing.B) {
	l := limiterOf(b, Limits{
		Quotas:   []Quota{{Per: PerClient, Rate: Rate{10, time.Second}, Burst: 10, Effect: Effect{Kind: Status, Status: 429}, Hint: TellRetryAfter}},
		Prefixes: &Prefixes{Writes: DefaultPrefixWrites, Reads: DefaultPrefixReads, SplitAfter: time.Minute},
	})
	b.ReportAllocs()
	for i := range b.N {
		l.Meet(time.Duration(i)*50*time.Microsecond, putBy(uint64(i%100), uint64(i), "raw/3/7.json"), through)
	}
}
