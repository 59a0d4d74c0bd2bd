package faults

import (
	"math"
	"math/rand"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// rules parses rules.
func rules(t testing.TB, texts ...string) (out []Rule) {
	t.Helper()
	for _, text := range texts {
		r, err := ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// The same requests meet the same faults whatever the order of the goroutines:
// all but those that count across calls; those that count per key do so as long
// as the requests for one key keep their order.
func TestFaultsDoNotDependOnTheOrder(t *testing.T) {
	phase := Phase{For: time.Minute, Rules: rules(t,
		"continue p=0.3 latency add=exponential(mean=1s)",
		"key=k1 first=3/key 500", "key=k2 every=3/key 501", "key=k3 first-calls=2/key 502",
		"attempt=2- first=2 p=0.5 503", "client=0-1 flap=5s/2s 504", "bursts=2s/1s p=0.9..0.1 SlowDown", "rolling=4/5s/1s reset", "from=20s until=40s p=0.2 outage")}
	const keys, n = 8, 400
	type moment struct {
		at time.Duration
		r  Request
	}
	perKey := make([][]moment, keys)
	for i := range n {
		for k := range keys {
			perKey[k] = append(perKey[k], moment{time.Duration(i) * time.Minute / n, Request{
				Op: "PutObject", Method: "PUT", Key: "k" + strconv.Itoa(k), Client: uint64(k % 4), Call: uint64(i / 3), Attempt: i%3 + 1}})
		}
	}
	play := func(groups [][]int) map[Request]string {
		in, got := newInjector(t, 5, phase), make(map[Request]string)
		var mu sync.Mutex
		var wg sync.WaitGroup
		for _, group := range groups { // keys of one goroutine, in its order
			wg.Go(func() {
				next := make([]int, keys)
				for _, k := range group {
					m := perKey[k][next[k]]
					next[k]++
					v := in.Decide(m.at, m.r)
					mu.Lock()
					got[m.r] = v.Text() + " " + v.Add.String()
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		return got
	}
	inTurn := []int{}
	for range n {
		for k := range keys {
			inTurn = append(inTurn, k)
		}
	}
	want := play([][]int{inTurn})
	if len(want) != keys*n {
		t.Fatal(len(want))
	}
	random := rand.New(rand.NewSource(1))
	for range 5 {
		groups := make([][]int, 4)
		for _, k := range inTurn {
			groups[k%4] = append(groups[k%4], k)
		}
		for _, g := range groups {
			random.Shuffle(len(g), func(i, j int) { g[i], g[j] = g[j], g[i] })
		}
		got := play(groups)
		for r, v := range want {
			if got[r] != v {
				t.Fatalf("%+v: %q, in turn %q", r, got[r], v)
			}
		}
	}
	hit := map[string]bool{}
	for _, v := range want {
		for _, part := range strings.Split(v, " ") {
			hit[part] = true
		}
	}
	for _, effect := range []string{"500", "501", "502", "503", "504", "SlowDown", "reset", "outage", "latency"} {
		if !hit[effect] {
			t.Errorf("%s came nowhere", effect)
		}
	}
}

// Every and First against lists of all that came.
func TestCountingIsItsDocumentation(t *testing.T) {
	broken := effect(t, "503")
	rapid.Check(t, func(t *rapid.T) {
		by := rapid.SampledFrom([]By{ByAll, ByKey, ByClient, ByCall})
		r := Rule{P: 1, Effect: broken, On: Selector{Op: rapid.SampledFrom([]string{"", "PutObject"}).Draw(t, "op")}}
		r.Every = Every{rapid.IntRange(1, 4).Draw(t, "every"), by.Draw(t, "every per")}
		if rapid.Bool().Draw(t, "first?") {
			r.First = First{N: rapid.IntRange(1, 4).Draw(t, "first"), Per: by.Draw(t, "first per")}
			r.First.Calls = r.First.Per != ByCall && rapid.Bool().Draw(t, "calls")
		}
		in, err := New(Plan{Phases: []Phase{{For: time.Second, Rules: []Rule{r}}}}, 1)
		if err != nil {
			t.Fatal(err)
		}
		group := func(per By, r Request) string {
			return map[By]string{ByAll: "", ByKey: r.Bucket + "/" + r.Key, ByClient: strconv.Itoa(int(r.Client))}[per]
		}
		every, first, calls := map[string]int{}, map[string]int{}, map[string][]string{}
		for range rapid.IntRange(1, 60).Draw(t, "requests") {
			req := Request{
				Op: rapid.SampledFrom([]string{"PutObject", "GetObject"}).Draw(t, "request op"), Key: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key"),
				Client: rapid.Uint64Range(0, 1).Draw(t, "client"), Call: rapid.Uint64Range(0, 5).Draw(t, "call"), Attempt: rapid.IntRange(1, 5).Draw(t, "attempt"),
			}
			want := r.On.Op == "" || r.On.Op == req.Op
			if want && r.Every.Per == ByCall {
				want = req.Attempt%r.Every.N == 0
			} else if want {
				g := group(r.Every.Per, req)
				every[g]++
				want = every[g]%r.Every.N == 0
			}
			call := strconv.Itoa(int(req.Client)) + " " + strconv.Itoa(int(req.Call))
			switch g := group(r.First.Per, req); {
			case !want || r.First.N == 0:
			case r.First.Per == ByCall:
				want = req.Attempt <= r.First.N
			case r.First.Calls:
				if want = slices.Contains(calls[g], call) || len(calls[g]) < r.First.N; want {
					calls[g] = append(calls[g], call)
					slices.Sort(calls[g])
					calls[g] = slices.Compact(calls[g])
				}
			default:
				first[g]++
				want = first[g] <= r.First.N
			}
			if got := in.Decide(0, req).Rule == 0; got != want {
				t.Fatalf("%v, %+v: %v, want %v", r, req, got, want)
			}
		}
	})
}

// Of more keys than there is room for, the rule is for those that came first.
func TestCountingIsBounded(t *testing.T) {
	in := newInjector(t, 1, Phase{For: time.Second, Rules: rules(t, "first-calls=1/key 503")})
	for i := range maxGroups + 1000 {
		r := put("k"+strconv.Itoa(i), uint64(i))
		if got := in.Decide(0, r).Rule == 0; got != (i < maxGroups) {
			t.Fatalf("key %d: %v", i, got)
		}
	}
	if r := put("k7", 7); in.Decide(0, r).Rule != 0 {
		t.Error("a call of the first is forgotten")
	}
	if c := in.rules[0].counting; len(c.calls) > maxGroups || len(c.firstCounts) > maxGroups {
		t.Errorf("%d calls, %d keys", len(c.calls), len(c.firstCounts))
	}
}

func TestHeadersAndNames(t *testing.T) {
	in := newInjector(t, 1, Phase{For: time.Second, Rules: rules(t, `header=x-tenant:blue* header=User-Agent:*boto?/* 500`, "client=0 501", `bucket=*-raw 502`)})
	both := http.Header{"X-Tenant": {"red", "blue/x"}, "User-Agent": {"aws boto3/1.9 (x/y)"}}
	for i, c := range []struct {
		r    Request
		h    http.Header
		want int
	}{
		{Request{Client: 9}, both, 0},
		{Request{Client: 9}, nil, -1},
		{Request{Client: 9}, http.Header{"X-Tenant": {"blue"}}, -1},
		{Request{}, nil, 1},
		{Request{Unnamed: true}, nil, -1},
		{Request{Client: 9, Bucket: "my-raw"}, nil, 2},
		{Request{Client: 9, Bucket: "raw"}, nil, -1},
	} {
		if v := in.DecideWith(0, c.r, c.h); v.Rule != c.want {
			t.Errorf("%d: rule %d, want %d", i, v.Rule, c.want)
		}
	}
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"*", "", true}, {"a*", "a/b", true}, {"*b", "a/b", true}, {"a?c", "aéc", true}, {"a?c", "ac", false}, {"a**c", "abc", true},
		{"*a*b*", "xaybz", true}, {"*a*b*", "xbya", false}, {"", "", true}, {"", "a", false}, {"?", "", false},
		{strings.Repeat("*a", 50) + "b", strings.Repeat("a", 5000), false},
	} {
		if got := wild(c.pattern, c.text); got != c.want {
			t.Errorf("%.20q on %.20q: %v", c.pattern, c.text, got)
		}
	}
}

// Under AtMost no more requests are hit at once than it says, and each that ends
// makes room for another.
func TestAtMostBoundsWhatIsUnderWay(t *testing.T) {
	in := newInjector(t, 1, Phase{For: time.Second, Rules: rules(t, "at-most=2 continue latency add=1s", "at-most=1 503", "429")})
	var open []Verdict
	for i, want := range []string{"latency add=1s + 503", "latency add=1s", "", ""} {
		v := in.Decide(0, put("k", uint64(i)))
		if open = append(open, v); v.Text() != want {
			t.Errorf("request %d: %q, want %q", i, v.Text(), want)
		}
	}
	open[2].End() // was under nothing
	open[0].End()
	if v := in.Decide(0, put("k", 9)); v.Text() != "latency add=1s + 503" {
		t.Errorf("%q", v.Text())
	}
	open[0].Hits().Seen()
	open[1].Hits().Seen()
	open[2].Hits().Seen()
	if c := in.Counts(); c[0].Seen != 2 || c[1].Seen != 1 || c[0].Fired != 3 || c[0].Matched != 5 || c[1].Fired != 2 || c[2].Matched != 0 || c[0].Nominal.Known || c[2].Nominal.Rate != 0 {
		t.Errorf("%+v", c)
	}
	var most, now int64
	var mu sync.Mutex
	var wg sync.WaitGroup
	in = newInjector(t, 1, Phase{For: time.Second, Rules: rules(t, "at-most=3 503")})
	for g := range uint64(8) {
		wg.Go(func() {
			for i := range uint64(2000) {
				v := in.Decide(0, put("k", g*2000+i))
				if v.Rule < 0 {
					continue
				}
				mu.Lock()
				now++
				most = max(most, now)
				now--
				mu.Unlock()
				v.End()
			}
		})
	}
	wg.Wait()
	if most > 3 || in.rules[0].active.Load() != 0 {
		t.Errorf("%d at once, %d in the end", most, in.rules[0].active.Load())
	}
}

// Rules that continue add up in their order, and what a rule decides is told of
// the last one.
func TestContinueComposes(t *testing.T) {
	in := newInjector(t, 1, Phase{For: time.Second, Rules: rules(t,
		"key=a continue latency add=1s", "continue p=0 latency add=5s", "key=a continue latency add=2s", "key=b continue latency add=3s", "key=a attempt=2 SlowDown after=1s", "key=a attempt=3 p=0 reset", "key=a attempt=4 outage", "attempt=3 503")})
	for _, c := range []struct {
		key     string
		attempt int
		text    string
		rule    int
		add     time.Duration
		after   time.Duration
	}{
		{"a", 1, "latency add=1s + latency add=2s", 2, 3 * time.Second, 0},
		{"a", 2, "latency add=1s + latency add=2s + SlowDown after=1s", 4, 3 * time.Second, 4 * time.Second},
		{"a", 3, "latency add=1s + latency add=2s", 2, 3 * time.Second, 0}, // the reset decides, and its draw spares
		{"a", 4, "latency add=1s + latency add=2s + outage", 6, 3 * time.Second, 3*time.Second + RefusedAfter},
		{"b", 1, "latency add=3s", 3, 3 * time.Second, 0},
		{"b", 3, "latency add=3s + 503", 7, 3 * time.Second, 0},
		{"c", 1, "", -1, 0, 0},
	} {
		r := put(c.key, 1)
		r.Attempt = c.attempt
		v := in.Decide(0, r)
		after, _ := v.After()
		if v.Text() != c.text || v.Rule != c.rule || v.Add != c.add || after != c.after {
			t.Errorf("%s %d: %q by %d, %v more, after %v", c.key, c.attempt, v.Text(), v.Rule, v.Add, after)
		}
		if v.Served() != (c.rule < 4) {
			t.Errorf("%s %d: served %v", c.key, c.attempt, v.Served())
		}
		req := request(t, "PUT", "/data/"+c.key, "")
		req = req.WithContext(WithRequest(req.Context(), r))
		ex := NewTransport(NewHandler(in, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), WithNow(func() time.Duration { return 0 }))).Exchange(req)
		want := c.add
		if ex.Fixed {
			want = 0
		}
		if ex.Verdict.Text() != c.text || ex.Delay != want || ex.After != c.after {
			t.Errorf("%s %d on the wire: %q, %v more, after %v", c.key, c.attempt, ex.Verdict.Text(), ex.Delay, ex.After)
		}
	}
}

// What is told to be expected is what comes.
func TestNominalRatesComeTrue(t *testing.T) {
	for _, texts := range [][]string{
		{"p=0.2 500", "503"},
		{"every=2 p=0.2 500", "p=0.5 503"},
		{"until=20s p=0.5 500", "from=10s until=40s p=0.5 501", "p=0.1..0.9 503"},
		{"flap=3s/1s 500", "p=0.5 503"},
		{"rolling=4/10s/5s 500", "p=0.5 503"},
		{"continue p=0.5 latency add=1s", "every=4 p=0.5 continue latency add=1s", "p=0.3 503"},
		{"bursts=20ms/5ms 500", "bursts=10ms/10ms p=0.5 503"},
	} {
		in := newInjector(t, 3, Phase{For: time.Minute, Rules: rules(t, texts...)})
		const n = 60_000
		for i := range uint64(n) {
			in.Decide(time.Duration(i)*time.Millisecond, put("k", i))
		}
		for _, c := range in.Counts() {
			if got := float64(c.Fired) / float64(c.Requests); math.Abs(got-c.Nominal.Rate) > 0.02 || !c.Nominal.Known || c.Requests != n {
				t.Errorf("%s of %v: %.3f, nominal %+v", c.Text, texts, got, c.Nominal)
			}
			if got := float64(c.Fired) / float64(max(1, c.Matched)); c.Nominal.Rate > 0 && !strings.Contains(c.Text, "..") && math.Abs(got-c.Nominal.P) > 0.03 {
				t.Errorf("%s of %v: %.3f of those it is for, nominal %+v", c.Text, texts, got, c.Nominal)
			}
		}
	}
	in := newInjector(t, 3, Phase{For: time.Minute, Rules: rules(t, "first=2 500", "key=a 501", "p=0.5 503")})
	for i, want := range []Nominal{{1, 1, false}, {1, 1, false}, {0.5, 0.5, false}} {
		if got := in.Counts()[i].Nominal; got != want {
			t.Errorf("%d: %+v", i, got)
		}
	}
}

func TestDecideOfShapedRulesDoesNotAllocate(t *testing.T) {
	in := newInjector(t, 1, Phase{For: time.Hour, Rules: rules(t,
		"header=X-A:*b* client=0-9 503", "continue at-most=1000000 latency add=exponential(mean=1s)", "bursts=1s/1s p=0.1..0.5 500", "rolling=4/1s/1s flap=1s/1s 501", "every=3/key first=9/client 502", "p=0.5 SlowDown")})
	h := http.Header{"X-A": {"abc"}}
	var call uint64
	r := put("k", 0)
	if n := testing.AllocsPerRun(10_000, func() {
		call++
		r.Call = call
		v := in.DecideWith(time.Duration(call)*100*time.Millisecond, r, h)
		_ = v.Err()
		v.End()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestMethodIndex(t *testing.T) {
	for i, m := range methods {
		if methodIndex(m) != i {
			t.Errorf("%s is at %d, want %d", m, methodIndex(m), i)
		}
	}
	if methodIndex("PROPFIND") != -1 || methodIndex("") != -1 {
		t.Error("a method that is not there has a place")
	}
}
