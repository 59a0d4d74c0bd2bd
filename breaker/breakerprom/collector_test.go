package breakerprom_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/breaker/breakerprom"
)

// hand is a clock that a test moves.
type hand struct{ t time.Time }

func (h *hand) Now() time.Time { return h.t }

func fail() error { return errors.New("down") }
func work() error { return nil }

func newBreaker(t *testing.T, c breaker.Config, opts ...breaker.Option) *breaker.Breaker {
	t.Helper()
	b, err := breaker.New(c, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCollector(t *testing.T) {
	clock := &hand{time.Unix(1e9, 0)}
	metrics := breakerprom.New(breakerprom.WithNamespace("shop"), breakerprom.WithConstLabels(prometheus.Labels{"zone": "a"}))
	b := newBreaker(t, breaker.Config{Failures: 2, OpenFor: time.Minute, Shadow: true},
		breaker.WithName("s3-put"), breaker.WithClock(clock), breaker.WithListener(metrics.Listen))
	metrics.Add(b)
	want := func(after, text string) {
		t.Helper()
		if err := testutil.CollectAndCompare(metrics, strings.NewReader(text)); err != nil {
			t.Errorf("%s: %v", after, err)
		}
	}
	_ = b.Run(fail)
	_ = b.Run(fail)
	_ = b.Run(work) // would be refused
	want("two failures", `
# HELP shop_breaker_changes_total Changes of state, by the state after and the cause.
# TYPE shop_breaker_changes_total counter
shop_breaker_changes_total{breaker="s3-put",cause="consecutive_failures",to="open",zone="a"} 1
# HELP shop_breaker_opened_total How often the breaker has opened.
# TYPE shop_breaker_opened_total counter
shop_breaker_opened_total{breaker="s3-put",zone="a"} 1
# HELP shop_breaker_overdue_calls Calls in flight that are slow by now.
# TYPE shop_breaker_overdue_calls gauge
shop_breaker_overdue_calls{breaker="s3-put",zone="a"} 0
# HELP shop_breaker_passed_total Calls let pass in shadow that would have been refused.
# TYPE shop_breaker_passed_total counter
shop_breaker_passed_total{breaker="s3-put",zone="a"} 1
# HELP shop_breaker_probes Probes in flight.
# TYPE shop_breaker_probes gauge
shop_breaker_probes{breaker="s3-put",zone="a"} 0
# HELP shop_breaker_state 1 for the state that the breaker is in, 0 for the others.
# TYPE shop_breaker_state gauge
shop_breaker_state{breaker="s3-put",state="closed",zone="a"} 0
shop_breaker_state{breaker="s3-put",state="half_open",zone="a"} 0
shop_breaker_state{breaker="s3-put",state="open",zone="a"} 1
`)
	// To be asked makes it half-open, and that is counted in the same answer.
	clock.t = clock.t.Add(time.Hour)
	if n := testutil.CollectAndCount(metrics, "shop_breaker_changes_total"); n != 2 {
		t.Errorf("%d kinds of changes, want 2", n)
	}
}

func TestSlowCallsAndProbes(t *testing.T) {
	clock := &hand{time.Unix(1e9, 0)}
	metrics := breakerprom.New()
	b, err := breaker.NewTwoStep(breaker.Config{
		SlowRate: breaker.SlowRate{After: time.Second, Rate: 1, MinCalls: 3, Window: breaker.Window{Calls: 3}}, OpenFor: time.Minute, Probes: 5,
	}, breaker.WithName("x"), breaker.WithClock(clock))
	if err != nil {
		t.Fatal(err)
	}
	metrics.Add(b)
	gauge := func(name string) string { return "# TYPE " + name + " gauge\n" }
	hang := func(n int) {
		for range n {
			if _, err := b.Allow(); err != nil {
				t.Fatal(err)
			}
		}
	}
	hang(2)
	clock.t = clock.t.Add(2 * time.Second)
	if err := testutil.CollectAndCompare(metrics, strings.NewReader("# HELP breaker_overdue_calls Calls in flight that are slow by now.\n"+
		gauge("breaker_overdue_calls")+`breaker_overdue_calls{breaker="x"} 2`+"\n"), "breaker_overdue_calls"); err != nil {
		t.Error(err)
	}
	b.Trip()
	clock.t = clock.t.Add(time.Hour)
	hang(3)
	if err := testutil.CollectAndCompare(metrics, strings.NewReader("# HELP breaker_probes Probes in flight.\n"+
		gauge("breaker_probes")+`breaker_probes{breaker="x"} 3`+"\n"), "breaker_probes"); err != nil {
		t.Error(err)
	}
}

// The breakers of a registry come and go, and are asked while it is used.
func TestRegistry(t *testing.T) {
	metrics := breakerprom.New()
	registry, err := breaker.NewRegistry(breaker.Config{Failures: 1, OpenFor: time.Hour}, breaker.Limits{Max: 20},
		breaker.WithEach[string](breaker.WithListener(metrics.Listen)))
	if err != nil {
		t.Fatal(err)
	}
	metrics.AddAll(breakerprom.Registered(registry))
	all := prometheus.NewPedanticRegistry() // checks that what is collected is what was described
	all.MustRegister(metrics)
	var users sync.WaitGroup
	for g := range 3 {
		users.Go(func() {
			for i := range 200 {
				_ = registry.Get(fmt.Sprint("host-", (i*7+g)%40)).Run([]func() error{work, fail}[i%2])
				if i%20 == 0 {
					if _, err := all.Gather(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	users.Wait()
	if n := testutil.CollectAndCount(metrics, "breaker_opened_total"); n != 20 {
		t.Errorf("%d breakers are shown, want 20", n)
	}
	if problems, err := testutil.CollectAndLint(metrics); len(problems) > 0 || err != nil {
		t.Error(problems, err)
	}
}

// Two of one name are told by Prometheus, not shown as one.
func TestSameNames(t *testing.T) {
	metrics := breakerprom.New()
	c := breaker.Config{Failures: 1, OpenFor: 1}
	metrics.Add(newBreaker(t, c, breaker.WithName("x")), newBreaker(t, c, breaker.WithName("x")))
	all := prometheus.NewRegistry()
	all.MustRegister(metrics)
	if _, err := all.Gather(); err == nil {
		t.Error("two breakers of one name are taken for one")
	}
}

func ExampleCollector() {
	metrics := breakerprom.New()
	all := prometheus.NewRegistry()
	all.MustRegister(metrics)

	guard, err := breaker.New(breaker.Config{Failures: 1, OpenFor: time.Hour},
		breaker.WithName("s3-put"), breaker.WithListener(metrics.Listen))
	if err != nil {
		panic(err)
	}
	metrics.Add(guard)
	_ = guard.Run(func() error { return errors.New("503") })

	families, _ := all.Gather()
	for _, m := range families[0].GetMetric() {
		fmt.Print(families[0].GetName())
		for _, l := range m.GetLabel() {
			fmt.Printf(" %s=%s", l.GetName(), l.GetValue())
		}
		fmt.Println(":", m.GetCounter().GetValue())
	}
	// Output: breaker_changes_total breaker=s3-put cause=consecutive_failures to=open: 1
}
