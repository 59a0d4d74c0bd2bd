package retryhttp_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryhttp"
)

// A client that retries what S3 throttles.
func ExampleFromResponse() {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			io.WriteString(w, "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>")
			return
		}
		io.WriteString(w, "hello")
	}))
	defer server.Close()

	p := retry.S3()
	p.Backoff.Base, p.Jitter.Amount = time.Millisecond, time.Millisecond // quick, for an example
	show := retry.WithObserver(func(_ context.Context, e retry.Event) {
		if e.Err != nil {
			fmt.Println(e.Class, "-", e.Err)
		}
	})
	r := retry.Must(retry.New(p, show))

	body, err := retry.Do(context.Background(), r, func(ctx context.Context) (string, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
		if err != nil {
			return "", retry.Permanent(err)
		}
		resp, err := server.Client().Do(req)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		if err := retryhttp.FromResponse(resp); err != nil {
			return "", err
		}
		body, err := io.ReadAll(resp.Body)
		return string(body), err
	})
	fmt.Println(body, err)
	// Output:
	// throttle - retryhttp: GET answered 503 SlowDown: Please reduce your request rate.
	// hello <nil>
}
