package main

import (
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows on a terminal how far a run is. Without a terminal it shows
// nothing: a log has no use for it.
type progress struct {
	mu    sync.Mutex // policies may run side by side
	label string
	to    io.Writer // nil: show nothing
	bar   *progressbar.ProgressBar
}

func newProgress(env environment, quiet bool, label string) *progress {
	if quiet || !env.StderrTerminal {
		return &progress{}
	}
	return &progress{label: label, to: env.Stderr}
}

// update shows that done of total has been simulated. Both are virtual time.
func (p *progress) update(done, total time.Duration) {
	if p.to == nil || total <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar == nil {
		p.bar = progressbar.NewOptions64(int64(total),
			progressbar.OptionSetWriter(p.to),
			progressbar.OptionSetDescription(p.label),
			progressbar.OptionSetWidth(30),
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionThrottle(50*time.Millisecond),
			progressbar.OptionClearOnFinish(),
		)
	}
	// The bar is a courtesy: a terminal that went away must not end the run.
	_ = p.bar.Set64(int64(min(done, total)))
}

// clear removes the bar, so that what follows starts on an empty line.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Finish()
		_ = p.bar.Clear()
		p.bar = nil
	}
}
