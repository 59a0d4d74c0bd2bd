package compat

import (
	cryptorand "crypto/rand"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsretry "github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"

	"github.com/squall-sim/squall/retry"
)

// cryptoDraws returns the first n draws that the AWS SDK will make from
// crypto/rand under the seed, and winds the source back.
func cryptoDraws(t *testing.T, seed uint64, n int) []float64 {
	t.Helper()
	cryptotest.SetGlobalRandom(t, seed)
	draws := make([]float64, n)
	for i := range draws {
		v, err := cryptorand.Int(cryptorand.Reader, big.NewInt(1<<53)) // as internal/rand.Float64
		if err != nil {
			t.Fatal(err)
		}
		draws[i] = float64(v.Int64()) / (1 << 53)
	}
	cryptotest.SetGlobalRandom(t, seed)
	return draws
}

// oracleAWSStandard: the same delays under the same draws, the same quota.
func oracleAWSStandard(t *testing.T, p retry.Policy) {
	sameSchedule(t, p, awsretry.NewStandard())
	sameQuota(t, p, func(atOnce func(*awsretry.StandardOptions)) aws.RetryerV2 { return awsretry.NewStandard(atOnce) })
}

// sameSchedule demands as many attempts, and the same delays under the same
// draws.
func sameSchedule(t *testing.T, p retry.Policy, standard aws.RetryerV2) {
	t.Helper()
	if got := standard.MaxAttempts(); got != p.Attempts {
		t.Errorf("%d attempts, the SDK makes %d", p.Attempts, got)
	}
	errs := map[retry.Class]error{
		retry.Transient: errors.New("connection reset"),
		retry.Throttle:  &smithy.GenericAPIError{Code: "SlowDown"},
	}
	const n = 30_000
	draws := cryptoDraws(t, 21, 2*n)
	i := 0
	for _, class := range []retry.Class{retry.Transient, retry.Throttle} {
		for k := range n {
			attempt := 1 + k%30
			want, err := standard.RetryDelay(attempt, errs[class])
			if err != nil {
				t.Fatal(err)
			}
			same(t, class.String(), attempt, p.Delay(attempt, 0, class, draws[i]), want, 1)
			i++
		}
	}
}

// oracleAWSLegacy: the module awslegacy compares with aws-sdk-go-v2 v1.47.7,
// which cannot be required beside v1.48.0. NewExponentialJitterBackoff of
// v1.48.0 still has the old formula; that is compared here.
func oracleAWSLegacy(t *testing.T, p retry.Policy) {
	backoff := awsretry.NewExponentialJitterBackoff(20 * time.Second)
	const n = 20_000
	draws, used := cryptoDraws(t, 22, n), 0
	for k := range n {
		attempt := 1 + k%20
		want, err := backoff.BackoffDelay(attempt, nil)
		if err != nil {
			t.Fatal(err)
		}
		var u float64
		if attempt <= 4 { // from the fifth on it is 20 s, and nothing is drawn
			u = draws[used]
			used++
		}
		same(t, "v1.48.0", attempt, p.Delay(attempt, 0, retry.Transient, u), want, 1)
	}
	cmd := exec.Command("go", "test", "./...")
	cmd.Dir = "awslegacy"
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN=local", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("awslegacy: %v\n%s", err, out)
	}
}
