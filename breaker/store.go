package breaker

import (
	"context"
	"sync"
	"time"
)

// Store keeps the state that breakers of several processes share, by the breaker's
// name. Package redisstore has one on Redis, MemoryStore is one in memory.
// Implementations must be safe for concurrent use, must return when ctx ends, and
// measure time on one clock for all processes, so that theirs need not agree. They
// may forget: a name that has not been swapped for longer than the open time of its
// record may be gone.
type Store interface {
	// Load returns the record of a name, the zero Record if there is none.
	Load(ctx context.Context, name string) (Record, error)
	// Swap keeps r under name if the record there has the version before r's, or if
	// there is none, and returns what is kept now and whether it is r. No more than
	// one of those who swap for one version succeeds.
	Swap(ctx context.Context, name string, r Record) (kept Record, swapped bool, err error)
}

// Record is the state of one breaker, as it is shared. The zero value is that of a
// breaker that nobody has shared yet.
type Record struct {
	// Version counts the changes, from wherever the first of them began; never 0.
	Version uint64
	// Open says that the breaker was opened; else it is closed. Being half-open is
	// nobody else's business.
	Open bool
	// Left is what is left of the open time, when the record is loaded as when it is
	// swapped: 0 or less where it is over.
	Left time.Duration
	// Isolated says that the open time does not end.
	Isolated bool
	// Trips is how often the breaker has opened since it was last closed, for an open
	// time that grows.
	Trips int
	// By names who changed it, as given by WithProcess; for people.
	By string
}

// MemoryStore is a Store in memory, for the breakers of one process and for tests.
// The zero value is ready for use, on the system's clock.
type MemoryStore struct {
	// Clock is another clock than the system's. Set it before first use.
	Clock Clock

	mu      sync.Mutex
	records map[string]memory
}

// memory is a record whose Left counts from at.
type memory struct {
	Record
	at time.Time
}

// Load never fails, unless ctx has ended.
func (m *MemoryStore) Load(ctx context.Context, name string) (Record, error) {
	if err := ctx.Err(); err != nil {
		return Record{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.load(name), nil
}

func (m *MemoryStore) load(name string) Record {
	kept := m.records[name]
	if kept.Open && !kept.Isolated {
		kept.Left = saturatingSub(kept.Left, now(m.Clock).Sub(kept.at))
	}
	return kept.Record
}

// Swap never fails, unless ctx has ended.
func (m *MemoryStore) Swap(ctx context.Context, name string, r Record) (Record, bool, error) {
	if err := ctx.Err(); err != nil {
		return Record{}, false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if kept := m.load(name); kept.Version != 0 && kept.Version != r.Version-1 {
		return kept, false, nil
	}
	if m.records == nil {
		m.records = map[string]memory{}
	}
	m.records[name] = memory{Record: r, at: now(m.Clock)}
	return r, true, nil
}
