// Package awslegacy holds the preset "aws-go-legacy" against the last version
// of aws-sdk-go-v2 that had it as its default. It is a module of its own
// because one module cannot require two versions of another.
package awslegacy

import (
	cryptorand "crypto/rand"
	"errors"
	"math/big"
	"testing"
	"testing/cryptotest"

	awsretry "github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/squall-sim/squall/retry"
)

func TestDelays(t *testing.T) {
	const seed, n = 23, 20_000
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

	t.Setenv("AWS_NEW_RETRIES_2026", "false")
	standard, p, used := awsretry.NewStandard(), retry.AWSGoLegacy(), 0
	if got := standard.MaxAttempts(); got != p.Attempts {
		t.Errorf("%d attempts, the SDK makes %d", p.Attempts, got)
	}
	for k := range n {
		attempt := 1 + k%20
		want, err := standard.RetryDelay(attempt, errors.New("connection reset"))
		if err != nil {
			t.Fatal(err)
		}
		var u float64
		if attempt <= 4 { // from the fifth on it is 20 s, and nothing is drawn
			u = draws[used]
			used++
		}
		if d := p.Delay(attempt, 0, retry.Transient, u) - want; d < -1 || d > 1 {
			t.Fatalf("the delay after attempt %d is %v, the SDK's %v", attempt, want+d, want)
		}
	}
}
