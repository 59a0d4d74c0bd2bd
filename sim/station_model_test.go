package sim_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/sim"
)

// The oracle of the disciplines: a station as one would write it to be read, with lists
// that are searched, and RFC 8289's pseudocode word by word. It is told what happens to
// it in the order of time, and writes down what becomes of each job.

type modelJob struct {
	id                  int
	service             time.Duration
	entered, limit, end time.Duration
	began               time.Duration
	order               int // in which services began
}

type model struct {
	d        sim.Discipline
	workers  int
	limit    int
	queue    []*modelJob
	serving  []*modelJob
	began    int
	emptied  time.Duration
	fate     map[int]string
	now      time.Duration
	refused  int
	queueSum time.Duration

	firstAboveTime, dropNext time.Duration
	count, lastCount         int
	dropping                 bool
}

func newModel(d sim.Discipline, workers, queue int) *model {
	if d.Kind == sim.CoDel || d.Kind == sim.ControlledDelay {
		d.Target = cmp.Or(d.Target, sim.DefaultTarget)
	}
	d.Interval = cmp.Or(d.Interval, sim.DefaultInterval)
	return &model{d: d, workers: workers, limit: queue, fate: map[int]string{}}
}

// until lets everything end that ends by then.
func (m *model) until(t time.Duration) {
	for {
		var first *modelJob
		for _, j := range m.serving {
			if first == nil || j.end < first.end || j.end == first.end && j.order < first.order {
				first = j
			}
		}
		if first == nil || first.end > t {
			break
		}
		m.pass(first.end)
		m.serving = slices.DeleteFunc(m.serving, func(j *modelJob) bool { return j == first })
		m.fate[first.id] = fmt.Sprintf("done at %v", m.now)
		m.hire()
	}
	m.pass(t)
}

func (m *model) pass(t time.Duration) {
	m.queueSum += (t - m.now) * time.Duration(len(m.queue))
	m.now = t
}

func (m *model) overloaded() bool { return len(m.queue) > 0 && m.now-m.emptied > m.d.Interval }

func (m *model) lifo() bool {
	return m.d.Kind == sim.LIFO || m.d.Kind == sim.AdaptiveLIFO && m.overloaded()
}

func (m *model) enter(id int, service time.Duration) {
	j := &modelJob{id: id, service: service, entered: m.now, limit: sim.Never}
	if len(m.serving) < m.workers {
		m.serve(j)
		return
	}
	if m.limit >= 0 && len(m.queue) >= m.limit {
		if !m.lifo() || len(m.queue) == 0 {
			m.fate[id] = "refused"
			return
		}
		m.drop(m.queue[0])
		m.queue = m.queue[1:]
	}
	if len(m.queue) == 0 {
		m.emptied = m.now
	}
	if m.d.Kind == sim.ControlledDelay || m.d.Kind == sim.AdaptiveLIFO && m.d.Target > 0 {
		j.limit = m.now + m.d.Interval
		if m.overloaded() {
			j.limit = m.now + m.d.Target
		}
	}
	m.queue = append(m.queue, j)
}

func (m *model) serve(j *modelJob) {
	m.began++
	j.end, j.order, j.began = m.now+j.service, m.began, m.now
	m.serving = append(m.serving, j)
}

func (m *model) drop(j *modelJob) { m.fate[j.id] = fmt.Sprintf("dropped at %v", m.now) }

func (m *model) hire() {
	for len(m.serving) < m.workers && len(m.queue) > 0 {
		if m.d.Kind == sim.CoDel {
			if j := m.dequeue(); j != nil {
				m.serve(j)
			}
			continue
		}
		at := 0
		if m.lifo() {
			at = len(m.queue) - 1
		}
		j := m.queue[at]
		m.queue = slices.Delete(m.queue, at, at+1)
		if m.now > j.limit {
			m.drop(j)
			continue
		}
		m.serve(j)
	}
}

// dodequeue and dequeue are RFC 8289's.
func (m *model) dodequeue() (*modelJob, bool) {
	if len(m.queue) == 0 {
		m.firstAboveTime = 0
		return nil, false
	}
	j := m.queue[0]
	m.queue = m.queue[1:]
	okToDrop := false
	if sojourn := m.now - j.entered; sojourn < m.d.Target || len(m.queue) <= 1 {
		m.firstAboveTime = 0
	} else if m.firstAboveTime == 0 {
		m.firstAboveTime = m.now + m.d.Interval
	} else if m.now >= m.firstAboveTime {
		okToDrop = true
	}
	return j, okToDrop
}

func (m *model) law(t time.Duration) time.Duration {
	return t + time.Duration(float64(m.d.Interval)/math.Sqrt(float64(m.count)))
}

func (m *model) dequeue() *modelJob {
	j, ok := m.dodequeue()
	if m.dropping {
		if !ok {
			m.dropping = false
		}
		for m.now >= m.dropNext && m.dropping {
			m.drop(j)
			m.count++
			j, ok = m.dodequeue()
			if !ok {
				m.dropping = false
			} else {
				m.dropNext = m.law(m.dropNext)
			}
		}
	} else if ok {
		m.drop(j)
		j, _ = m.dodequeue()
		m.dropping = true
		delta := m.count - m.lastCount
		m.count = 1
		if delta > 1 && m.now-m.dropNext < 16*m.d.Interval {
			m.count = delta
		}
		m.dropNext = m.law(m.now)
		m.lastCount = m.count
	}
	return j
}

func (m *model) cancel(id int) {
	for i, j := range m.queue {
		if j.id == id {
			m.queue = slices.Delete(m.queue, i, i+1)
			m.fate[id] = fmt.Sprintf("cancelled at %v after 0s", m.now)
			return
		}
	}
	for i, j := range m.serving {
		if j.id == id {
			m.serving = slices.Delete(m.serving, i, i+1)
			m.fate[id] = fmt.Sprintf("cancelled at %v after %v", m.now, m.now-j.began)
			m.hire()
			return
		}
	}
}

// diary is the actor of the real station's jobs.
type diary map[int]string

func (d diary) Act(now time.Duration, id uint64) { d[int(id)] += fmt.Sprintf("done at %v", now) }
func (d diary) Dropped(now time.Duration, id uint64) {
	d[int(id)] += fmt.Sprintf("dropped at %v", now)
}

var disciplines = []sim.Discipline{
	{}, {Kind: sim.LIFO},
	{Kind: sim.AdaptiveLIFO, Interval: 20 * time.Millisecond}, {Kind: sim.AdaptiveLIFO, Interval: 20 * time.Millisecond, Target: 7 * time.Millisecond},
	{Kind: sim.CoDel, Target: 5 * time.Millisecond, Interval: 30 * time.Millisecond},
	{Kind: sim.ControlledDelay, Target: 6 * time.Millisecond, Interval: 25 * time.Millisecond},
}

// Whatever comes, goes and changes: each job's fate is that of the model.
func TestStationIsTheModel(t *testing.T) {
	fates := map[string]int{}
	for _, d := range disciplines {
		t.Run(d.String(), func(t *testing.T) { rapid.Check(t, func(rt *rapid.T) { history(rt, d, fates) }) })
	}
	for _, must := range []string{"lifo dropped", "adaptive-lifo dropped", "codel dropped", "controlled-delay dropped", " refused", " cancelled", "adaptive-lifo refused"} {
		if fates[must] < 20 {
			t.Errorf("only %d jobs were %s: %v", fates[must], must, fates)
		}
	}
}

// history plays one on a station and its model, and counts the fates of the jobs.
func history(rt *rapid.T, d sim.Discipline, fates map[string]int) {
	workers, queue := rapid.IntRange(1, 3).Draw(rt, "workers"), rapid.IntRange(-1, 9).Draw(rt, "queue")
	loop := sim.NewLoop()
	station, err := sim.NewStationWith(loop, workers, queue, d)
	if err != nil {
		rt.Fatal(err)
	}
	want, got := newModel(d, workers, queue), diary{}
	names := map[int]sim.Job{}
	n := rapid.IntRange(0, 250).Draw(rt, "steps")
	at := time.Duration(0)
	for i := range n {
		// What happens to the station is at whole milliseconds; services are not: no ties.
		at += time.Duration(rapid.IntRange(0, 4).Draw(rt, "gap")) * time.Millisecond
		loop.Run(at)
		want.until(at)
		switch what := rapid.IntRange(0, 11).Draw(rt, "what"); {
		case what == 0 && i > 0:
			id := rapid.IntRange(max(0, i-12), i-1).Draw(rt, "whom")
			if worked, ok := station.Cancel(names[id]); ok {
				got[id] += fmt.Sprintf("cancelled at %v after %v", at, worked)
			}
			want.cancel(id)
		case what == 1:
			w := rapid.IntRange(0, 4).Draw(rt, "workers from now on")
			station.SetWorkers(w)
			want.workers = w
			want.hire()
		default:
			service := time.Duration(rapid.IntRange(0, 20).Draw(rt, "service"))*time.Millisecond + time.Duration(i) + 1
			full := station.Full()
			name, ok := station.Submit(service, got, uint64(i))
			if names[i] = name; !ok {
				got[i] = "refused"
			}
			if full == ok {
				rt.Fatalf("Full said %t, and it was let in: %t", full, ok)
			}
			want.enter(i, service)
		}
		conserved(rt, station)
	}
	station.SetWorkers(2) // so that all come to an end
	want.workers = 2
	want.hire()
	loop.Run(at + time.Hour)
	want.until(at + time.Hour)
	for i := range n {
		if got[i] != want.fate[i] {
			rt.Fatalf("job %d: %q, want %q", i, got[i], want.fate[i])
		}
		fates[d.Kind+" "+first(got[i])]++
	}
	if station.QueueTime() != want.queueSum {
		rt.Fatalf("queued for %v, want %v", station.QueueTime(), want.queueSum)
	}
	conserved(rt, station)
	if station.Inside() != 0 {
		rt.Fatalf("%d jobs are left", station.Inside())
	}
}

func first(s string) string {
	s, _, _ = strings.Cut(s, " ")
	return s
}

// conserved checks that no job is lost or counted twice, and Little's law: the jobs inside
// over time are the time that they took.
func conserved(t interface{ Fatalf(string, ...any) }, s *sim.Station) {
	c := s.Counts()
	if c.Entered != c.Served+c.Dropped+c.Cancelled+uint64(s.Inside()) {
		t.Fatalf("%d were let in, %d served, %d dropped, %d cancelled, and %d are inside", c.Entered, c.Served, c.Dropped, c.Cancelled, s.Inside())
	}
	if got, want := s.StayTime(), s.BusyTime()+s.QueueTime(); got != want {
		t.Fatalf("by the comings and goings jobs were inside for %v, by their number over time for %v", got, want)
	}
}
