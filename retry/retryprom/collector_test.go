package retryprom_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/retry/retryprom"
)

var (
	epoch  = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	busy   = retry.Retryable(errors.New("busy"))
	slow   = retry.Mark(errors.New("slow down"), retry.Throttle)
	broken = errors.New("broken")
)

// open is a breaker's rejection.
type open struct{}

func (open) Error() string                     { return "open" }
func (open) Rejected() bool                    { return true }
func (open) RetryAfter() (time.Duration, bool) { return 2 * time.Second, true }

// miser pays for nothing.
type miser struct{}

func (miser) Charge(time.Time, retry.Class) retry.Receipt { return retry.Receipt{Cost: 1} }
func (miser) Succeeded(time.Time, int)                    {}

var steady = retry.Policy{Name: "p", Attempts: 3, Backoff: retry.Backoff{Base: time.Second, Multiplier: 1}}

// call begins a call of the policy p that c observes.
func call(c *retryprom.Collector, opts ...retry.Option) retry.Call {
	opts = append(opts, retry.WithObserver(c.Observe), retry.WithHedging(retry.Hedging{MaxInFlight: 3}),
		retry.WithBreakerWait(retry.BreakerWait{Times: 1}))
	return retry.Must(retry.New(steady, opts...)).Begin(epoch)
}

func TestCounters(t *testing.T) {
	for _, test := range []struct {
		name string
		run  func(c *retryprom.Collector)
		want string // calls, attempts, decisions
	}{
		{"success at once", func(c *retryprom.Collector) { k := call(c); k.Succeeded(epoch) },
			`calls{policy="p",result="success"} 1
			 attempts{policy="p",result="success"} 1`},
		{"success after two retries", func(c *retryprom.Collector) {
			k := call(c)
			k.Failed(epoch, busy, 0)
			k.Failed(epoch, slow, 0)
			k.Succeeded(epoch)
		}, `calls{policy="p",result="success"} 1
			 attempts{policy="p",result="success"} 1
			 attempts{policy="p",result="throttle"} 1
			 attempts{policy="p",result="transient"} 1
			 decisions{decision="retry",policy="p",reason="throttle"} 1
			 decisions{decision="retry",policy="p",reason="transient"} 1`},
		{"exhausted", func(c *retryprom.Collector) {
			k := call(c)
			for range 3 {
				k.Failed(epoch, busy, 0)
			}
		}, `calls{policy="p",result="attempts_exhausted"} 1
			 attempts{policy="p",result="transient"} 3
			 decisions{decision="retry",policy="p",reason="transient"} 2`},
		{"not retryable", func(c *retryprom.Collector) { k := call(c); k.Failed(epoch, broken, 0) },
			`calls{policy="p",result="not_retryable"} 1
			 attempts{policy="p",result="unknown"} 1`},
		{"over budget", func(c *retryprom.Collector) {
			k := call(c, retry.WithBudget(miser{}))
			k.Hedge(epoch, 1, 0)
			k.Failed(epoch, busy, 0)
		}, `calls{policy="p",result="over_budget"} 1
			 attempts{policy="p",result="transient"} 1
			 decisions{decision="no_hedge",policy="p",reason="over_budget"} 1`},
		{"a breaker is waited for, then in the way", func(c *retryprom.Collector) {
			k := call(c)
			k.Failed(epoch, open{}, 0)
			k.Failed(epoch, open{}, 0)
		}, `calls{policy="p",result="rejected"} 1
			 decisions{decision="wait",policy="p",reason="rejected"} 1`},
		{"cancelled in a wait", func(c *retryprom.Collector) {
			k := call(c)
			k.Failed(epoch, busy, 0)
			k.Cancel(epoch, nil)
		}, `calls{policy="p",result="cancelled"} 1
			 attempts{policy="p",result="transient"} 1
			 decisions{decision="retry",policy="p",reason="transient"} 1`},
		{"hedges", func(c *retryprom.Collector) {
			k := call(c)
			k.Hedge(epoch, 1, 0)
			k.Hedge(epoch, 2, 0)
			k.Lost(epoch, slow, 2)
			k.Abandon(epoch, 1)
			k.Succeeded(epoch)
		}, `calls{policy="p",result="success"} 1
			 attempts{policy="p",result="abandoned"} 1
			 attempts{policy="p",result="success"} 1
			 attempts{policy="p",result="throttle"} 1
			 decisions{decision="hedge",policy="p",reason="slow"} 2
			 decisions{decision="leave",policy="p",reason="throttle"} 1`},
		{"the caller leaves, the breaker closes the last door", func(c *retryprom.Collector) {
			k := call(c)
			k.Hedge(epoch, 1, 0)
			k.Abandon(epoch, 1)
			k.Cancel(epoch, open{})
		}, `calls{policy="p",result="cancelled"} 1
			 attempts{policy="p",result="abandoned"} 1
			 decisions{decision="hedge",policy="p",reason="slow"} 1`},
	} {
		c := retryprom.New()
		test.run(c)
		if err := testutil.CollectAndCompare(c, strings.NewReader(exposition(test.want)),
			"retry_calls_total", "retry_attempts_total", "retry_decisions_total"); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// exposition is a short list in Prometheus's text format.
func exposition(list string) string {
	help := map[string]string{
		"calls":     "Calls that ended, by result: success, or the reason that there was no further attempt.",
		"attempts":  "Attempts that reached the backend and ended, by result: success, the class of the error, or abandoned.",
		"decisions": "Decisions that did not end a call, by what was decided and why.",
	}
	var b strings.Builder
	for _, line := range strings.Split(list, "\n") {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), "{")
		metric := "retry_" + name + "_total"
		if help[name] != "" {
			fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s counter\n", metric, help[name], metric)
			delete(help, name)
		}
		fmt.Fprintf(&b, "%s{%s\n", metric, rest)
	}
	return b.String()
}

func TestHistograms(t *testing.T) {
	c := retryprom.New(retryprom.WithNamespace("shop"), retryprom.WithConstLabels(prometheus.Labels{"zone": "a"}),
		retryprom.WithSecondsBuckets([]float64{1, 2}, []float64{5}))
	k := call(c)
	k.Failed(epoch, open{}, 0) // 2 s
	k.Failed(epoch.Add(2*time.Second), busy, 0)
	k.Succeeded(epoch.Add(4 * time.Second))
	err := testutil.CollectAndCompare(c, strings.NewReader(`
# HELP shop_retry_call_attempts Attempts of each call that ended.
# TYPE shop_retry_call_attempts histogram
shop_retry_call_attempts_bucket{policy="p",zone="a",le="1"} 0
shop_retry_call_attempts_bucket{policy="p",zone="a",le="2"} 1
shop_retry_call_attempts_bucket{policy="p",zone="a",le="3"} 1
shop_retry_call_attempts_bucket{policy="p",zone="a",le="4"} 1
shop_retry_call_attempts_bucket{policy="p",zone="a",le="5"} 1
shop_retry_call_attempts_bucket{policy="p",zone="a",le="6"} 1
shop_retry_call_attempts_bucket{policy="p",zone="a",le="8"} 1
shop_retry_call_attempts_bucket{policy="p",zone="a",le="10"} 1
shop_retry_call_attempts_bucket{policy="p",zone="a",le="15"} 1
shop_retry_call_attempts_bucket{policy="p",zone="a",le="20"} 1
shop_retry_call_attempts_bucket{policy="p",zone="a",le="50"} 1
shop_retry_call_attempts_bucket{policy="p",zone="a",le="+Inf"} 1
shop_retry_call_attempts_sum{policy="p",zone="a"} 2
shop_retry_call_attempts_count{policy="p",zone="a"} 1
# HELP shop_retry_call_duration_seconds Time of each call that ended, attempts and delays together.
# TYPE shop_retry_call_duration_seconds histogram
shop_retry_call_duration_seconds_bucket{policy="p",zone="a",le="5"} 1
shop_retry_call_duration_seconds_bucket{policy="p",zone="a",le="+Inf"} 1
shop_retry_call_duration_seconds_sum{policy="p",zone="a"} 4
shop_retry_call_duration_seconds_count{policy="p",zone="a"} 1
# HELP shop_retry_delay_seconds Delays before retries, and waits for a circuit breaker.
# TYPE shop_retry_delay_seconds histogram
shop_retry_delay_seconds_bucket{policy="p",zone="a",le="1"} 1
shop_retry_delay_seconds_bucket{policy="p",zone="a",le="2"} 2
shop_retry_delay_seconds_bucket{policy="p",zone="a",le="+Inf"} 2
shop_retry_delay_seconds_sum{policy="p",zone="a"} 3
shop_retry_delay_seconds_count{policy="p",zone="a"} 2
`), "shop_retry_call_attempts", "shop_retry_call_duration_seconds", "shop_retry_delay_seconds")
	if err != nil {
		t.Error(err)
	}
}

// Every reason and every class has a value of its own, and no event makes more.
func TestLabelsAreClosedSets(t *testing.T) {
	c := retryprom.New()
	for reason := range 256 {
		for class := range 256 {
			c.Observe(context.Background(), retry.Event{
				Policy: "p", Ended: 1, Err: broken, Class: retry.Class(class), Decision: retry.Decision{Reason: retry.Reason(reason)},
			})
		}
	}
	if got, want := testutil.CollectAndCount(c, "retry_calls_total"), 1+len(retry.Reasons())+1; got != want {
		t.Errorf("%d results of calls, want %d: success, the reasons, unknown", got, want)
	}
	if got := testutil.CollectAndCount(c, "retry_attempts_total"); got != 6 {
		t.Errorf("%d results of attempts, want 6", got)
	}
}

func TestNamesAreBounded(t *testing.T) {
	c := retryprom.New(retryprom.WithMostPolicies(3))
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 1000 {
				c.Observe(context.Background(), retry.Event{Policy: fmt.Sprintf("p%d", (i+worker*250)%1000), Ended: 1, Attempts: 1})
			}
		})
	}
	wg.Wait()
	if n := testutil.CollectAndCount(c, "retry_calls_total"); n != 4 {
		t.Errorf("%d policies, want 3 and \"other\"", n)
	}
	unnamed := retryprom.New()
	unnamed.Observe(context.Background(), retry.Event{Ended: 1})
	if got := testutil.CollectAndCount(unnamed, "retry_calls_total"); got != 1 {
		t.Errorf("%d policies", got)
	}
	problems, err := testutil.CollectAndLint(unnamed)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

// It registers with any Registerer, twice in one program under other labels.
func TestRegisters(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	for _, zone := range []string{"a", "b"} {
		c := retryprom.New()
		prometheus.WrapRegistererWith(prometheus.Labels{"zone": zone}, prometheus.WrapRegistererWithPrefix("app_", registry)).MustRegister(c)
		r := retry.Must(retry.New(retry.Policy{Name: "p", Attempts: 2}, retry.WithObserver(c.Observe)))
		if _, err := retry.Do(context.Background(), r, func(context.Context) (int, error) { return 0, busy }); !errors.Is(err, retry.Exhausted) {
			t.Fatal(err)
		}
	}
	families, err := registry.Gather()
	if err != nil || len(families) != 6 {
		t.Fatalf("%d families, %v", len(families), err)
	}
	if n := len(families[0].Metric); families[0].GetName() != "app_retry_attempts_total" || n != 2 {
		t.Errorf("%s: %d", families[0].GetName(), n)
	}
}

func TestObserveAllocatesNothing(t *testing.T) {
	c := retryprom.New()
	events := []retry.Event{
		{Policy: "p", Attempts: 1, Ended: 1},
		{Policy: "p", Attempts: 1, Ended: 1, Err: broken, Decision: retry.Decision{Reason: retry.NotRetryable}},
	}
	ctx := context.Background()
	if n := testing.AllocsPerRun(100, func() {
		for _, e := range events {
			c.Observe(ctx, e)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkObserve(b *testing.B) {
	c := retryprom.New()
	e := retry.Event{Policy: "p", Attempts: 1, Ended: 1}
	b.ReportAllocs()
	for b.Loop() {
		c.Observe(context.Background(), e)
	}
}
