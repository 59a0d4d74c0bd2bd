package faults

import (
	"net/http"
	"sync/atomic"
	"time"
)

// dates writes times as a Date header has them, which are the same for a second. It is
// safe for concurrent use.
type dates struct{ last atomic.Pointer[date] }

type date struct {
	second int64
	text   string
}

func (d *dates) text(t time.Time) string {
	second := t.Unix()
	if last := d.last.Load(); last != nil && last.second == second {
		return last.text
	}
	now := &date{second, t.UTC().Format(http.TimeFormat)}
	d.last.Store(now)
	return now.text
}
