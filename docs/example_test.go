// Package docs_test holds the code that README.md shows, so that the compiler
// and the tests see it.
package docs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryhttp"
)

// Store reads objects over HTTP, with retries and a breaker around each attempt.
type Store struct {
	client  *http.Client
	retrier *retry.Retrier
	guard   *breaker.Breaker
}

// Get fetches one object.
func (s *Store) Get(ctx context.Context, url string) ([]byte, error) {
	return retry.Do(ctx, s.retrier, func(ctx context.Context) ([]byte, error) {
		return breaker.Execute(s.guard, func() ([]byte, error) {
			return s.fetch(ctx, url)
		})
	})
}

// fetch is one attempt. FromResponse makes an error of a response that is one,
// with what the retrier asks about: the status, S3's code, Retry-After.
func (s *Store) fetch(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if err := retryhttp.FromResponse(resp); err != nil {
		return nil, err
	}
	return io.ReadAll(resp.Body)
}

func newStore(client *http.Client) (*Store, error) {
	retrier, err := retry.New(retry.S3()) // 5 attempts, 1 s doubling to 30 s, with jitter
	if err != nil {
		return nil, err
	}
	guard, err := breaker.New(breaker.Config{Failures: 5, OpenFor: 30 * time.Second})
	if err != nil {
		return nil, err
	}
	return &Store{client: client, retrier: retrier, guard: guard}, nil
}

// The store of the README, against a server that is throttled at first.
func Example() {
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch requests++; {
		case r.URL.Path == "/missing":
			w.WriteHeader(http.StatusNotFound)
		case requests < 3:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			fmt.Fprint(w, "seven bikes")
		}
	}))
	defer server.Close()
	store, err := newStore(server.Client())
	if err != nil {
		fmt.Println(err)
		return
	}
	// The example should not take the seconds that production waits.
	quick := retry.S3()
	quick.Backoff, quick.Jitter = retry.Backoff{Base: time.Millisecond}, retry.Jitter{}
	store.retrier = retry.Must(retry.New(quick))

	body, err := store.Get(context.Background(), server.URL+"/stations")
	fmt.Printf("%s after %d requests, error %v\n", body, requests, err)

	_, err = store.Get(context.Background(), server.URL+"/missing")
	var failed *retry.Error
	var status *retryhttp.StatusError
	if errors.As(err, &failed) && errors.As(err, &status) {
		fmt.Printf("status %d, attempts %d, because it is %v\n", status.Status, failed.Attempts, failed.Reason.String())
	}
	// Output:
	// seven bikes after 3 requests, error <nil>
	// status 404, attempts 1, because it is not retryable
}
