package compat

import (
	"math/rand"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry"
)

// oracles are the presets that have a Go library to be compared with.
var oracles = map[string]func(t *testing.T, p retry.Policy){
	"aws-standard-2.1": oracleAWSStandard,
	"aws-go-legacy":    oracleAWSLegacy,
	"minio":            oracleMinio,
	"azcore":           oracleAzcore,
	"gax":              oracleGAX,
	"retryablehttp":    oracleRetryableHTTP,
	"cenkalti":         oracleCenkalti,
	"grpc":             oracleGRPC,
	"aws-adaptive":     oracleAWSAdaptive,
}

// others are the presets without an oracle here, and why.
var others = map[string]string{
	"s3":                "squall's own",
	"api":               "squall's own",
	"none":              "squall's own",
	"botocore-legacy":   "Python",
	"botocore-standard": "Python",
	"tenacity-default":  "Python",
	"urllib3":           "Python",
	"requests-default":  "Python",
	"dagster":           "Python",
	"envoy":             "C++",
	"finagle":           "Scala",
	"resilience4j":      "Java",
	"polly":             "C#",
}

// TestPresetsHaveOracles: a preset is either compared or says why not.
func TestPresetsHaveOracles(t *testing.T) {
	for _, name := range retry.Presets() {
		if oracles[name] == nil && others[name] == "" {
			t.Errorf("the preset %q has no oracle here, and no reason why not", name)
		}
	}
}

func TestPresets(t *testing.T) {
	for name, oracle := range oracles {
		t.Run(name, func(t *testing.T) {
			p, ok := retry.Preset(name)
			if !ok {
				t.Fatalf("retry has no preset %q", name)
			}
			oracle(t, p)
		})
	}
}

// same demands that two delays are the same but for the rounding of a float,
// which libraries do in seconds or in another order: slack, in nanoseconds.
func same(t *testing.T, what string, n int, got, want, slack time.Duration) {
	t.Helper()
	if d := got - want; d < -slack || d > slack {
		t.Fatalf("%s: the delay after attempt %d is %v, the library's %v", what, n, got, want)
	}
}

// sameDistribution compares our delays after the n-th attempt with the
// library's, given as a function that draws one.
func sameDistribution(t *testing.T, p retry.Policy, n int, draw func() time.Duration) {
	t.Helper()
	rng := rand.New(rand.NewSource(int64(n)))
	ours, theirs := make([]float64, ksSamples), make([]float64, ksSamples)
	for i := range ours {
		ours[i] = float64(p.Delay(n, 0, retry.Transient, rng.Float64()))
		theirs[i] = float64(draw())
	}
	d, critical := ksStatistic(ours, theirs), ksCritical(ksSamples, ksAlpha)
	t.Logf("after attempt %d: D = %.5f, critical %.5f (n = %d, alpha = %g)", n, d, critical, ksSamples, ksAlpha)
	if d > critical {
		t.Errorf("%s: delays after attempt %d are distributed otherwise: D = %v > %v", p.Name, n, d, critical)
	}
}
