package compat

import (
	"context"
	"io"
	"math/rand"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/cenkalti/backoff/v7"
	"github.com/googleapis/gax-go/v2"
	"github.com/hashicorp/go-retryablehttp"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/squall-sim/squall/retry"
)

// backend is a RoundTripper that always answers the same and keeps the times
// at which it was asked.
type backend struct {
	status int
	asked  []time.Time
}

func (b *backend) RoundTrip(req *http.Request) (*http.Response, error) {
	b.asked = append(b.asked, time.Now())
	return &http.Response{
		StatusCode: b.status, Status: http.StatusText(b.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: req,
	}, nil
}

// Do makes it a policy.Transporter.
func (b *backend) Do(req *http.Request) (*http.Response, error) { return b.RoundTrip(req) }

func (b *backend) delays() []time.Duration {
	var delays []time.Duration
	for i := 1; i < len(b.asked); i++ {
		delays = append(delays, b.asked[i].Sub(b.asked[i-1]))
	}
	return delays
}

func attemptsAre(t *testing.T, b *backend, p retry.Policy) {
	t.Helper()
	if len(b.asked) != p.Attempts {
		t.Fatalf("%s: %d attempts, the library makes %d", p.Name, p.Attempts, len(b.asked))
	}
}

// plainSource is a source without Uint64, as minio-go's: rand.Rand draws
// otherwise from those that have one.
type plainSource struct{ rand.Source }

// oracleMinio: the client seeds its generator from the clock, which stands
// where we put it in a bubble. The same delays under the same draws, 1 − u for
// u, since it subtracts.
func oracleMinio(t *testing.T, p retry.Policy) {
	for i := range 300 {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Duration(i) * time.Millisecond)
			draws := rand.New(plainSource{rand.NewSource(time.Now().UTC().UnixNano())})
			b := &backend{status: http.StatusServiceUnavailable}
			c, err := minio.New("s3.test", &minio.Options{
				Creds: credentials.NewStaticV4("id", "secret", ""), Region: "eu-west-1", Transport: b,
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.StatObject(context.Background(), "bucket", "key", minio.StatObjectOptions{}); err == nil {
				t.Fatal("503 is a success")
			}
			attemptsAre(t, b, p)
			for k, want := range b.delays() {
				same(t, "minio", k+1, p.Delay(k+1, 0, retry.Transient, 1-draws.Float64()), want, 1)
			}
		})
	}
}

// oracleAzcore: the attempts of the pipeline, and the distribution of each of
// its delays. Options.Retry is left as it is.
func oracleAzcore(t *testing.T, p retry.Policy) {
	const calls = ksSamples
	theirs := make([][]time.Duration, p.Attempts-1)
	synctest.Test(t, func(t *testing.T) {
		b := &backend{status: http.StatusServiceUnavailable}
		pipeline := runtime.NewPipeline("compat", "v1", runtime.PipelineOptions{}, &policy.ClientOptions{Transport: b})
		for range calls {
			b.asked = b.asked[:0]
			req, err := runtime.NewRequest(context.Background(), http.MethodGet, "https://azure.test/")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := pipeline.Do(req); err != nil {
				t.Fatal(err)
			}
			attemptsAre(t, b, p)
			for k, d := range b.delays() {
				theirs[k] = append(theirs[k], d)
			}
		}
	})
	for k := range theirs {
		i := 0
		sameDistribution(t, p, k+1, func() time.Duration { i++; return theirs[k][i-1] })
	}
}

func oracleGAX(t *testing.T, p retry.Policy) {
	for _, n := range []int{1, 2, 3, 4, 5, 6, 7} { // 32 s is above the cap
		sameDistribution(t, p, n, func() time.Duration {
			var b gax.Backoff
			for range n - 1 {
				b.Pause()
			}
			return b.Pause()
		})
	}
}

// oracleRetryableHTTP has nothing to draw.
func oracleRetryableHTTP(t *testing.T, p retry.Policy) {
	c := retryablehttp.NewClient()
	for n := 1; n <= 100; n++ {
		want := c.Backoff(c.RetryWaitMin, c.RetryWaitMax, n-1, nil)
		same(t, "retryablehttp", n, p.Delay(n, 0, retry.Transient, 0.5), want, 0)
	}
	synctest.Test(t, func(t *testing.T) {
		b := &backend{status: http.StatusServiceUnavailable}
		c.HTTPClient, c.Logger = &http.Client{Transport: b}, nil
		if _, err := c.Get("http://backend.test/"); err == nil {
			t.Fatal("503 is a success")
		}
		attemptsAre(t, b, p)
	})
}

func oracleCenkalti(t *testing.T, p retry.Policy) {
	for _, n := range []int{1, 2, 3, 4, 8, 12, 13, 20} { // the cap is reached at 13
		sameDistribution(t, p, n, func() time.Duration {
			b := backoff.NewExponentialBackOff()
			for range n - 1 {
				b.NextBackOff()
			}
			return b.NextBackOff()
		})
	}
	if p.Limit != backoff.DefaultMaxElapsedTime {
		t.Errorf("the limit is %v, the library's %v", p.Limit, backoff.DefaultMaxElapsedTime)
	}
}
