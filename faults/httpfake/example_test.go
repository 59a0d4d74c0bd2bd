package httpfake_test

import (
	"fmt"
	"net/http"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/faults/httpfake"
)

// A rate limit in front of a web service, without a socket.
func ExampleNew() {
	limited, err := faults.ParseEffect("429 retry-after=2s")
	if err != nil {
		panic(err)
	}
	injector, err := faults.New(faults.Plan{Phases: []faults.Phase{{
		For:   time.Minute,
		Rules: []faults.Rule{{On: faults.Selector{Op: "GET", Key: "/v1/stations/**"}, P: 1, Effect: limited}},
	}}}, 1)
	if err != nil {
		panic(err)
	}
	backend := httpfake.New(httpfake.WithSize(func(string) int64 { return 4 << 10 }))
	client := &http.Client{Transport: faults.NewTransport(faults.NewHandler(injector, backend, faults.PlainHTTP()))}
	for _, path := range []string{"/v1/about", "/v1/stations/7"} {
		resp, err := client.Get("http://api.test" + path)
		if err != nil {
			panic(err)
		}
		resp.Body.Close()
		fmt.Printf("%s: %s %q\n", path, resp.Status, resp.Header.Get("Retry-After"))
	}
	fmt.Println(backend.Requests("GET"), "reached the backend")
	// Output:
	// /v1/about: 200 OK ""
	// /v1/stations/7: 429 Too Many Requests "2"
	// 1 reached the backend
}
