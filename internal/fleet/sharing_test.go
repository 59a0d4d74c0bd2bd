package fleet

import (
	"testing"
	"time"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/retry"
)

// inStep is a fleet of two clients without retries whose breakers open after three failures,
// for a minute. A fault is for client 0 alone.
func inStep(every time.Duration, trace []Arrival) *Config {
	c := steady(1)
	c.Policy.Retry = retry.None()
	c.Policy.Breaker, c.Policy.Scope, c.Policy.SyncEvery = &breaker.Config{Failures: 3, OpenFor: time.Minute}, InStep, every
	c.Load = Load{Model: Replay, Clients: 2, Mix: []Op{{Name: "GetObject", Weight: 1}, {Name: "PutObject", Weight: 1}}, Trace: trace}
	c.Plan.Phases[0].For = 2 * time.Minute
	for i := range c.Load.Trace {
		c.Load.Trace[i].Key = "k"
	}
	return c
}

// A verdict reaches other clients when they ask, and not before; and all that it says then
// holds for them.
func TestVerdictsSpreadWithADelay(t *testing.T) {
	const every = 10 * time.Second
	var trace []Arrival
	for at := 500 * time.Millisecond; at < 100*time.Second; at += 100 * time.Millisecond {
		if at > time.Second && at < 1300*time.Millisecond {
			trace = append(trace, Arrival{At: at - 50*time.Millisecond, Op: 1}) // fails
		}
		trace = append(trace, Arrival{At: at, Client: 1})
	}
	trace = append(trace, Arrival{At: 1250 * time.Millisecond, Op: 1})
	for i := len(trace) - 1; i > 0 && trace[i].At < trace[i-1].At; i-- {
		trace[i], trace[i-1] = trace[i-1], trace[i]
	}
	c := inStep(every, trace)
	withFault(t, c, 1, "outage")
	c.Plan.Phases[0].Rules[0].On.Op = "PutObject"
	w := &watcher{}
	c.Watch = w
	play(t, c)
	var closed, opened time.Duration // when client 1 was first turned away, and first let through again
	for _, one := range w.calls {
		if one.Client != 1 {
			continue
		}
		switch turnedAway := one.Reason == retry.Rejected.String(); {
		case turnedAway && closed == 0:
			closed = one.Start
		case turnedAway && opened != 0:
			t.Fatalf("turned away at %v, let through at %v", one.Start, opened)
		case !turnedAway && closed != 0 && opened == 0:
			opened = one.Start
		}
	}
	if closed <= 1250*time.Millisecond || closed > 1350*time.Millisecond+every {
		t.Errorf("client 1 hears of the verdict of 1.25s at %v, want within %v", closed, every)
	}
	if opened < 61*time.Second || opened > 62*time.Second {
		t.Errorf("client 1 probes at %v, want about a minute after the verdict", opened)
	}
	c.Policy.Scope = PerClient
	if rec := play(t, c); rec.Total.RejectedByBreaker != 0 {
		t.Errorf("%d calls are turned away where breakers are not shared", rec.Total.RejectedByBreaker)
	}
}

// The sooner a verdict spreads, the fewer attempts a dead backend sees; at best as few as
// with a breaker that all have together, at worst as many as where each has its own.
func TestSoonerVerdictsSpareTheBackend(t *testing.T) {
	attempts := func(scope Scope, every time.Duration) uint64 {
		c := withFault(t, phased(100), 1, "outage")
		c.Load.Clients = 50
		c.Policy.Breaker, c.Policy.Scope, c.Policy.SyncEvery = &breaker.Config{Failures: 5, OpenFor: time.Hour}, scope, every
		rec := play(t, c)
		if scope == InStep && rec.Breakers.Scope != "client, shared" {
			t.Errorf("scope %q", rec.Breakers.Scope)
		}
		return rec.Total.Attempts
	}
	row := []uint64{
		attempts(Shared, 0), attempts(InStep, time.Millisecond), attempts(InStep, 500*time.Millisecond), attempts(InStep, 2*time.Second), attempts(PerClient, 0),
	}
	for i := 1; i < len(row); i++ {
		if row[i] <= row[i-1] {
			t.Errorf("attempts %v: not more and more", row)
			break
		}
	}
}

// A run with breakers that are compared all the time ends as any other, and a restarted
// client hears of the verdict as it starts.
func TestSharedBreakersEndAndRestart(t *testing.T) {
	c := phased(50, 50)
	c.Policy.Breaker, c.Policy.Scope, c.Policy.SyncEvery = &breaker.Config{Failures: 3, OpenFor: time.Hour}, InStep, time.Second
	r, err := newRun(c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.play(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if now := r.loop.Now(); now > 22*time.Second {
		t.Errorf("the run of 20 s goes on to %v", now)
	}
	withFault(t, c, 1, "outage")
	c.Load.Lives = []Lives{{}, {Restart: 1}}
	if rec := play(t, c); rec.Phases[1].Succeeded != 0 {
		t.Errorf("%d calls of restarted clients succeed, though the store knows of the outage", rec.Phases[1].Succeeded)
	}
}
