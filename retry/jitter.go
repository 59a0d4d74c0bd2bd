package retry

import "time"

// Jitter spreads the delays of clients that failed together, so that they do
// not come back together. It is plain data; the zero value is no jitter.
type Jitter struct {
	// Kind says how the delay is spread.
	Kind JitterKind
	// Amount is the width of [JitterAdditive] and [JitterAdditiveClipped], and
	// the half width of [JitterPlusMinus]; other kinds do not look at it.
	Amount time.Duration
	// Proportion is the half width of [JitterProportion] and its two variants,
	// above 0 and at most 1: 0.25 spreads over ±25 %. Other kinds do not look
	// at it.
	Proportion float64
	// Above is the upper half width where it differs: Proportion 0.2 and Above
	// 0.3 spread from −20 % to +30 %. Zero means Proportion.
	Above float64
}

// JitterKind names a way to spread a delay. Below, raw is the delay before
// jitter, cut at the cap, and u the draw in [0, 1). Clients that have all
// backed off to the cap are the ones that need jitter most, so the kinds for
// new policies keep the delay within [0, cap] and still spread it there: full,
// equal, decorrelated, additive, proportion and plus-minus.
//
// The others are here because libraries that are in use behave so. Three lose
// their jitter at the cap (additive-clipped, proportion-clipped,
// full-below-cap), and one takes the delay beyond it (proportion-past-cap).
type JitterKind uint8

const (
	// JitterNone waits exactly raw. Clients that failed together retry together.
	JitterNone JitterKind = iota
	// JitterFull waits u·raw: anything from nothing to raw. Least work for the
	// backend. (Brooker, "Exponential Backoff And Jitter", AWS, 2015.)
	JitterFull
	// JitterEqual waits raw/2 + u·raw/2: never less than half. (Brooker, 2015.)
	JitterEqual
	// JitterDecorrelated waits base + u·(min(cap, 3·previous) − base), where
	// previous is the delay before, or base. Brooker's formula draws up to
	// 3·previous and cuts at the cap afterwards, which makes two thirds of the
	// delays equal to the cap once it is reached; this one draws below the cap.
	JitterDecorrelated
	// JitterAdditive waits raw + u·Amount. Where that would pass the cap the
	// whole range moves down to [cap−Amount, cap]. (Range as in Google's
	// client libraries: delay + U(0, amount).)
	JitterAdditive
	// JitterAdditiveClipped waits min(raw + u·Amount, cap): Tenacity's
	// wait_exponential_jitter. The jitter is cut where it passes the cap and
	// is gone when raw reaches it. It is here because policies that are in use
	// are defined so; new policies are better off with JitterAdditive.
	JitterAdditiveClipped
	// JitterProportion waits raw·(1 ± Proportion), with raw first lowered to
	// cap/(1+Proportion), so that the top of the range is the cap.
	JitterProportion
	// JitterProportionClipped waits min(raw·(1 ± Proportion), cap), where this
	// raw is not cut at the cap before: above the cap the delay is the cap and
	// the jitter is gone. (Azure azcore@v1.24.0, runtime/policy_retry.go;
	// resilience4j's randomized intervals.)
	JitterProportionClipped
	// JitterProportionPastCap waits raw·(1 ± Proportion): at the cap the delay
	// is up to cap·(1+Proportion). It is the only kind that passes the cap.
	// (cenkalti/backoff@v7.0.3, exponential.go; google.golang.org/grpc@v1.85.0,
	// stream.go.)
	JitterProportionPastCap
	// JitterFullBelowCap waits u·raw as long as raw is at most the cap, and
	// exactly the cap from there on. (aws-sdk-go-v2@v1.47.7,
	// aws/retry/jitter_backoff.go.)
	JitterFullBelowCap
	// JitterPlusMinus waits raw ± Amount, and nothing where that is negative.
	// Where it would pass the cap the whole range moves down below it.
	// (Dagster's PLUS_MINUS, dagster/_core/definitions/policy.py, with the base
	// as the Amount.)
	JitterPlusMinus

	jitterKinds // how many there are
)

var jitterNames = [jitterKinds]string{
	"none", "full", "equal", "decorrelated", "additive", "additive-clipped", "proportion",
	"proportion-clipped", "proportion-past-cap", "full-below-cap", "plus-minus",
}

// JitterKinds returns the text of every kind, in order.
func JitterKinds() []string { return append([]string(nil), jitterNames[:]...) }

// String returns the kind's text, such as "full".
func (k JitterKind) String() string { return nameOf(jitterNames[:], int(k), "jitter") }

// MarshalText returns the kind's text. An unknown kind is an error.
func (k JitterKind) MarshalText() ([]byte, error) {
	return marshalName(jitterNames[:], int(k), "jitter")
}

// UnmarshalText reads what MarshalText wrote; the error is an [*UnknownNameError].
func (k *JitterKind) UnmarshalText(text []byte) error {
	i, err := parseName(jitterNames[:], string(text), "jitter")
	if err == nil {
		*k = JitterKind(i)
	}
	return err
}
