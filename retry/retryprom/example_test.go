package retryprom_test

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryprom"
)

func Example() {
	registry := prometheus.NewRegistry()
	metrics := retryprom.New()
	registry.MustRegister(metrics)

	storage := retry.Must(retry.New(retry.Policy{Name: "storage", Attempts: 3}, retry.WithObserver(metrics.Observe)))
	failures := 2
	_, _ = retry.Do(context.Background(), storage, func(context.Context) (string, error) {
		if failures--; failures >= 0 {
			return "", busy
		}
		return "object", nil
	})

	families, _ := registry.Gather()
	for _, f := range families {
		for _, m := range f.Metric {
			if c := m.Counter; c != nil {
				fmt.Print(f.GetName())
				for _, l := range m.Label {
					fmt.Printf(" %s=%s", l.GetName(), l.GetValue())
				}
				fmt.Printf(": %v\n", c.GetValue())
			}
		}
	}
	// Output:
	// retry_attempts_total policy=storage result=success: 1
	// retry_attempts_total policy=storage result=transient: 2
	// retry_calls_total policy=storage result=success: 1
	// retry_decisions_total decision=retry policy=storage reason=transient: 2
}
