package retryhttp_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryhttp"
)

// A client that asks again where the service is busy.
func ExampleNew() {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		io.WriteString(w, "hello")
	}))
	defer server.Close()

	p := retry.API()
	p.Backoff.Base, p.Jitter.Amount = time.Millisecond, time.Millisecond // quick, for an example
	client := &http.Client{Transport: retryhttp.New(nil, retry.Must(retry.New(p)))}

	resp, err := client.Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(asked, string(body))
	// Output: 3 hello
}
