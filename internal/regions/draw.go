package regions

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/scenarios"
)

// defaultColumns is how many values of X are looked at to begin with.
const defaultColumns = 9

// Bounds of a map. They are far above what tells anything more.
const (
	mostSeeds   = 1000
	mostColumns = 1000
)

// OptionError tells of a scenario or an option that cannot be mapped.
type OptionError struct{ Message, Hint string }

// Error gives the message and the hint.
func (e *OptionError) Error() string { return "regions: " + e.Message + "; " + e.Hint }

// Draw maps the scenario. progress, which may be nil, is told of the runs that are
// done and of about how many there will be, from one goroutine at a time. When ctx
// ends first, the map holds the points that were complete by then and is marked as
// interrupted, and comes with ctx's error; without any there is no map. Any other error
// comes without a map: an *OptionError, or what package scenarios says of a setting.
func Draw(ctx context.Context, sc *scenarios.Scenario, o Options, progress func(done, total int)) (*Map, error) {
	if err := check(sc, &o); err != nil {
		return nil, err
	}
	d := &drawing{sc: sc, Options: o, tell: progress}
	last := sc.Phases[len(sc.Phases)-1]
	m := &Map{
		Schema: SchemaVersion, Scenario: sc.Name, Hash: sc.Hash(), Policy: o.Policy, Phase: last.Label,
		Seed: o.Seed, Seeds: o.Seeds, Below: o.Below, X: axisOf(o.X), Rows: []Row{{}},
	}
	if o.Y != nil {
		y := axisOf(*o.Y)
		m.Y, m.Rows = &y, nil
		for _, v := range o.Y.Values(defaultColumns) {
			m.Rows = append(m.Rows, Row{Y: v, Value: o.Y.Text(v)})
		}
	}
	err := d.rows(ctx, m.Rows)
	some := false
	for i := range m.Rows {
		m.Rows[i].settle()
		some = some || len(m.Rows[i].Points) > 0
	}
	if err != nil && (ctx.Err() == nil || !some) {
		return nil, err
	}
	m.Interrupted = err != nil
	m.Notes = m.inert()
	return m, err
}

func axisOf(a scenarios.Axis) Axis {
	return Axis{Path: a.Path, Unit: a.Unit, From: a.From, To: a.To, Log: a.Log}
}

// check looks at what is to be mapped.
func check(sc *scenarios.Scenario, o *Options) error {
	if sc.ServedOnly() {
		return &OptionError{"scenario " + sc.Name + " has no load and no policies: it cannot be run", "write a load and policies"}
	}
	switch {
	case o.Seeds < 1:
		return &OptionError{fmt.Sprintf("%d seeds are too few", o.Seeds), "take 1 or more, best an odd number"}
	case !(o.Below > 0 && o.Below <= 1):
		return &OptionError{fmt.Sprintf("%v is no share of calls", o.Below), "take one above 0 and at most 1, such as 0.5"}
	case !(o.Edge > 0 && o.Edge < 1):
		return &OptionError{fmt.Sprintf("%v is no share of the range", o.Edge), "take one above 0 and below 1, such as 0.01"}
	case o.Seeds > mostSeeds:
		return &OptionError{fmt.Sprintf("%d seeds are too many", o.Seeds), fmt.Sprintf("take %d at most", mostSeeds)}
	case o.Columns > mostColumns:
		return &OptionError{fmt.Sprintf("%d columns are too many", o.Columns), fmt.Sprintf("take %d at most", mostColumns)}
	case o.Columns < 0 || o.Columns == 1:
		return &OptionError{fmt.Sprintf("%d columns are too few", o.Columns), "take 2 or more"}
	case o.Y != nil && sc.SamePlace(o.X.Path, o.Y.Path):
		return &OptionError{"both axes are " + o.X.Path, "take two settings"}
	}
	for _, a := range []*scenarios.Axis{&o.X, o.Y} {
		if a != nil && strings.HasPrefix(a.Path, "policies.") && !playsIn(sc, o.Policy, a.Path) {
			return &OptionError{a.Path + " is of another policy than " + o.Policy + ", whose calls are mapped", "write policy. in place of its name, or choose that policy (--policy)"}
		}
	}
	if o.Columns == 0 {
		o.Columns = defaultColumns
	}
	if o.Mode == "" {
		o.Mode = scenarios.ModeModel
	}
	triggers, err := sc.Triggers()
	if err != nil {
		return err
	}
	some := false
	for _, t := range triggers[:len(triggers)-1] {
		some = some || t
	}
	last := sc.Phases[len(triggers)-1].Label
	switch {
	case triggers[len(triggers)-1]:
		return &OptionError{"there is still trouble in the last phase, " + last + ": nothing tells whether the fleet recovers", "add a phase without faults, such as {label: recovery, for: 60s}"}
	case !some:
		return &OptionError{"scenario " + sc.Name + " has no trigger", "give a phase before the last one a fault or a rate of its own"}
	}
	return nil
}

// playsIn reports whether a path is about a policy that makes calls in a run of another: that
// one, or one that a group of clients keeps.
func playsIn(sc *scenarios.Scenario, policy, path string) bool {
	about := func(name string) bool { return name != "" && strings.HasPrefix(path, "policies."+name+".") }
	return about(policy) || slices.ContainsFunc(sc.Load.Groups, func(g scenarios.Group) bool { return about(g.Policy) })
}

// drawing is a map under way.
type drawing struct {
	Options
	sc   *scenarios.Scenario
	tell func(done, total int)

	mu    sync.Mutex
	done  int
	total int
}

// task is the runs of one point, with the trigger or without.
type task struct {
	row  *Row
	x    float64
	calm bool

	once sync.Once
	sc   *scenarios.Scenario
	err  error
	good []float64 // by run: the share of the last calls that succeeded
	seen []uint64  // by run: its fingerprint
	left atomic.Int32
}

// rows looks at all columns, and then between those that differ.
func (d *drawing) rows(ctx context.Context, rows []Row) error {
	var tasks []*task
	columns := d.X.Values(d.Columns)
	for i := range rows {
		for _, x := range columns {
			tasks = append(tasks, &task{row: &rows[i], x: x}, &task{row: &rows[i], x: x, calm: true})
		}
	}
	halvings := max(1, math.Ceil(math.Log2(1/(d.Edge*float64(len(columns)-1)))))
	if len(columns) < 2 || d.X.List != nil {
		halvings = 0
	}
	d.total = (len(tasks) + 2*len(rows)*int(halvings)) * d.Seeds
	for len(tasks) > 0 {
		if err := d.play(ctx, tasks); err != nil {
			return err
		}
		tasks = d.between(rows)
	}
	return nil
}

// between returns the tasks that halve the edges that are too wide.
func (d *drawing) between(rows []Row) []*task {
	var tasks []*task
	if d.X.List != nil {
		return nil
	}
	for i := range rows {
		for _, calm := range []bool{false, true} {
			rows[i].pairs(calm, func(lo, hi *Point) {
				if x, ok := d.X.Middle(lo.X, hi.X, d.Edge); ok {
					tasks = append(tasks, &task{row: &rows[i], x: x, calm: calm})
				}
			})
		}
	}
	return tasks
}

// play makes all runs of the tasks on all processors, and keeps what came of those
// that are complete. Of several errors the first by order counts.
func (d *drawing) play(ctx context.Context, tasks []*task) error {
	for _, t := range tasks {
		t.good, t.seen = make([]float64, d.Seeds), make([]uint64, d.Seeds)
		t.left.Store(int32(d.Seeds))
	}
	jobs := len(tasks) * d.Seeds
	errs := make([]error, jobs)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(jobs, runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(jobs) && ctx.Err() == nil; i = next.Add(1) - 1 {
				if errs[i] = d.run(ctx, tasks[int(i)/d.Seeds], int(i)%d.Seeds); errs[i] != nil {
					stop()
					return
				}
			}
		})
	}
	group.Wait()
	for _, t := range tasks {
		if t.left.Load() == 0 {
			t.keep(d)
		}
	}
	var interrupted error
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		} else if err != nil && interrupted == nil {
			interrupted = err
		}
	}
	if interrupted == nil {
		interrupted = ctx.Err()
	}
	return interrupted
}

// keep puts what came of a task into its point.
func (t *task) keep(d *drawing) {
	trial := &Trial{Runs: len(t.good)}
	for i, good := range t.good {
		trial.print = trial.print*31 + t.seen[i]
		trial.Success += good / float64(len(t.good))
		if good < d.Below {
			trial.Collapsed++
		}
	}
	*t.row.point(t.x, d.X.Text(t.x)).trial(t.calm) = trial
}

// run makes one run of a task.
func (d *drawing) run(ctx context.Context, t *task, i int) error {
	t.once.Do(func() { t.sc, t.err = d.vary(t) })
	if t.err != nil {
		return t.err
	}
	record, err := scenarios.Run(ctx, t.sc, scenarios.Options{Seed: d.Seed + uint64(i), Mode: d.Mode, Policies: []string{d.Policy}})
	if err != nil {
		return err
	}
	if t.good[i], err = lastGood(t.sc, record); err != nil {
		return err
	}
	if t.seen[i], err = fingerprint(record); err != nil {
		return err
	}
	t.left.Add(-1)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.done++
	if d.tell != nil {
		d.tell(d.done, max(d.done, d.total))
	}
	return nil
}

// vary makes the scenario of a task.
func (d *drawing) vary(t *task) (*scenarios.Scenario, error) {
	settings := []scenarios.Setting{d.X.Setting(t.x)}
	if d.Y != nil {
		settings = append(settings, d.Y.Setting(t.row.Y))
	}
	sc, err := d.sc.With(settings...)
	if err != nil || !t.calm {
		return sc, err
	}
	return sc.Calm()
}

// lastGood is the share of the calls of the last third of the last phase that
// succeeded. Where clients that wait for each other's answers make none, they hang,
// and the share is 0.
func lastGood(sc *scenarios.Scenario, record *reports.Run) (float64, error) {
	last := sc.Phases[len(sc.Phases)-1]
	end := time.Duration(record.DurationNS)
	series := &record.Policies[0].Series
	var calls, good uint64
	for i, n := range series.Calls {
		if at := time.Duration(int64(i) * series.BucketNS); at >= end-last.For/3 && at < end {
			calls += n
			good += series.Succeeded[i]
		}
	}
	if calls == 0 && sc.Load.Model == scenarios.ModelClosed {
		return 0, nil
	}
	if calls == 0 {
		return 0, &OptionError{"there are no calls in the last third of the last phase, " + last.Label, "make the phase longer"}
	}
	return float64(good) / float64(calls), nil
}
