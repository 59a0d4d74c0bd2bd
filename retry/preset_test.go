package retry_test

import (
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
)

// The step vectors of the presets: what the sources named in their doc
// comments compute, for draws of 0, 1/2 and 1.
var presetVectors = []struct {
	name           string
	attempts       int
	low, mid, high delays
}{
	{"s3", 5, delays{s, 2 * s, 4 * s, 8 * s}, delays{1500 * ms, 2500 * ms, 4500 * ms, 8500 * ms}, delays{2 * s, 3 * s, 5 * s, 9 * s}},
	{"api", 3, delays{500 * ms, s}, delays{750 * ms, 1250 * ms}, delays{s, 1500 * ms}},
	{"aws-standard-2.1", 3, delays{0, 0}, delays{25 * ms, 50 * ms}, delays{50 * ms, 100 * ms}},
	{"aws-go-legacy", 3, delays{0, 0, 0, 0, 20 * s, 20 * s}, delays{s, 2 * s, 4 * s, 8 * s, 20 * s, 20 * s},
		delays{2 * s, 4 * s, 8 * s, 16 * s, 20 * s, 20 * s}},
	{"botocore-legacy", 5, delays{0, 0, 0, 0}, delays{s / 2, s, 2 * s, 4 * s}, delays{s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s}},
	{"botocore-standard", 3, delays{0, 0}, delays{s / 2, s}, delays{s, 2 * s, 4 * s, 8 * s, 16 * s, 20 * s, 20 * s}},
	{"aws-adaptive", 3, delays{0, 0}, delays{25 * ms, 50 * ms}, delays{50 * ms, 100 * ms}},
	{"tenacity-default", retry.Unlimited, delays{0, 0, 0}, delays{0, 0, 0}, delays{0, 0, 0}},
	{"urllib3", 4, delays{0, 0, 0}, delays{0, 0, 0}, delays{0, 0, 0}},
	{"requests-default", 1, nil, nil, nil},
	{"dagster", 2, delays{0}, delays{0}, delays{0}},
	{"grpc", 4, delays{80 * ms, 160 * ms, 320 * ms, 640 * ms, 800 * ms}, delays{100 * ms, 200 * ms, 400 * ms, 800 * ms, s},
		delays{120 * ms, 240 * ms, 480 * ms, 960 * ms, 1200 * ms}},
	{"envoy", 2, delays{0}, delays{12500 * time.Microsecond}, delays{25 * ms, 50 * ms, 100 * ms, 200 * ms, 250 * ms}},
	{"finagle", 21, delays{0, 0}, delays{0, 0}, delays{0, 0}},
	{"gax", retry.Unlimited, delays{0, 0}, delays{s / 2, s, 2 * s}, delays{s, 2 * s, 4 * s, 8 * s, 16 * s, 30 * s, 30 * s}},
	{"minio", 10, delays{0, 0}, delays{100 * ms, 200 * ms, 400 * ms, 500 * ms}, delays{200 * ms, 400 * ms, 800 * ms, s, s}},
	{"azcore", 4, delays{640 * ms, 1920 * ms, 4480 * ms, 9600 * ms, 19840 * ms, 40320 * ms, 60 * s},
		delays{840 * ms, 2520 * ms, 5880 * ms}, delays{1040 * ms, 3120 * ms, 7280 * ms, 15600 * ms, 32240 * ms, 60 * s, 60 * s}},
	{"retryablehttp", 5, delays{s, 2 * s, 4 * s, 8 * s, 16 * s, 30 * s}, delays{s, 2 * s}, delays{s, 2 * s, 4 * s, 8 * s, 16 * s, 30 * s}},
	{"cenkalti", retry.Unlimited, delays{250 * ms, 375 * ms, 562500 * time.Microsecond}, delays{500 * ms, 750 * ms, 1125 * ms},
		delays{750 * ms, 1125 * ms, 1687500 * time.Microsecond}},
	{"resilience4j", 3, delays{500 * ms, 500 * ms}, delays{500 * ms, 500 * ms}, delays{500 * ms, 500 * ms}},
	{"polly", 4, delays{2 * s, 2 * s, 2 * s}, delays{2 * s, 2 * s}, delays{2 * s, 2 * s, 2 * s}},
	{"none", 1, nil, nil, nil},
}

func TestPresets(t *testing.T) {
	names := retry.Presets()
	if len(names) != len(presetVectors) {
		t.Fatalf("%d presets, %d vectors", len(names), len(presetVectors))
	}
	for i, v := range presetVectors {
		p, ok := retry.Preset(v.name)
		if !ok || names[i] != v.name || p.Attempts != v.attempts {
			t.Errorf("%s: %v, want %d attempts at place %d", v.name, p, v.attempts, i)
		}
		if err := p.Validate(); err != nil {
			t.Errorf("%s: %v", v.name, err)
		}
		// A rounding of a nanosecond in a product is not a difference.
		near := func(want delays, u float64) {
			for n, d := range want {
				if got := p.Delay(n+1, 0, retry.Transient, u); got-d > 8 || d-got > 8 {
					t.Errorf("%s: after attempt %d with u=%v %v, want %v", v.name, n+1, u, got, d)
				}
			}
		}
		near(v.low, 0)
		near(v.mid, 0.5)
		near(v.high, 1)
		stateful := p.Quota != (retry.Quota{}) || p.Budget != (retry.BudgetPlan{}) || p.Pace != (retry.Pace{})
		if p.Stateful() != stateful {
			t.Errorf("%s: Stateful is %v", v.name, p.Stateful())
		}
	}
	if _, ok := retry.Preset("S3"); ok {
		t.Error("there is no preset S3")
	}
	// The cap that cenkalti passes, and the throttled delay of AWS 2.1.
	if d := retry.Cenkalti().Delay(1e6, 0, retry.Transient, 1); d != 90*s {
		t.Errorf("cenkalti's longest delay is %v, want 1m30s", d)
	}
	delays{s, 2 * s}.check(t, retry.AWSStandard21(), retry.Throttle, 1)
}

// Who retries what.
func TestPeerTables(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string // the presets that retry it
	}{
		{answer(404, "NoSuchKey"), "tenacity-default"},
		{answer(429, ""), "aws-standard-2.1 botocore-legacy tenacity-default grpc gax minio azcore retryablehttp"},
		{answer(503, ""), "aws-standard-2.1 aws-go-legacy botocore-legacy botocore-standard tenacity-default grpc envoy gax minio azcore retryablehttp"},
		{answer(500, ""), "aws-standard-2.1 aws-go-legacy botocore-legacy botocore-standard tenacity-default envoy gax minio azcore retryablehttp"},
		{answer(501, ""), "tenacity-default envoy gax"},
		{answer(520, ""), "tenacity-default envoy gax minio retryablehttp"},
		{answer(400, "BadDigest"), "botocore-legacy tenacity-default"},
		{answer(400, "RequestTimeout"), "aws-standard-2.1 aws-go-legacy botocore-legacy botocore-standard tenacity-default minio"},
		{answer(400, "ExpiredToken"), "tenacity-default minio"},
		{answer(400, "SlowDown"), "aws-standard-2.1 aws-go-legacy botocore-standard tenacity-default minio"},
		{answer(503, "").waiting(s), "aws-standard-2.1 aws-go-legacy botocore-legacy botocore-standard tenacity-default urllib3 grpc envoy gax minio azcore retryablehttp"},
		{errReset, "aws-standard-2.1 aws-go-legacy botocore-legacy botocore-standard tenacity-default urllib3 grpc envoy gax minio azcore retryablehttp"},
	} {
		got := ""
		for _, name := range []string{"aws-standard-2.1", "aws-go-legacy", "botocore-legacy", "botocore-standard", "tenacity-default",
			"urllib3", "grpc", "envoy", "gax", "minio", "azcore", "retryablehttp"} {
			p, _ := retry.Preset(name)
			if class, _ := retry.Classify(p.Classifier, c.err); class.Retryable() {
				got += " " + name
			}
		}
		if got != " "+c.want {
			t.Errorf("%v:\ngot  %s\nwant  %s", c.err, got, c.want)
		}
	}
	for _, name := range retry.Classifiers() {
		if class, _ := retry.Classify(name, retry.Permanent(errReset)); class != retry.Fatal {
			t.Errorf("%q: a mark does not go before the table: %v", name, class)
		}
	}
}

// pushback is an error with grpc-retry-pushback-ms.
type pushback struct{ after time.Duration }

func (pushback) Error() string                          { return "pushed back" }
func (pushback) ErrorCode() string                      { return "UNAVAILABLE" }
func (p pushback) RetryPushback() (time.Duration, bool) { return p.after, true }

func TestHintsOfPeers(t *testing.T) {
	for name, c := range map[string]struct {
		policy retry.Policy
		lines  []told
	}{
		"pushback is exact and resets": {retry.GRPC(), []told{
			{0, answer(503, ""), 0.5, goOn(100 * ms)}, {0, pushback{7 * s}, 0.5, goOn(7 * s)}, {0, answer(503, ""), 0.5, goOn(100 * ms)}}},
		"pushback of nothing":                  {retry.GRPC(), []told{{0, pushback{0}, 0.5, goOn(0)}}},
		"a negative pushback stops":            {retry.GRPC(), []told{{0, pushback{-1}, 0.5, stop(retry.ServerStop, 0)}}},
		"urllib3 trims":                        {retry.URLLib3(), []told{{0, answer(503, "").waiting(9 * time.Hour), 0, goOn(6 * time.Hour)}}},
		"azcore ends":                          {retry.Azcore(), []told{{0, answer(503, "").waiting(61 * s), 0, stop(retry.ServerStop, 61*s)}}},
		"azcore takes a wait of zero for none": {retry.Azcore(), []told{{0, answer(503, "").waiting(0), 0.5, goOn(840 * ms)}}},
		"retryablehttp: exact, below its own":  {retry.RetryableHTTP(), []told{{0, answer(503, "").waiting(0), 0, goOn(0)}}},
		"retryablehttp: not on 500":            {retry.RetryableHTTP(), []told{{0, answer(500, "").waiting(9 * s), 0, goOn(s)}}},
		"cenkalti resets": {retry.Cenkalti(), []told{{0, errReset, 0.5, goOn(500 * ms)}, {0, errReset, 0.5, goOn(750 * ms)},
			{0, retry.After(errReset, 9*s), 0.5, goOn(9 * s)}, {0, errReset, 0.5, goOn(500 * ms)}}},
	} {
		t.Run(name, func(t *testing.T) {
			r := retry.Must(retry.New(c.policy))
			timeline(t, r, r.Begin(epoch), c.lines)
		})
	}
}

func TestUnlimited(t *testing.T) {
	r := retry.Must(retry.New(retry.TenacityDefault()))
	call := r.Begin(epoch)
	for range 100_000 {
		if d := call.Failed(epoch, errReset, 0); !d.Retry {
			t.Fatalf("ended: %+v", d)
		}
	}
}

func TestBackoffKinds(t *testing.T) {
	p := func(k retry.BackoffKind) retry.Policy {
		return retry.Policy{Attempts: 2, Backoff: retry.Backoff{Kind: k, Base: s, Cap: 20 * s, Schedule: retry.Delays(5*s, 0, 7*s)}}
	}
	delays{s, s, s}.check(t, p(retry.BackoffConstant), retry.Transient, 0)
	delays{s, 2 * s, 3 * s, 4 * s, 5 * s}.check(t, p(retry.BackoffLinear), retry.Transient, 0)
	delays{s, 2 * s, 3 * s, 5 * s, 8 * s, 13 * s, 20 * s}.check(t, p(retry.BackoffFibonacci), retry.Transient, 0)
	delays{s, 3 * s, 7 * s, 15 * s, 20 * s}.check(t, p(retry.BackoffExponentialMinusOne), retry.Transient, 0)
	delays{5 * s, 0, 7 * s, 7 * s}.check(t, p(retry.BackoffSchedule), retry.Throttle, 0)
	free := p(retry.BackoffExponential)
	free.Backoff.Immediate = true
	delays{0, 2 * s, 4 * s}.check(t, free, retry.Transient, 1)
	plus := p(retry.BackoffLinear)
	plus.Jitter = retry.Jitter{Kind: retry.JitterPlusMinus, Amount: s}
	delays{0, s, 2 * s}.check(t, plus, retry.Transient, 0)
	delays{2 * s, 3 * s, 4 * s}.check(t, plus, retry.Transient, 1)
	for k := range retry.BackoffKinds() {
		q := p(retry.BackoffKind(k))
		q.Backoff.Cap = 0
		if d := q.Delay(1e6, 0, retry.Transient, 0); d < 0 {
			t.Errorf("%v at attempt 10^6: %v", q, d)
		}
		if err := q.Validate(); err != nil || q.String() == "" {
			t.Errorf("%v: %v", q, err)
		}
	}
}

func TestSchedule(t *testing.T) {
	list := retry.Delays(s, 5*s, 30*s)
	text, _ := list.MarshalText()
	var back retry.Schedule
	if err := back.UnmarshalText(text); err != nil || back != list || back.Len() != 3 || back.At(9) != 30*s || back.At(0) != s || (retry.Schedule{}).At(1) != 0 {
		t.Errorf("%q reads back as %v, %v", text, back, err)
	}
	for _, bad := range []string{"1s x", "-1s", "1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s 1s"} {
		if err := back.UnmarshalText([]byte(bad)); err == nil || back != list {
			t.Errorf("%q is read as %v", bad, back)
		}
	}
	for _, bad := range []retry.Schedule{{}, retry.Delays(-1), retry.Delays(make([]time.Duration, 17)...)} {
		p := retry.Policy{Attempts: 2, Backoff: retry.Backoff{Kind: retry.BackoffSchedule, Schedule: bad}}
		if p.Validate() == nil {
			t.Errorf("%v is valid", p)
		}
	}
}
