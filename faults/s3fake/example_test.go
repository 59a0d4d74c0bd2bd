package s3fake_test

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/faults/s3fake"
	"github.com/squall-sim/squall/retry/retryhttp"
)

// S3 that throttles every write below raw/, without a socket.
func ExampleNew() {
	slow, err := faults.ParseEffect("SlowDown")
	if err != nil {
		panic(err)
	}
	injector, err := faults.New(faults.Plan{Phases: []faults.Phase{{
		For:   time.Minute,
		Rules: []faults.Rule{{On: faults.Selector{Op: "PutObject", Key: "raw/**"}, P: 1, Effect: slow}},
	}}}, 1)
	if err != nil {
		panic(err)
	}
	s3 := s3fake.New()
	if err := s3.Ensure("data", "raw/1.json", 64<<10); err != nil {
		panic(err)
	}
	client := &http.Client{Transport: faults.NewTransport(faults.NewHandler(injector, s3))}

	resp, err := client.Get("http://s3.test/data/raw/1.json")
	if err != nil {
		panic(err)
	}
	resp.Body.Close()
	fmt.Println("GET", resp.StatusCode, resp.ContentLength)

	body := s3fake.Body("raw/2.json", 64<<10)
	req, err := http.NewRequest(http.MethodPut, "http://s3.test/data/raw/2.json", body)
	if err != nil {
		panic(err)
	}
	req.ContentLength = body.Size()
	resp, err = client.Do(req)
	if err != nil {
		panic(err)
	}
	var refused *retryhttp.StatusError
	if errors.As(retryhttp.FromResponse(resp), &refused) {
		fmt.Println("PUT", refused.Status, refused.Code)
	}
	for _, c := range injector.Counts() {
		fmt.Println(c.Text, "fired", c.Fired)
	}
	// Output:
	// GET 200 65536
	// PUT 503 SlowDown
	// PutObject raw/** SlowDown fired 1
}
