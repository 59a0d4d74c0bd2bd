package retry_test

import (
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
)

// The step vectors of AWS Retry Behavior 2.1, from aws-sdk-go-v2@v1.48.0,
// aws/retry/retry2026_test.go: an answer, and the decision, the quota left and
// the delay after it, with the draw pinned to 1. A step that succeeded ends
// the call; the next step begins another on the same bucket. Left out are the
// long-polling cases, which are the operation's business, and "modeled" 429s,
// which only the SDK's own types tell from others. A quota of 0 at the start
// is a bucket that has been emptied.

type awsStep struct {
	err    error // nil: 200
	reason retry.Reason
	quota  int
	delay  time.Duration // 0: none
}

type awsVector struct {
	name    string
	change  func(*retry.Policy) // nil: the preset
	tokens  int                 // at the start; 0: full
	empty   bool
	u       float64
	vectors []awsStep
}

const (
	again        retry.Reason = 0
	fail                      = retry.NotRetryable
	tooMany                   = retry.Exhausted
	quotaReached              = retry.OverBudget
)

func attempts(n int) func(*retry.Policy) { return func(p *retry.Policy) { p.Attempts = n } }

var awsVectors = []awsVector{
	{name: "retry eventually succeeds", u: 1, vectors: []awsStep{
		{answer(500, ""), again, 486, 50 * ms}, {answer(500, ""), again, 472, 100 * ms}, {nil, 0, 486, 0}}},
	{name: "fail due to max attempts reached", u: 1, vectors: []awsStep{
		{answer(502, ""), again, 486, 50 * ms}, {answer(502, ""), again, 472, 100 * ms}, {answer(502, ""), tooMany, 472, 0}}},
	{name: "retry quota reached after a single retry", u: 1, tokens: 14, vectors: []awsStep{
		{answer(500, ""), again, 0, 50 * ms}, {answer(500, ""), quotaReached, 0, 100 * ms}}},
	{name: "no retries at all if retry quota is 0", u: 1, empty: true, vectors: []awsStep{
		{answer(500, ""), quotaReached, 0, 50 * ms}}},
	{name: "verifying exponential backoff timing", u: 1, change: attempts(5), vectors: []awsStep{
		{answer(500, ""), again, 486, 50 * ms}, {answer(500, ""), again, 472, 100 * ms},
		{answer(500, ""), again, 458, 200 * ms}, {answer(500, ""), again, 444, 400 * ms}, {answer(500, ""), tooMany, 444, 0}}},
	{name: "verify max backoff time", u: 1, change: func(p *retry.Policy) { p.Attempts, p.Backoff.Cap = 5, 200*ms }, vectors: []awsStep{
		{answer(500, ""), again, 486, 50 * ms}, {answer(500, ""), again, 472, 100 * ms},
		{answer(500, ""), again, 458, 200 * ms}, {answer(500, ""), again, 444, 200 * ms}, {answer(500, ""), tooMany, 444, 0}}},
	{name: "retry stops after retry quota exhaustion", u: 1, tokens: 20, change: attempts(5), vectors: []awsStep{
		{answer(500, ""), again, 6, 50 * ms}, {answer(502, ""), quotaReached, 6, 100 * ms}}},
	{name: "retry quota recovery after successful responses", u: 1, tokens: 30, change: attempts(5), vectors: []awsStep{
		{answer(500, ""), again, 16, 50 * ms}, {answer(502, ""), again, 2, 100 * ms}, {nil, 0, 16, 0},
		{answer(500, ""), again, 2, 50 * ms}, {nil, 0, 16, 0}}},
	{name: "throttling error token bucket drain and backoff duration", u: 1, vectors: []awsStep{
		{answer(400, "Throttling"), again, 495, time.Second}, {nil, 0, 500, 0}}},
	{name: "429 without error code is a throttling error", u: 1, vectors: []awsStep{
		{answer(429, ""), again, 495, time.Second}, {nil, 0, 500, 0}}},
	{name: "429 with unknown error code is a throttling error", u: 1, vectors: []awsStep{
		{answer(429, "SomeUnmodeledError"), again, 495, time.Second}, {nil, 0, 500, 0}}},
	{name: "429 with throttling code is a throttling error", u: 1, vectors: []awsStep{
		{answer(429, "ThrottlingException"), again, 495, time.Second}, {nil, 0, 500, 0}}},
	{name: "429 explicitly not retryable is not retried", u: 1, vectors: []awsStep{
		{retry.Permanent(answer(429, "")), fail, 500, 0}}},
	{name: "dynamodb base backoff and increased retries", u: 1,
		change: func(p *retry.Policy) { p.Attempts, p.Backoff.Base = 4, 25*ms }, vectors: []awsStep{
			{answer(500, ""), again, 486, 25 * ms}, {answer(500, ""), again, 472, 50 * ms},
			{answer(500, ""), again, 458, 100 * ms}, {answer(500, ""), tooMany, 458, 0}}},
	{name: "non-retriable errors", u: 1, vectors: []awsStep{{answer(404, ""), fail, 500, 0}}},
	{name: "honor x-amz-retry-after header", u: 0.5, vectors: []awsStep{
		{answer(500, "").amzWaiting(1500 * ms), again, 486, 1500 * ms}, {nil, 0, 500, 0}}},
	{name: "x-amz-retry-after minimum is exponential backoff duration", u: 1, vectors: []awsStep{
		{answer(500, "").amzWaiting(0), again, 486, 50 * ms}, {nil, 0, 500, 0}}},
	{name: "x-amz-retry-after maximum is 5+exponential backoff duration", u: 1, vectors: []awsStep{
		{answer(500, "").amzWaiting(10 * time.Second), again, 486, 5050 * ms}, {nil, 0, 500, 0}}},
	{name: "invalid x-amz-retry-after falls back to exponential backoff", u: 1, vectors: []awsStep{
		{answer(500, "").amzWaiting(-1), again, 486, 50 * ms}, {nil, 0, 500, 0}}},
	{name: "Retry-After is not read", u: 1, vectors: []awsStep{
		{answer(503, "").waiting(time.Minute), again, 486, 50 * ms}}},
	{name: "a timeout costs as much as any transient error", u: 1, vectors: []awsStep{
		{answer(400, "RequestTimeout"), again, 486, 50 * ms}}},
	{name: "a clean success adds one", u: 1, tokens: 500, vectors: []awsStep{
		{answer(500, ""), again, 486, 50 * ms}, {answer(404, ""), fail, 486, 0}, {nil, 0, 487, 0}}},
}

func TestAWSStandard21Vectors(t *testing.T) {
	for _, v := range awsVectors {
		t.Run(v.name, func(t *testing.T) {
			p := retry.AWSStandard21()
			if v.change != nil {
				v.change(&p)
			}
			if v.tokens > 0 {
				p.Quota.Capacity = v.tokens
			}
			if v.empty {
				p.Quota.Capacity = p.Quota.Cost
			}
			r := retry.Must(retry.New(p))
			bucket := r.Budget().(*retry.Bucket)
			if v.empty {
				bucket.Charge(epoch, retry.Transient)
			}
			call := r.Begin(epoch)
			for i, step := range v.vectors {
				var d retry.Decision
				if step.err != nil {
					d = call.Failed(epoch, step.err, v.u)
				} else {
					call.Succeeded(epoch)
				}
				want := retry.Decision{Retry: step.err != nil && step.reason == again, After: step.delay, Reason: step.reason}
				if d != want || bucket.Tokens() != step.quota {
					t.Errorf("step %d: %+v and %d tokens, want %+v and %d", i, d, bucket.Tokens(), want, step.quota)
				}
				if !d.Retry {
					call = r.Begin(epoch)
				}
			}
		})
	}
}

// A full bucket pays for 35 transient or 100 throttling retries; then 14 clean
// successes buy exactly one.
func TestAWSQuotaDrains(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{{answer(500, ""), 35}, {answer(503, "SlowDown"), 100}} {
		r := retry.Must(retry.New(retry.AWSStandard21()))
		retries := 0
		for range 1000 {
			call := r.Begin(epoch)
			for call.Failed(epoch, c.err, 0).Retry {
				retries++
			}
		}
		if retries != c.want {
			t.Errorf("%v: %d retries, want %d", c.err, retries, c.want)
		}
		left := r.Budget().(*retry.Bucket).Tokens()
		for range 14 - left {
			if call := r.Begin(epoch); call.Failed(epoch, answer(500, ""), 0).Retry {
				t.Fatal("paid too early")
			}
			call := r.Begin(epoch)
			call.Succeeded(epoch)
		}
		if call := r.Begin(epoch); !call.Failed(epoch, answer(500, ""), 0).Retry {
			t.Error("14 clean successes do not buy a retry")
		}
	}
}
