package retry

import "math"

// BackoffKind names a formula for the delay before jitter, raw, after the n-th
// failed attempt (n from 1). Nothing overflows: from where a formula passes
// the longest Duration, or the cap, raw stays there.
type BackoffKind uint8

const (
	// BackoffExponential is Base · Multiplier^(n−1).
	BackoffExponential BackoffKind = iota
	// BackoffConstant is Base.
	BackoffConstant
	// BackoffLinear is Base · n.
	BackoffLinear
	// BackoffFibonacci is Base · F(n), with F = 1, 2, 3, 5, 8, …: gentler than
	// doubling, and it settles at a factor of 1.618 (sethvargo/go-retry@v0.5.0,
	// backoff_fibonacci.go).
	BackoffFibonacci
	// BackoffExponentialMinusOne is Base · (Multiplier^n − 1): 1, 3, 7, 15, …
	// for a Multiplier of 2. (Azure azcore@v1.24.0, runtime/policy_retry.go;
	// Dagster's EXPONENTIAL, dagster/_core/definitions/policy.py.)
	BackoffExponentialMinusOne
	// BackoffSchedule is the n-th delay of the Schedule, the last one from
	// there on.
	BackoffSchedule

	backoffKinds // how many there are
)

var backoffNames = [backoffKinds]string{
	"exponential", "constant", "linear", "fibonacci", "exponential-minus-one", "schedule",
}

// BackoffKinds returns the text of every kind, in order.
func BackoffKinds() []string { return append([]string(nil), backoffNames[:]...) }

// String returns the kind's text, such as "linear".
func (k BackoffKind) String() string { return nameOf(backoffNames[:], int(k), "backoff") }

// MarshalText returns the kind's text. An unknown kind is an error.
func (k BackoffKind) MarshalText() ([]byte, error) {
	return marshalName(backoffNames[:], int(k), "backoff")
}

// UnmarshalText reads what MarshalText wrote; the error is an [*UnknownNameError].
func (k *BackoffKind) UnmarshalText(text []byte) error {
	i, err := parseName(backoffNames[:], string(text), "backoff")
	if err == nil {
		*k = BackoffKind(i)
	}
	return err
}

// raw returns the base for class and the delay before cap and jitter, at most
// the longest Duration.
func (b *Backoff) raw(n int, class Class) (base, raw float64) {
	n = max(n, 1)
	if b.Kind == BackoffSchedule {
		d := float64(b.Schedule.at(n))
		return d, d
	}
	base = float64(b.Base)
	if class == Throttle && b.ThrottleBase > 0 {
		base = float64(b.ThrottleBase)
	}
	if base <= 0 {
		return 0, 0
	}
	m := b.Multiplier
	if m == 0 {
		m = 2
	}
	factor := 1.0
	switch b.Kind {
	case BackoffExponential:
		factor = power(m, n-1)
	case BackoffLinear:
		factor = float64(n)
	case BackoffFibonacci:
		factor = fibonacci(n)
	case BackoffExponentialMinusOne:
		factor = float64(power(m, n)) - 1
	}
	raw = float64(base * factor)
	if !(raw < math.MaxInt64) { // also when the factor is infinite or not a number
		raw = math.MaxInt64
	}
	return base, raw
}

// fibonacci is F(n) of 1, 2, 3, 5, 8, …, and 2^63 at the most: a nanosecond
// grown by that is the longest Duration.
func fibonacci(n int) float64 {
	a, b := 1.0, 2.0
	for ; n > 1 && a < math.MaxInt64; n-- {
		a, b = b, a+b
	}
	return a
}
