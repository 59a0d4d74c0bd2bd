package matrix

import (
	"strings"
	"testing"

	"github.com/squall-sim/squall/faults"
)

// TestScenariosAreValid: what live.Start is given.
func TestScenariosAreValid(t *testing.T) {
	for _, kind := range []Kind{S3, HTTP} {
		pairs, err := choose(&kind, faults.EffectExamples(), Operations(kind))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pairs {
			sc := scenarioFor(kind, p)
			if err := sc.Plan().Validate(); err != nil {
				t.Errorf("%s on %s: %v", p.effect, p.op.name, err)
			}
		}
	}
}

func TestTailKeepsTheEnd(t *testing.T) {
	var b tail
	for range 1000 {
		_, _ = b.Write([]byte(strings.Repeat("x", 99) + "\n"))
	}
	_, _ = b.Write([]byte(strings.Repeat("y", 9000) + "\nthe \x1bend\xff\r\n  \n"))
	if got := b.line(); got != "the ?end?" {
		t.Errorf("%q", got)
	}
	if len(b.b) > 4<<10 {
		t.Errorf("%d bytes", len(b.b))
	}
}
