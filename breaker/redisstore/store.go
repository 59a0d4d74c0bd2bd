package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/squall-sim/squall/breaker"
)

// Store is a breaker.Store in Redis. Make it with New. It is safe for concurrent use,
// and holds nothing that has to be closed: the client stays the caller's.
type Store struct {
	client redis.Scripter
	prefix string
	keep   time.Duration
}

var _ breaker.Store = (*Store)(nil)

// New returns a Store that keeps its records through client, such as a *redis.Client,
// *redis.ClusterClient or *redis.Ring; see the package's documentation for its settings.
// It does not ask Redis anything. The error holds all problems of c, as
// Config.Validate does, and a *FieldError for a nil client.
func New(client redis.Scripter, c Config) (*Store, error) {
	err := c.Validate()
	if client == nil {
		err = errors.Join(&FieldError{Field: "client", Value: "nil", Want: "a *redis.Client, *redis.ClusterClient or *redis.Ring"}, err)
	}
	if err != nil {
		return nil, err
	}
	s := &Store{client: client, prefix: c.Prefix, keep: c.Keep}
	if s.prefix == "" {
		s.prefix = DefaultPrefix
	}
	if s.keep == 0 {
		s.keep = DefaultKeep
	}
	return s, nil
}

// Key is where the record of a breaker is.
func (s *Store) Key(name string) string { return s.prefix + name }

// Load returns the record of a name, the zero Record if there is none, in one round
// trip. Left may be wrong by the microsecond that Redis' clock ticks in.
//
// Load returns at once when ctx ends, whatever the client does. The error wraps that of
// ctx or the client's, which for a deadline may be a net.Error of the connection; either
// has Timeout() true then. It is a *CorruptError where something else is under the key.
func (s *Store) Load(ctx context.Context, name string) (breaker.Record, error) {
	key := s.Key(name)
	answer, err := s.run(ctx, loadScript, key)
	if err != nil {
		return breaker.Record{}, fmt.Errorf("redisstore: loading %q: %w", key, err)
	}
	return parse(key, answer)
}

// Swap keeps r under name if the record there has the version before r's, or if there is
// none, and returns what is kept now and whether it is r, in one round trip. Every Record
// can be kept.
//
// The errors are those of Load. After an error other than a *CorruptError r may be kept
// all the same: the answer was lost, or comes too late. If the client repeats a Swap
// whose answer was lost (MaxRetries), the second finds the first one's record, and tells
// that as kept and not swapped. A breaker.Sharing takes both for what they are at its
// next Sync.
func (s *Store) Swap(ctx context.Context, name string, r breaker.Record) (kept breaker.Record, swapped bool, err error) {
	key := s.Key(name)
	answer, err := s.run(ctx, swapScript, key,
		strconv.FormatUint(r.Version-1, 10), strconv.FormatUint(r.Version, 10), flag(r.Open), flag(r.Isolated),
		strconv.FormatInt(int64(r.Left), 10), strconv.Itoa(r.Trips), r.By, s.expiry(r))
	if err != nil {
		return breaker.Record{}, false, fmt.Errorf("redisstore: swapping %q: %w", key, err)
	}
	if len(answer) == 1 && answer[0] == swappedAnswer {
		return r, true, nil
	}
	kept, err = parse(key, answer)
	return kept, false, err
}

// expiry is how long r is kept from now on, in milliseconds; "" is without end.
func (s *Store) expiry(r breaker.Record) string {
	open := time.Duration(0)
	if r.Open {
		if r.Isolated {
			return ""
		}
		open = max(r.Left, 0)
	}
	// Rounded up each, as the sum may be more than a Duration can hold.
	return strconv.FormatInt(milliseconds(open)+milliseconds(s.keep), 10)
}

// milliseconds is d, rounded up.
func milliseconds(d time.Duration) int64 {
	ms := d.Milliseconds()
	if time.Duration(ms)*time.Millisecond < d {
		ms++
	}
	return ms
}

// run runs a script and returns its answer, but no later than ctx ends. go-redis looks
// at a context before a command; during one only at its deadline, and that only with
// ContextTimeoutEnabled. So the command has a goroutine of its own, which a dead server
// holds up for as long as the client's timeouts let it.
func (s *Store) run(ctx context.Context, script *redis.Script, key string, args ...any) ([]any, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	type result struct {
		answer []any
		err    error
	}
	done := make(chan result, 1)
	go func() {
		answer, err := script.Run(ctx, s.client, []string{key}, args...).Slice()
		done <- result{answer, err}
	}()
	select {
	case r := <-done:
		return r.answer, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
