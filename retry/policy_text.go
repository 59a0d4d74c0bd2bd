package retry

import (
	"fmt"
	"strconv"
	"strings"
)

// String describes the policy in one line, leaving out what is not set, as in
//
//	s3: 5 attempts, backoff 1s x2 up to 30s, jitter additive-clipped 1s
func (p Policy) String() string {
	var b strings.Builder
	if p.Name != "" {
		b.WriteString(p.Name + ": ")
	}
	switch p.Attempts {
	case 1:
		b.WriteString("1 attempt")
	case Unlimited:
		b.WriteString("unlimited attempts")
	default:
		fmt.Fprintf(&b, "%d attempts", p.Attempts)
	}
	p.describeDelay(&b)
	if p.AttemptTimeout != 0 {
		fmt.Fprintf(&b, ", attempt timeout %v", p.AttemptTimeout)
	}
	if p.Limit != 0 {
		fmt.Fprintf(&b, ", limit %v", p.Limit)
	}
	p.Hint.describe(&b)
	if p.Classifier != "" {
		fmt.Fprintf(&b, ", classifier %s", p.Classifier)
	}
	if p.Quota != (Quota{}) {
		fmt.Fprintf(&b, ", quota %v", p.Quota)
	}
	if p.Budget != (BudgetPlan{}) {
		fmt.Fprintf(&b, ", budget %v", p.Budget)
	}
	if p.Pace != (Pace{}) {
		fmt.Fprintf(&b, ", pace %v", p.Pace)
	}
	return b.String()
}

func (p *Policy) describeDelay(b *strings.Builder) {
	if p.Attempts == 1 && p.Backoff == (Backoff{}) && p.Jitter == (Jitter{}) {
		return
	}
	if p.Backoff.Base == 0 && p.Backoff.ThrottleBase == 0 && p.Backoff.Kind != BackoffSchedule && p.Jitter == (Jitter{}) {
		b.WriteString(", no delay")
		return
	}
	b.WriteString(", backoff ")
	p.Backoff.describe(b)
	fmt.Fprintf(b, ", jitter %v", p.Jitter.Kind)
	switch p.Jitter.Kind {
	case JitterAdditive, JitterAdditiveClipped, JitterPlusMinus:
		fmt.Fprintf(b, " %v", p.Jitter.Amount)
	case JitterProportion, JitterProportionClipped, JitterProportionPastCap:
		if p.Jitter.Above == 0 {
			fmt.Fprintf(b, " ±%s", percent(p.Jitter.Proportion))
		} else {
			fmt.Fprintf(b, " −%s +%s", percent(p.Jitter.Proportion), percent(p.Jitter.Above))
		}
	}
}

func (b *Backoff) describe(s *strings.Builder) {
	m := b.Multiplier
	if m == 0 {
		m = 2
	}
	times := strconv.FormatFloat(m, 'g', -1, 64)
	switch b.Kind {
	case BackoffExponential:
		fmt.Fprintf(s, "%v x%s", b.Base, times)
	case BackoffExponentialMinusOne:
		fmt.Fprintf(s, "%v x%s minus one", b.Base, times)
	case BackoffSchedule:
		fmt.Fprintf(s, "schedule %v", b.Schedule)
	default:
		fmt.Fprintf(s, "%v %v", b.Kind, b.Base)
	}
	if b.Cap != 0 {
		fmt.Fprintf(s, " up to %v", b.Cap)
	}
	if b.ThrottleBase != 0 {
		fmt.Fprintf(s, " (throttled from %v)", b.ThrottleBase)
	}
	if b.Immediate {
		s.WriteString(" after an immediate first")
	}
}

func (h *Hint) describe(b *strings.Builder) {
	if h.Mode == HintNone {
		return
	}
	fmt.Fprintf(b, ", hint %v", h.Mode)
	switch {
	case h.Max != 0 && h.Trim:
		fmt.Fprintf(b, " trimmed to %v", h.Max)
	case h.Max != 0:
		fmt.Fprintf(b, " up to %v", h.Max)
	}
	if h.Reset {
		b.WriteString(" resetting the backoff")
	}
}

func percent(share float64) string { return strconv.FormatFloat(share*100, 'g', 6, 64) + "%" }
