package faults_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/squall-sim/squall/faults"
)

func ExampleParseEffect() {
	e, err := faults.ParseEffect("SlowDown retry-after=2s")
	fmt.Println(e, e.HTTPStatus(), err)

	_, err = faults.ParseEffect("SlowDwon")
	var bad *faults.EffectError
	if errors.As(err, &bad) {
		fmt.Println(bad.Offset, bad.Message)
	}
	// Output:
	// SlowDown retry-after=2s 503 <nil>
	// 0 unknown effect "SlowDwon"
}

// Without a byte sent: what the twelfth call's first attempt would get.
func ExampleInjector_Decide() {
	injector, err := faults.New(faults.Plan{Phases: []faults.Phase{
		{Label: "steady", For: time.Minute},
		{Label: "burst", For: time.Minute, Rules: []faults.Rule{
			{On: faults.Selector{Op: "PutObject"}, P: 0.9, Effect: faults.Effect{Kind: faults.S3Error, Code: "SlowDown"}},
		}},
	}}, 7)
	if err != nil {
		panic(err)
	}
	r := faults.Request{Op: "PutObject", Key: "raw/1.json", Client: 3, Call: 12, Attempt: 1}
	fmt.Println(injector.Decide(30*time.Second, r).Err())
	fmt.Println(injector.Decide(90*time.Second, r).Err())
	// Output:
	// <nil>
	// retryhttp: PUT answered 503 SlowDown: Please reduce your request rate.
}

func ExamplePlan_Validate() {
	plan := faults.Plan{Phases: []faults.Phase{{For: time.Minute, Rules: []faults.Rule{
		{On: faults.Selector{Op: "PutObjekt"}, P: 90, Effect: faults.Effect{Kind: faults.Outage}},
	}}}}
	var bad *faults.InvalidError
	if errors.As(plan.Validate(), &bad) {
		for _, p := range bad.Problems {
			fmt.Println(p.Path, "|", p.Message)
		}
	}
	// Output:
	// phases[0].faults[0].on.op | unknown operation "PutObjekt"
	// phases[0].faults[0].p | the probability 90 is not between 0 and 1
}

// In front of a service of your own, on real connections: the first two writes are
// refused, and reads pass.
func ExampleNewHandler() {
	rule, err := faults.ParseRule("PUT first=2/all 503 retry-after=1s")
	if err != nil {
		panic(err)
	}
	injector, err := faults.New(faults.Plan{Phases: []faults.Phase{{For: time.Minute, Rules: []faults.Rule{rule}}}}, 1)
	if err != nil {
		panic(err)
	}
	service := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "done") })
	server := httptest.NewServer(faults.NewHandler(injector, service, faults.PlainHTTP()))
	defer server.Close()
	for _, method := range []string{http.MethodPut, http.MethodGet, http.MethodPut, http.MethodPut} {
		req, err := http.NewRequest(method, server.URL+"/orders/17", nil)
		if err != nil {
			panic(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			panic(err)
		}
		resp.Body.Close()
		fmt.Printf("%s %d Retry-After=%q\n", method, resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	// Output:
	// PUT 503 Retry-After="1"
	// GET 200 Retry-After=""
	// PUT 503 Retry-After="1"
	// PUT 200 Retry-After=""
}

// On virtual time: the exchange tells how long it takes instead of waiting.
func ExampleTransport_Exchange() {
	injector, err := faults.New(faults.Plan{Phases: []faults.Phase{{For: time.Minute, Rules: []faults.Rule{
		{P: 1, Effect: faults.Effect{Kind: faults.Latency, Add: "2s"}},
	}}}}, 1)
	if err != nil {
		panic(err)
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") })
	transport := faults.NewTransport(faults.NewHandler(injector, hello))
	req, err := http.NewRequest(http.MethodGet, "http://s3.test/data/raw/1.json", nil)
	if err != nil {
		panic(err)
	}
	req = req.WithContext(faults.WithRequest(req.Context(), faults.Request{Client: 3, Call: 12, Attempt: 1}))
	ex := transport.Exchange(req)
	fmt.Println(ex.Resp.Status, "after", ex.Delay, "more")
	// Output:
	// 200 OK after 2s more
}

func ExampleOperationOf() {
	req, err := http.NewRequest(http.MethodPut, "http://s3.test/data/raw/1.json?partNumber=2&uploadId=abc", nil)
	if err != nil {
		panic(err)
	}
	op, bucket, key := faults.OperationOf(req.Method, req.URL, req.Header)
	fmt.Println(op, bucket, key, faults.Method("ListObjectsV2"))
	// Output:
	// UploadPart data raw/1.json GET
}

func ExampleParseRule() {
	rule, err := faults.ParseRule(`PUT /v1/** client=0-4 from=10s p=0..0.5 at-most=10 503 retry-after=2s`)
	fmt.Println(rule, err)
	fmt.Println(rule.On.Op, rule.On.Key, rule.Ramp.To, rule.Effect.Status)

	var bad *faults.RuleError
	if _, err = faults.ParseRule("PutObject p=90 fist=2 SlowDown"); errors.As(err, &bad) {
		fmt.Println(bad.Offset, bad.Message)
	}
	// Output:
	// PUT /v1/** client=0-4 from=10s p=0..0.5 at-most=10 503 retry-after=2s <nil>
	// PUT /v1/** 0.5 503
	// 15 unknown option "fist"
}

// The first rule that is for a request decides, so the second one is left what
// the flapping leaves.
func ExamplePhase_Nominal() {
	var rules []faults.Rule
	for _, text := range []string{"flap=6s/4s p=0.5 SlowDown", "p=0.1 InternalError", "first=1 reset"} {
		rule, err := faults.ParseRule(text)
		if err != nil {
			fmt.Println(err)
			return
		}
		rules = append(rules, rule)
	}
	phase := faults.Phase{For: time.Minute, Rules: rules}
	for i, n := range phase.Nominal() {
		fmt.Printf("%.0f%% of those it is for, %.0f%% of all, known: %v (%s)\n", 100*n.P, 100*n.Rate, n.Known, rules[i])
	}
	// Output:
	// 50% of those it is for, 20% of all, known: true (flap=6s/4s p=0.5 SlowDown)
	// 10% of those it is for, 6% of all, known: true (p=0.1 InternalError)
	// 100% of those it is for, 0% of all, known: false (first=1 reset)
}

// A token bucket of two, filled with one a second, in front of whatever a plan
// decides.
func ExampleNewLimiter() {
	limiter, err := faults.NewLimiter(faults.Limits{Quotas: []faults.Quota{{
		Per: faults.PerClient, Rate: faults.Rate{N: 1, Per: time.Second}, Burst: 2,
		Effect: faults.Effect{Kind: faults.Status, Status: 429}, Hint: faults.TellRetryAfter,
	}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	healthy := faults.Verdict{Rule: -1}
	for _, at := range []time.Duration{0, 0, 0, 500 * time.Millisecond, time.Second} {
		v := limiter.Meet(at, faults.Request{Op: "GET", Key: "/v1/7", Client: 7}, healthy)
		fmt.Println(at, v.Err())
	}
	for _, c := range limiter.Counts() {
		fmt.Printf("%s: refused %d of %d\n", c.Text, c.Refused, c.Asked)
	}
	// Output:
	// 0s <nil>
	// 0s <nil>
	// 0s retryhttp: GET answered 429 Too Many Requests
	// 500ms retryhttp: GET answered 429 Too Many Requests
	// 1s <nil>
	// 1/s burst=2 per client: 429: refused 2 of 5
}

func ExampleEffectExamples() {
	for _, e := range faults.EffectExamples() {
		if e.Modifies() {
			fmt.Println(e)
		}
	}
	// Output:
	// latency add=2s
	// slow-body add=2s
	// bandwidth rate=64KiB/s
	// slow-upload rate=64KiB/s
	// corrupt
	// corrupt at=1000 checksum=matching
	// stale by=30s
	// headers drop=Etag
	// headers set=Content-Encoding:gzip
}

func ExampleParseRate() {
	rate, err := faults.ParseRate("90/m")
	fmt.Println(rate, rate.DefaultBurst(), err)
	_, err = faults.ParseRate("200")
	fmt.Println(err)
	// Output:
	// 90/m 1 <nil>
	// faults: "200" has no unit; write 200/s (or 200/m, 200/h)
}

// A rule that comes and goes while a backend serves.
func ExampleInjector_Add() {
	in, err := faults.New(faults.Plan{Phases: []faults.Phase{{Label: "steady", For: time.Hour}}}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	rule, err := faults.ParseRule("GetObject SlowDown")
	if err != nil {
		fmt.Println(err)
		return
	}
	get := faults.Request{Op: "GetObject", Bucket: "squall", Key: "a", Attempt: 1}
	added, err := in.Add(1, 0, rule)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(in.Decide(0, get).Effect(), added != nil)
	in.Remove(added)
	fmt.Println(in.Decide(0, get).Err())
	// Output:
	// SlowDown true
	// <nil>
}
