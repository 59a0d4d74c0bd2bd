package faults_test

import (
	"errors"
	"fmt"
	"net/http"
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
