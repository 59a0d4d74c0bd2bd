package sim

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"time"
)

// calendar is a calendar queue (Brown, CACM 31(10), 1988): days of one width, over which
// the years go round; the events of a day lie sorted. Twice as many events as days double the
// days, half as many halve them; the width is then three times the mean gap of the next events.
type calendar struct {
	days  [][]event
	width uint64
	day   int    // where the last event was taken out
	top   uint64 // end of that day in this year
	last  uint64
	n     int
}

func (q *calendar) push(at time.Duration, word uint64) {
	if q.days == nil {
		q.resize(2)
	}
	q.put(event{uint64(at), word})
	if q.n++; q.n > 2*len(q.days) {
		q.resize(2 * len(q.days))
	}
}

// put sorts an event into its day, behind those of the same moment.
func (q *calendar) put(e event) {
	day := &q.days[e.at/q.width%uint64(len(q.days))]
	i := sort.Search(len(*day), func(i int) bool { return (*day)[i].at > e.at })
	*day = slices.Insert(*day, i, e)
}

func (q *calendar) pop() (at time.Duration, word uint64, ok bool) {
	if q.n == 0 {
		return 0, 0, false
	}
	for range q.days {
		if day := q.days[q.day]; len(day) > 0 && day[0].at < q.top {
			return q.take()
		}
		q.day = (q.day + 1) % len(q.days)
		q.top += q.width
	}
	// A year without events: go to the next one directly.
	least := uint64(math.MaxUint64)
	for i := range q.days {
		if day := q.days[i]; len(day) > 0 && day[0].at < least {
			least = day[0].at
		}
	}
	q.open(least)
	return q.take()
}

func (q *calendar) take() (at time.Duration, word uint64, ok bool) {
	e := q.days[q.day][0]
	q.days[q.day] = slices.Delete(q.days[q.day], 0, 1)
	q.last = e.at
	if q.n--; q.n < len(q.days)/2 && len(q.days) > 2 {
		q.resize(len(q.days) / 2)
	}
	return time.Duration(e.at), e.word, true
}

// open makes the day of a moment the current one.
func (q *calendar) open(at uint64) {
	q.day = int(at / q.width % uint64(len(q.days)))
	q.top = (at/q.width + 1) * q.width
}

func (q *calendar) resize(days int) {
	var all []event
	for _, day := range q.days {
		all = append(all, day...)
	}
	slices.SortStableFunc(all, func(a, b event) int { return cmp.Compare(a.at, b.at) }) // those of one moment lie in one day, in their order
	q.width = 1
	if m := min(len(all), 26); m > 1 {
		q.width = max(1, 3*(all[m-1].at-all[0].at)/uint64(m-1))
	}
	q.days = make([][]event, days)
	for _, e := range all {
		day := &q.days[e.at/q.width%uint64(days)]
		*day = append(*day, e)
	}
	q.open(q.last)
}
