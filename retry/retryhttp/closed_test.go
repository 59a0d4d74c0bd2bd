package retryhttp_test

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryhttp"
)

// A server that closes the connection instead of answering (FIN, not RST)
// leaves net/http's transport with a bare io.EOF.
func TestClosedInsteadOfAnAnswerIsRetried(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request, n int) {
		if n == 1 {
			panic(http.ErrAbortHandler)
		}
		io.WriteString(w, "ok")
	})
	r, _ := retrier(t, plain())
	resp, err := client(server, r).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if got := text(t, resp); got != "ok" {
		t.Errorf("%q", got)
	}
	none, _ := retrier(t, retry.None())
	s := &script{steps: []step{fails(io.EOF)}}
	if _, err := retryhttp.New(s, none).RoundTrip(request(t, "GET", "http://x/", nil)); !errors.Is(err, io.EOF) || !errors.Is(err, retry.Exhausted) {
		t.Error(err)
	}
}
