package redisstore

import (
	"errors"
	"fmt"
	"time"
)

// What the zero Config stands for.
const (
	DefaultPrefix = "squall:breaker:"
	DefaultKeep   = 24 * time.Hour
)

// The bounds of Config.
const (
	MaxPrefix = 1024 // bytes
	MinKeep   = time.Minute
	MaxKeep   = 10 * 365 * 24 * time.Hour
)

// Config holds the settings of a Store. It is plain data; the zero value is valid.
type Config struct {
	// Prefix begins every key, before the name of the breaker. It may hold any bytes, up
	// to MaxPrefix; empty is DefaultPrefix. Processes that share have the same, and
	// services that should not meet have different ones. In a cluster a hash tag in it,
	// as in "{breakers}:", puts all breakers on one node.
	Prefix string
	// Keep is how long a record is kept after its open time, or after the change that
	// closed it; from MinKeep to MaxKeep, 0 is DefaultKeep. It should be longer than any
	// process is without Redis, as one that comes back later finds nothing to compare
	// its state with. It is rounded up to milliseconds.
	Keep time.Duration
}

// Validate returns nil when c can be given to New, else every problem that it found,
// joined by errors.Join: each is a *FieldError.
func (c Config) Validate() error {
	var problems []error
	if len(c.Prefix) > MaxPrefix {
		problems = append(problems, &FieldError{Field: "Prefix", Value: fmt.Sprintf("%d bytes long", len(c.Prefix)),
			Want: fmt.Sprintf("up to %d bytes, or none for %q", MaxPrefix, DefaultPrefix)})
	}
	if c.Keep != 0 && (c.Keep < MinKeep || c.Keep > MaxKeep) {
		problems = append(problems, &FieldError{Field: "Keep", Value: c.Keep.String(),
			Want: fmt.Sprintf("from %v to %v, or 0 for %v", MinKeep, MaxKeep, DefaultKeep)})
	}
	return errors.Join(problems...)
}

// FieldError tells of one setting that cannot be used.
type FieldError struct {
	Field string // the name of the Config field, or "client"
	Value string // what it was
	Want  string // what would be right
}

// Error returns one line: the field, its value, and what would be right.
func (e *FieldError) Error() string {
	return fmt.Sprintf("redisstore: %s is %s, want %s", e.Field, e.Value, e.Want)
}
