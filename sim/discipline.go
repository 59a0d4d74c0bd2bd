package sim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The disciplines of a [Station]: which of the jobs that wait is served next, and which
// are given up.
const (
	// FIFO serves first come, first served. A job that finds the queue full is
	// refused. It is what an empty Kind means.
	FIFO = "fifo"
	// LIFO serves the job that came last: whoever has waited long will have given
	// up. A job that finds the queue full is let in, and the one that has waited
	// longest is dropped, as it would be served last.
	LIFO = "lifo"
	// AdaptiveLIFO is FIFO until the queue has not been empty for Interval, and LIFO
	// from then on until it is (B. Maurer, "Fail at Scale", ACM Queue 13(8), 2015).
	// With a Target it drops as ControlledDelay does.
	AdaptiveLIFO = "adaptive-lifo"
	// CoDel is FIFO, and drops jobs at a growing rate while each has waited Target
	// or longer for an Interval (RFC 8289, section 5, by its pseudocode, with a job
	// for a packet).
	CoDel = "codel"
	// ControlledDelay is FIFO, and a job may wait for Interval; one that comes when the
	// queue has not been empty for Interval, only for Target. A job that has waited
	// longer is dropped when its turn comes (CoDel for servers, in "Fail at Scale").
	ControlledDelay = "controlled-delay"
	// ProcessorSharing serves all jobs at once, each at an equal share of the
	// workers, and at the speed of one worker at most. None waits; as many are let
	// in as workers and queue could hold.
	ProcessorSharing = "processor-sharing"
)

// Disciplines lists the kinds of a [Discipline].
func Disciplines() []string {
	return []string{FIFO, LIFO, AdaptiveLIFO, CoDel, ControlledDelay, ProcessorSharing}
}

// The defaults of the kinds that measure waits, those of "Fail at Scale" and RFC 8289.
const (
	DefaultTarget   = 5 * time.Millisecond
	DefaultInterval = 100 * time.Millisecond
)

// Discipline says in which order a station serves, as plain data. The zero value is
// FIFO. Disciplines may be compared.
type Discipline struct {
	// Kind is one of [Disciplines]; empty: FIFO.
	Kind string
	// Target is the wait that is bearable while load goes on. For CoDel and
	// ControlledDelay 0 means [DefaultTarget], for AdaptiveLIFO that none is dropped for
	// its wait. 0 for the others.
	Target time.Duration
	// Interval is how long a wait or a queue may last before it is taken for
	// overload, for the same three kinds; 0: [DefaultInterval]. 0 for the others.
	Interval time.Duration
}

// Validate returns nil, or an error that tells everything that is wrong.
func (d Discipline) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("sim: discipline: "+format, args...)) }
	if d.Kind != "" && !slices.Contains(Disciplines(), d.Kind) {
		wrong("unknown kind %q, want one of %s", d.Kind, strings.Join(Disciplines(), ", "))
		return errors.Join(errs...)
	}
	if d.Target < 0 {
		wrong("target %v is negative", d.Target)
	}
	if d.Interval < 0 {
		wrong("interval %v is negative", d.Interval)
	}
	if !d.Measures() && (d.Target != 0 || d.Interval != 0) {
		wrong("%s has no target and no interval", d.withDefaults().Kind)
	}
	if full := d.withDefaults(); d.Measures() && full.Target > full.Interval {
		wrong("target %v is longer than the interval of %v", full.Target, full.Interval)
	}
	return errors.Join(errs...)
}

// Measures tells that the discipline goes by how long jobs wait, and so has a Target and
// an Interval.
func (d Discipline) Measures() bool {
	return d.Kind == AdaptiveLIFO || d.Kind == CoDel || d.Kind == ControlledDelay
}

// Drops tells that a job that has been let in may still be dropped, in a station with
// the given bound of the queue. Then its actor must be a [Dropper].
func (d Discipline) Drops(queue int) bool {
	switch d.Kind {
	case LIFO:
		return queue > 0
	case AdaptiveLIFO:
		return queue > 0 || d.Target > 0
	}
	return d.Kind == CoDel || d.Kind == ControlledDelay
}

// String is the kind, and in brackets what is not at its default.
func (d Discipline) String() string {
	var parts []string
	full := Discipline{Kind: d.Kind}.withDefaults()
	if d.Target != 0 && d.Target != full.Target {
		parts = append(parts, "target="+d.Target.String())
	}
	if d.Interval != 0 && d.Interval != full.Interval {
		parts = append(parts, "interval="+d.Interval.String())
	}
	if len(parts) == 0 {
		return full.Kind
	}
	return full.Kind + "(" + strings.Join(parts, ",") + ")"
}

func (d Discipline) withDefaults() Discipline {
	if d.Kind == "" {
		d.Kind = FIFO
	}
	if d.Target == 0 && (d.Kind == CoDel || d.Kind == ControlledDelay) {
		d.Target = DefaultTarget
	}
	if d.Interval == 0 && d.Measures() {
		d.Interval = DefaultInterval
	}
	return d
}
