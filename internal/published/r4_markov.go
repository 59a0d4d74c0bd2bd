package published

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/retry"
	"github.com/squall-sim/squall/sim"
)

func markovStudy() Study {
	return Study{
		Result: "R4",
		Title:  "Retry and circuit breaker, exact Markov results",
		Source: "Mendonça, Aderaldo, Cámara and Garlan, ICSA 2020; models: ppgia-unifor/resiliency-patterns",
		Model: "One client needs 100 responses, with Exp(1) before each request. A response takes Exp(5); after every 10 requests " +
			"that it accepted, the server is down for Exp((1/AV − 1)·50), and it fails only between requests. A client waits for the " +
			"connection for 2, and for the response for 10; such fixed times are Erlang variables of 100 stages. *SP* is the client " +
			"alone, *RP* retries up to 5 times after Exp(min(MBO, 5·2ᵏ)), *SCB* has a breaker that opens for CBTO after 2 failures " +
			"in a row, and closes after 2 probes, *DCB* one whose open time is min(CBTO, 10·2ⁿ) after n failed probes. *Total* is the " +
			"mean time to 100 responses, *contention* the part of it spent connecting and waiting for responses.\n\n" +
			"The client is a process: `Retrier.Begin` and `Call.Failed` give the mean of a wait, which is drawn from an exponential " +
			"distribution (a variant: ours are uniform), and the breaker is `breaker.Execute` on the process's clock, its Erlang open " +
			"times drawn through the `Chance` of its open time's jitter.\n\n" +
			"The published models are continuous-time Markov chains, solved by a model checker. We solve the same chain exactly, for " +
			"all rows, and hold that against the published values first. Their steps that take no time have a rate of 9,999, which " +
			"adds some 0.05 to the total; against the simulation, in which they take none, their rate is 10⁹. Rows *by the chain* are " +
			"those comparisons with what was published; in all other rows the published column is the exact value of the chain.\n\n" +
			"All rows meet the same draws, so their deviations are not independent of each other.",
		Run: func(effort Effort) Report { return markovReport(effort, markovRows()) },
	}
}

// pattern is what the client of R4 is protected by.
type pattern uint8

const (
	simpleProxy pattern = iota
	retryProxy
	staticBreaker
	dynamicBreaker
)

// The model's numbers, times in seconds.
const (
	responsesWanted         = 100
	meanThink               = 1.0
	meanResponse            = 5.0
	responseTimeout         = 10.0
	requestsBetweenFailures = 10
	mostRetries             = 5
	firstBackoff            = 5.0
	failuresToOpen          = 2
	probesToClose           = 2
	firstOpenTime           = 10.0
)

// resilience is a row and a column of the table.
type resilience struct {
	pattern        pattern
	connectTimeout float64
	limit          float64 // of the backoff or of the open time
	availability   float64
}

// outage is the mean time that the server is down for.
func (r resilience) outage() float64 {
	return (1/r.availability - 1) * requestsBetweenFailures * meanResponse
}

func (r resilience) breaks() bool { return r.pattern >= staticBreaker }

// backoff is the mean wait before retry k, from 0.
func (r resilience) backoff(k int) float64 { return min(r.limit, firstBackoff*math.Ldexp(1, k)) }

// openTime is the mean open time after so many reopenings.
func (r resilience) openTime(reopens int) float64 {
	if r.pattern == staticBreaker {
		return r.limit
	}
	return min(r.limit, firstOpenTime*math.Ldexp(1, reopens))
}

// setting names the pattern and its setting, as in "RP, MBO 10".
func (r resilience) setting() string {
	name := [...]string{"SP, connect timeout ", "RP, MBO ", "SCB, CBTO ", "DCB, CBTO "}[r.pattern]
	if r.pattern == simpleProxy {
		return name + fmt.Sprint(r.connectTimeout)
	}
	return name + fmt.Sprint(r.limit)
}

// markovRow is a row and a column of the publication's figures, with the values
// that were given, if they were.
type markovRow struct {
	resilience
	total, contention float64
	drawn             bool       // it is in our figures
	protection        protection // nil: the model's
}

// protection changes the client that is simulated, and not the chain.
type protection func(*retry.Policy, *breaker.Config)

// check begins a check of the row.
func (r markovRow) check(what string) Check {
	return Check{Result: "R4", Name: fmt.Sprintf("%s, AV %v, %s", r.setting(), r.availability, what), Digits: 2}
}

var availabilities = []float64{0.5, 0.6, 0.7, 0.8, 0.9, 1}

// markovRows are the rows of the publication's figures.
func markovRows() []markovRow {
	var rows []markovRow
	add := func(p pattern, connect, limit float64, drawn bool, given ...float64) {
		for i, availability := range availabilities {
			row := markovRow{resilience: resilience{p, connect, limit, availability}, drawn: drawn}
			if given != nil {
				row.total, row.contention = given[2*i], given[2*i+1]
			}
			rows = append(rows, row)
		}
	}
	add(simpleProxy, 2, 0, true, 1161.61, 866.09, 0, 0, 845.74, 655.49, 0, 0, 670.55, 538.49, 616.05, 500.01)
	for _, timeout := range []float64{10, 20, 40} {
		add(simpleProxy, timeout, 0, false)
	}
	add(retryProxy, 2, 10, true, 1305.32, 624.33, 0, 0, 982.52, 559.69, 0, 0, 779.70, 521.90, 691.17, 500.01)
	add(retryProxy, 2, 20, false)
	add(retryProxy, 2, 40, false)
	add(staticBreaker, 2, 10, true, 1257.07, 605.93, 0, 0, 935.23, 556.22, 0, 0, 736.11, 524.37, 641.12, 500.01)
	add(staticBreaker, 2, 20, false)
	add(staticBreaker, 2, 40, true)
	add(dynamicBreaker, 2, 10, false)
	add(dynamicBreaker, 2, 20, false)
	add(dynamicBreaker, 2, 40, true)
	return rows
}

const (
	markovRuns       = 20_000
	publishedInstant = 9999 // the models' rate of steps that should take no time
	instant          = 1e9  // ours
)

func markovReport(effort Effort, rows []markovRow) Report {
	var report Report
	totals := markovChart("r4-total", "Time to a hundred responses",
		"Total time against availability: all protected clients take longer than the bare one, and those longest whose breaker stays open for longest.")
	contentions := markovChart("r4-contention", "Time spent connecting and waiting for responses",
		"Contention against availability: the bare client's grows to 866 as availability falls to a half, that of the protected ones to about 600.")
	measured := [2]reports.Line{{Name: "simulated", Points: true}, {Name: "simulated", Points: true}}
	for i, row := range rows {
		if row.total > 0 {
			total, contention := (&chain{row.resilience, publishedInstant}).solve(responsesWanted)
			report.Checks = append(report.Checks,
				row.check("total by the chain").exactly(row.total, total, 0.01, "equal to 0.01"),
				row.check("contention by the chain").exactly(row.contention, contention, 0.01, "equal to 0.01"))
		}
		total, contention := (&chain{row.resilience, instant}).solve(responsesWanted)
		runs := play(effort.of(markovRuns, 200), func(i uint64) markovResult { return markovRun(row, i) })
		t := meanOf(runs, func(r markovResult) float64 { return r.total.Seconds() })
		c := meanOf(runs, func(r markovResult) float64 { return r.contention.Seconds() })
		report.Checks = append(report.Checks, row.check("total").within99(total, t), row.check("contention").within99(contention, c))
		if !row.drawn {
			continue
		}
		if i%len(availabilities) == 0 {
			totals.Lines = append(totals.Lines, reports.Line{Name: row.setting()})
			contentions.Lines = append(contentions.Lines, reports.Line{Name: row.setting()})
		}
		last := len(totals.Lines) - 1
		totals.Lines[last].Add(row.availability, total)
		contentions.Lines[last].Add(row.availability, contention)
		measured[0].Add(row.availability, t.value)
		measured[1].Add(row.availability, c.value)
	}
	totals.Lines, contentions.Lines = append(totals.Lines, measured[0]), append(contentions.Lines, measured[1])
	report.Figures = []reports.Chart{totals, contentions}
	return report
}

// within99 judges a mean by an exact value, as the target for this study says: the
// 99 % interval covers it.
func (c Check) within99(exact float64, m mean) Check {
	const normal = 2.5758293035489004
	return c.exactly(exact, m.value, float64(student(normal, m.n)*m.err), fmt.Sprintf("99 %% interval, %d runs", m.n))
}

func markovChart(name, title, alt string) reports.Chart {
	return reports.Chart{
		Name: name, Title: title, Subtitle: "one client and a server that fails every ten requests · lines: the chain, exactly; points: simulated", Alt: alt,
		X: reports.Axis{Label: "availability of the server"}, Y: reports.Axis{Label: "units of time"},
	}
}

// markovResult is what one run came to.
type markovResult struct{ total, contention time.Duration }

// markovWorld is the server, the client and its protection.
type markovWorld struct {
	resilience
	markovResult
	process  *sim.Process
	run      sim.Stream
	attempts uint64
	outages  uint64
	sleeps   uint64
	served   int
	upAt     time.Duration
	exp      sim.Sampler // of mean 1 s
	connect  sim.Sampler
	respond  sim.Sampler
	retrier  *retry.Retrier
	breaker  *breaker.Breaker
}

// The purposes of the draws.
const (
	drawService = iota
	drawResponseTimeout
	drawConnectTimeout
	drawOutage
	drawSleep
	drawOpenTime
)

// markovRun plays one run.
func markovRun(row markovRow, run uint64) markovResult {
	loop := sim.NewLoop()
	w := &markovWorld{
		resilience: row.resilience, run: sim.NewStream(run, "markov"),
		exp: exponential(time.Second), connect: erlang(row.connectTimeout), respond: erlang(responseTimeout),
	}
	policy, config := row.policy(), row.breakerConfig()
	if row.protection != nil {
		row.protection(&policy, &config)
	}
	switch row.pattern {
	case retryProxy:
		w.retrier = retry.Must(retry.New(policy))
	case staticBreaker, dynamicBreaker:
		b, err := breaker.New(config, breaker.WithClock(loop.Clock(epoch)), breaker.WithChance(w))
		if err != nil {
			panic(err) // a configuration of this file
		}
		w.breaker = b
	}
	sim.Go(loop, w.client)
	loop.Run(sim.Never)
	w.total = loop.Now()
	return w.markovResult
}

// policy is that of the retry proxy. Its delays are the means of the model's waits.
func (r resilience) policy() retry.Policy {
	return retry.Policy{
		Attempts: 1 + mostRetries, Classifier: "any",
		Backoff: retry.Backoff{Base: seconds(firstBackoff), Cap: seconds(r.limit)},
	}
}

// openFactor is how much longer than its mean an open time may be.
const openFactor = 3

// breakerConfig leaves all of the open time to chance: [markovWorld.Draw] makes of a
// time that is openFactor times the mean one that has the mean.
func (r resilience) breakerConfig() breaker.Config {
	c := breaker.Config{
		Failures: failuresToOpen, Probes: probesToClose, ProbeLease: time.Hour,
		OpenFor: seconds(openFactor * r.openTime(0)), OpenJitter: 1,
	}
	if r.pattern == dynamicBreaker {
		c.OpenMultiplier, c.OpenMax = 2, seconds(openFactor*r.limit)
	}
	return c
}

// Draw implements [breaker.Chance]: an open time of d becomes d·(1-u).
func (w *markovWorld) Draw(n int) float64 {
	return 1 - erlang(1).Sample(w.run.Float64(drawOpenTime, uint64(n), 0)).Seconds()/openFactor
}

// client makes calls until it has all responses.
func (w *markovWorld) client(p *sim.Process) {
	w.process = p
	for got := 0; got < responsesWanted; {
		w.sleep(meanThink)
		if w.call() == nil {
			got++
		}
	}
}

// call is one request, as the pattern makes it.
func (w *markovWorld) call() error {
	switch w.pattern {
	case retryProxy:
		call := w.retrier.Begin(w.now())
		for {
			err := w.attempt()
			if err == nil {
				call.Succeeded(w.now())
				return nil
			}
			d := call.Failed(w.now(), err, 0)
			if !d.Retry {
				return err
			}
			w.sleep(d.After.Seconds())
		}
	case staticBreaker, dynamicBreaker:
		return w.breaker.Run(w.attempt)
	default:
		return w.attempt()
	}
}

var (
	errConnect  = errors.New("no connection in time")
	errResponse = errors.New("no response in time")
)

// attempt connects to the server and waits for its response.
func (w *markovWorld) attempt() error {
	w.attempts++
	n := w.attempts
	if down := w.upAt - w.process.Now(); down > 0 {
		timeout := w.connect.Sample(w.run.Float64(drawConnectTimeout, n, 0))
		w.hold(min(down, timeout))
		if timeout < down {
			return errConnect
		}
	}
	service := scaled(w.exp, meanResponse, w.run.Float64(drawService, n, 0))
	timeout := w.respond.Sample(w.run.Float64(drawResponseTimeout, n, 0))
	w.hold(min(service, timeout))
	if w.served++; w.served == requestsBetweenFailures {
		w.outages++
		w.served = 0
		w.upAt = w.process.Now() + scaled(w.exp, w.outage(), w.run.Float64(drawOutage, w.outages, 0))
	}
	if timeout < service {
		return errResponse
	}
	return nil
}

// hold lets time pass that counts as contention.
func (w *markovWorld) hold(d time.Duration) {
	w.contention += d
	w.process.Sleep(d)
}

// sleep lets an exponential time of this mean pass, in seconds.
func (w *markovWorld) sleep(mean float64) {
	w.sleeps++
	w.process.Sleep(scaled(w.exp, mean, w.run.Float64(drawSleep, w.sleeps, 0)))
}

func (w *markovWorld) now() time.Time { return epoch.Add(w.process.Now()) }

func seconds(s float64) time.Duration { return time.Duration(math.Round(s * float64(time.Second))) }

// scaled draws from a distribution in multiples of its unit.
func scaled(s sim.Sampler, unit, u float64) time.Duration {
	return time.Duration(math.Round(unit * float64(s.Sample(u))))
}
