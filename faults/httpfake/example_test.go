package httpfake_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
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

// A service that takes orders once, however often a client sends them.
func ExampleNewRoutes() {
	routes, err := httpfake.NewRoutes(
		httpfake.Route{Path: "/orders", Method: "POST", Status: http.StatusAccepted, Body: `{"order":7}`},
		httpfake.Route{Path: "/debug/**", Echo: true},
	)
	if err != nil {
		panic(err)
	}
	backend := httpfake.New(httpfake.WithRoutes(routes))
	client := &http.Client{Transport: faults.NewTransport(backend)}
	for range 2 {
		req, err := http.NewRequest(http.MethodPost, "http://api.test/orders", strings.NewReader("a book"))
		if err != nil {
			panic(err)
		}
		req.Header.Set(httpfake.HeaderIdempotencyKey, "8e03978e")
		resp, err := client.Do(req)
		if err != nil {
			panic(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s: %s replayed=%q\n", resp.Status, body, resp.Header.Get(httpfake.HeaderReplayed))
	}
	fmt.Printf("%+v\n", backend.Executions())
	// Output:
	// 202 Accepted: {"order":7} replayed=""
	// 202 Accepted: {"order":7} replayed="true"
	// {Keyed:1 Unkeyed:0 Replayed:1 Mismatched:0}
}
