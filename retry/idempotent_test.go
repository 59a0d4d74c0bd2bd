package retry_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/squall-sim/squall/retry"
)

// once is an error that says whether its operation may happen twice.
type once struct {
	error
	idempotent bool
}

func (o once) Idempotent() bool { return o.idempotent }
func (o once) Unwrap() error    { return o.error }

func TestNotIdempotent(t *testing.T) {
	unsafe := once{errReset, false}
	for _, c := range []struct {
		name     string
		err      error
		reason   retry.Reason
		attempts int
	}{
		{"says nothing", errReset, retry.Exhausted, 3},
		{"must not happen twice", unsafe, retry.NotIdempotent, 1},
		{"wrapped", fmt.Errorf("post: %w", unsafe), retry.NotIdempotent, 1},
		{"joined", errors.Join(errors.New("x"), unsafe), retry.NotIdempotent, 1},
		{"the outermost has the word", once{unsafe, true}, retry.Exhausted, 3},
		{"may happen twice", once{errReset, true}, retry.Exhausted, 3},
		{"not worth another attempt", once{answer(404, "NoSuchKey"), false}, retry.NotRetryable, 1},
		{"joined, nobody says", errors.Join(errReset, errReset), retry.Exhausted, 3},
	} {
		r := retry.Must(retry.New(retry.Policy{Name: "p", Attempts: 3}))
		_, err := retry.Do(context.Background(), r, func(context.Context) (int, error) { return 0, c.err })
		var e *retry.Error
		if !errors.As(err, &e) || e.Reason != c.reason || e.Attempts != c.attempts || !errors.Is(err, c.err) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
