package fleet

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// A run in which a law is broken, by hand, ends with an error that names it.
func TestAuditFindsBrokenLaws(t *testing.T) {
	for law, sabotage := range map[string]func(r *run){
		"a call ends once": func(r *run) {
			r.loop.After(0, actor(func() {
				c := r.calls.take()
				c.run, c.start, c.cell = r, r.loop.Now(), r.recorder.cellNow(0, 0, 0)
				r.calls.release(c)
				r.audit.end(c, r.loop.Now(), r.calls.flying)
			}), 0)
		},
		"every call that begins ends": func(r *run) { r.audit.begun++ },
		"Little's law":                func(r *run) { r.audit.area++ },
		"every attempt has one outcome": func(r *run) {
			r.recorder.cells[0].attempts++
		},
		"every call has one end": func(r *run) { r.recorder.cells[0].succeeded++ },
		"time goes on, but it": func(r *run) {
			r.cfg.inTurn = true
			r.loop.After(time.Second, actor(func() { r.audit.pass(0, 0) }), 0)
		},
		"time goes on, but call": func(r *run) {
			r.loop.After(time.Second, actor(func() {
				c := r.calls.take()
				c.run, c.start, c.sent, c.cell = r, r.loop.Now(), -1, r.recorder.cellNow(0, 0, 0)
				r.ahead.now = 2 * time.Second
				c.at(r.ahead.now-1, eventSend)
				c.playOn()
			}), 0)
		},
	} {
		r, err := newRun(withFault(t, steady(3), 0.3, "SlowDown"))
		if err != nil {
			t.Fatal(err)
		}
		sabotage(r)
		res, err := r.play(context.Background(), nil)
		var broken *BrokenError
		if !errors.As(err, &broken) || res != nil || !strings.Contains(err.Error(), law) {
			t.Errorf("%s: %v, %v", law, res, err)
		}
	}
}

type actor func()

func (a actor) Act(time.Duration, uint64) { a() }
