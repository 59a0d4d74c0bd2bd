package compat

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/faults/s3fake"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryaws"
)

var _ aws.RetryerV2 = (*retryaws.Retryer)(nil)

// counter counts attempts, and throttles the first of them.
type counter struct {
	calm, angry http.RoundTripper
	slowDowns   int // how many attempts meet SlowDown
	attempts    int
}

func (c *counter) Do(req *http.Request) (*http.Response, error) {
	c.attempts++
	if c.attempts <= c.slowDowns {
		return c.angry.RoundTrip(req)
	}
	return c.calm.RoundTrip(req)
}

// TestS3Client sends the SDK's own S3 client, with our retryer, against the
// fake under SlowDown: 503 with S3's error body.
func TestS3Client(t *testing.T) {
	for _, test := range []struct {
		slowDowns, attempts int
		succeeds            bool
	}{
		{0, 1, true}, {1, 2, true}, {4, 5, true}, {5, 5, false}, {9, 5, false},
	} {
		t.Run(fmt.Sprintf("%d SlowDown", test.slowDowns), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := s3fake.New(s3fake.WithBuckets("data"))
				if err := server.Ensure("data", "raw/1.json", 64); err != nil {
					t.Fatal(err)
				}
				c := &counter{calm: faults.NewTransport(server), angry: throttled(t, server), slowDowns: test.slowDowns}
				client := s3.New(s3.Options{
					Region: "eu-west-1", BaseEndpoint: aws.String("http://s3.test"), UsePathStyle: true, HTTPClient: c,
					Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
					Retryer:     retryaws.New(retry.Must(retry.New(retry.S3()))),
				})
				start := time.Now()
				out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("data"), Key: aws.String("raw/1.json")})
				if (err == nil) != test.succeeds || c.attempts != test.attempts {
					t.Fatalf("%d attempts, want %d; error %v", c.attempts, test.attempts, err)
				}
				var low, high time.Duration
				for n := 1; n < test.attempts; n++ {
					low += retry.S3().Delay(n, 0, retry.Throttle, 0)
					high += retry.S3().Delay(n, 0, retry.Throttle, 1)
				}
				if took := time.Since(start); took < low || took > high {
					t.Errorf("took %v, want %v to %v", took, low, high)
				}
				if err != nil {
					if !strings.Contains(err.Error(), "SlowDown") {
						t.Errorf("the error lost its cause: %v", err)
					}
					return
				}
				defer out.Body.Close()
				if body, err := io.ReadAll(out.Body); len(body) != 64 || err != nil {
					t.Errorf("%d bytes, %v", len(body), err)
				}
			})
		})
	}
}

// throttled is a transport on which every request meets SlowDown.
func throttled(t *testing.T, server http.Handler) http.RoundTripper {
	t.Helper()
	effect, err := faults.ParseEffect("SlowDown")
	if err != nil {
		t.Fatal(err)
	}
	in, err := faults.New(faults.Plan{Phases: []faults.Phase{
		{Label: "burst", For: time.Hour, Rules: []faults.Rule{{P: 1, Effect: effect}}},
	}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	return faults.NewTransport(faults.NewHandler(in, server))
}
