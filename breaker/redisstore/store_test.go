package redisstore

import (
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/squall-sim/squall/breaker"
)

func TestConfig(t *testing.T) {
	long := strings.Repeat("x", MaxPrefix)
	for _, c := range []Config{{}, {Prefix: "\x00"}, {Prefix: long}, {Keep: MinKeep}, {Keep: MaxKeep}} {
		if err := c.Validate(); err != nil {
			t.Errorf("%v", err)
		}
	}
	for _, c := range []struct {
		config Config
		fields []string
	}{
		{Config{Prefix: long + "x"}, []string{"Prefix"}},
		{Config{Keep: -1}, []string{"Keep"}},
		{Config{Keep: MinKeep - 1}, []string{"Keep"}},
		{Config{Prefix: long + "x", Keep: MaxKeep + 1}, []string{"Prefix", "Keep"}},
	} {
		_, err := New(nil, c.config)
		for _, want := range append(c.fields, "client") {
			if !strings.Contains(fmt.Sprint(err), "redisstore: "+want+" is ") {
				t.Errorf("%q does not tell of %s", err, want)
			}
		}
		if n := strings.Count(fmt.Sprint(err), "\n"); n != len(c.fields) {
			t.Errorf("%q: %d line breaks", err, n)
		}
		if field := new(FieldError); !errors.As(err, &field) || field.Want == "" || field.Value == "" {
			t.Errorf("%#v", err)
		}
	}
}

func TestKeys(t *testing.T) {
	client := startServer(t).client()
	for prefix, want := range map[string]string{"": "squall:breaker:a", "{b}": "{b}a"} {
		s, err := New(client, Config{Prefix: prefix})
		if err != nil {
			t.Fatal(err)
		}
		one := &subject{t: t, store: s, name: "a"}
		one.put(breaker.Record{Version: 1, Trips: len(prefix)})
		if one.load().Trips != len(prefix) || s.Key("a") != want || client.Exists(within(t), want).Val() != 1 {
			t.Errorf("%q: no record at %q", prefix, want)
		}
	}
}

// A record outlives its open time by Keep; an isolated one does not go.
func TestExpiry(t *testing.T) {
	client := startServer(t).client()
	keep := 90*time.Second + 1
	s, err := New(client, Config{Keep: keep})
	if err != nil {
		t.Fatal(err)
	}
	one := &subject{t: t, store: s, name: "a"}
	const never = -1
	for i, c := range []struct {
		r    breaker.Record
		want time.Duration
	}{
		{breaker.Record{}, keep},
		{breaker.Record{Left: time.Hour}, keep}, // closed
		{breaker.Record{Open: true, Left: time.Hour}, time.Hour + keep},
		{breaker.Record{Open: true, Isolated: true}, never},
		{breaker.Record{Open: true, Left: -time.Hour}, keep},
		{breaker.Record{Open: true, Left: math.MaxInt64}, math.MaxInt64},
		{breaker.Record{Isolated: true}, keep}, // closed, too
	} {
		c.r.Version = uint64(i + 1)
		began := time.Now()
		one.put(c.r)
		ttl := client.PTTL(within(t), s.Key("a")).Val()
		elapsed := time.Since(began) + slack
		if c.want == math.MaxInt64 { // more than a Duration can hold
			ms, err := client.Do(within(t), "PTTL", s.Key("a")).Int64()
			if want := int64(math.MaxInt64)/1e6 + keep.Milliseconds(); err != nil || ms > want+2 || want-ms > elapsed.Milliseconds() {
				t.Errorf("%+v is kept for %d ms, want %d (%v)", c.r, ms, want, err)
			}
		} else if c.want == never && ttl != never || c.want != never && (ttl > c.want+2*time.Millisecond || c.want-ttl > elapsed) {
			t.Errorf("%+v is kept for %v, want %v", c.r, ttl, c.want)
		}
	}
	client.PExpire(within(t), s.Key("a"), time.Millisecond)
	for began := time.Now(); one.load().Version != 0; {
		if time.Since(began) > patience {
			t.Fatal("it does not expire")
		}
	}
	one.put(breaker.Record{Version: 1})
}

// Versions and open times are exact where a float would not be.
func TestGreatNumbers(t *testing.T) {
	client := startServer(t).client()
	s := newStore(t, client)
	one := &subject{t: t, store: s, name: "a"}
	for _, version := range []uint64{1 << 53, 1<<63 - 1, math.MaxUint64 - 2} {
		client.Del(within(t), s.Key("a"))
		one.put(breaker.Record{Version: 1})
		client.HSet(within(t), s.Key("a"), "version", version)
		if r, swapped := one.swap(breaker.Record{Version: version + 2}); swapped || r.Version != version {
			t.Errorf("%+v, %t", r, swapped)
		}
		next := breaker.Record{Version: version + 1, Left: math.MaxInt64 - 1}
		one.put(next)
		if r := one.load(); r != next {
			t.Errorf("%+v, want %+v", r, next)
		}
	}
}

// The open time counts from Redis' clock, and setting that back adds nothing to it.
func TestClockSetBack(t *testing.T) {
	client := startServer(t).client()
	s := newStore(t, client)
	one := &subject{t: t, store: s, name: "a"}
	one.put(breaker.Record{Version: 1, Open: true, Left: time.Hour})
	at, err := client.HGet(within(t), s.Key("a"), "at").Int64()
	if now := client.Time(within(t)).Val(); err != nil || now.Sub(time.UnixMicro(at)) < 0 || now.Sub(time.UnixMicro(at)) > slack {
		t.Errorf("at %d (%v), Redis has %v", at, err, now)
	}
	client.HSet(within(t), s.Key("a"), "at", at+1e12)
	if r := one.load(); r.Left != time.Hour {
		t.Errorf("%v left, want the whole hour", r.Left)
	}
	client.HSet(within(t), s.Key("a"), "at", at-60e6)
	if gone := time.Hour - one.load().Left; gone < time.Minute || gone > time.Minute+patience {
		t.Errorf("%v gone, want a minute", gone)
	}
	client.HSet(within(t), s.Key("a"), "at", 0, "left", math.MinInt64)
	if r := one.load(); r.Left != math.MinInt64 {
		t.Errorf("%v left", r.Left)
	}
}

// What somebody else put under a key is told of, and left alone.
func TestCorrupt(t *testing.T) {
	client := startServer(t).client()
	s := newStore(t, client)
	key := s.Key("a")
	put := func(edit ...any) func() error {
		return func() error {
			one := &subject{t: t, store: s, name: "a"}
			one.put(breaker.Record{Version: 1})
			return client.HSet(within(t), key, edit...).Err()
		}
	}
	for found, write := range map[string]func() error{
		"a string": func() error { return client.Set(within(t), key, "x", 0).Err() },
		"a list":   func() error { return client.LPush(within(t), key, "x").Err() },
		"a set":    func() error { return client.SAdd(within(t), key, "x").Err() },
		"a zset":   func() error { return client.ZAdd(within(t), key, redis.Z{Member: "x"}).Err() },
		"a stream": func() error {
			return client.XAdd(within(t), &redis.XAddArgs{Stream: key, Values: []string{"a", "b"}}).Err()
		},
		`"version"`:                     func() error { return client.HSet(within(t), key, "size", 1).Err() },
		`"open"`:                        func() error { return client.HSet(within(t), key, "version", 7).Err() },
		`a hash with "-1" as "version"`: put("version", -1),
		`a hash with "01" as "version"`: put("version", "01"),
		`"18446744073709551616"`:        put("version", "18446744073709551616"),
		`a hash with "2" as "open"`:     put("open", 2),
		`a hash with "" as "isolated"`:  put("isolated", ""),
		`a hash with "1e3" as "left"`:   put("left", "1e3"),
		`a hash with "-5" as "at"`:      put("at", -5),
		`"9223372036854775808" as "at"`: put("at", "9223372036854775808"),
		`a hash with "\x00" as "trips"`: put("trips", "\x00"),
		"xxx…":                          put("trips", strings.Repeat("x", 1e6)),
	} {
		client.Del(within(t), key)
		if err := write(); err != nil {
			t.Fatal(err)
		}
		before := client.Dump(within(t), key).Val()
		_, err := s.Load(within(t), "a")
		_, swapped, swapErr := s.Swap(within(t), "a", breaker.Record{Version: 1, By: "me"})
		for _, err := range []error{err, swapErr} {
			var corrupt *CorruptError
			if !errors.As(err, &corrupt) || corrupt.Key != key || !strings.Contains(corrupt.Found, found) || !strings.Contains(err.Error(), key) || len(err.Error()) > 300 {
				t.Errorf("%v, want that it tells of %s", err, found)
			}
		}
		if after := client.Dump(within(t), key).Val(); swapped || before == "" || after != before {
			t.Errorf("%s: changed by a Swap (%t)", found, swapped)
		}
	}
}

// A restarted server, or a new master, does not know the scripts.
func TestUnknownScripts(t *testing.T) {
	client := startServer(t).client()
	one := &subject{t: t, store: newStore(t, client), name: "a"}
	for v := uint64(1); v < 4; v++ {
		if err := client.ScriptFlush(within(t)).Err(); err != nil {
			t.Fatal(err)
		}
		if r := one.load(); r.Version != v-1 {
			t.Errorf("%+v", r)
		}
		client.ScriptFlush(within(t))
		one.put(breaker.Record{Version: v})
	}
}

// The rules in the package's documentation are all that is needed, and no more.
func TestDocumentedAccess(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	rules := regexp.MustCompile(`ACL SETUSER squall on >secret (.*)\n//\s+(.*)\n`).FindStringSubmatch(string(doc))
	if rules == nil {
		t.Fatal("no ACL in doc.go")
	}
	command := []any{"ACL", "SETUSER", "squall", "on", ">secret"}
	for _, word := range strings.Fields(rules[1] + " " + rules[2] + " +hello +client") {
		command = append(command, word)
	}
	server := startServer(t)
	admin := server.client()
	if err := admin.Do(within(t), command...).Err(); err != nil {
		t.Fatal(err)
	}
	client := server.client(func(o *redis.Options) { o.Username, o.Password = "squall", "secret" })
	contract(t, newStore(t, client))
	if err := client.Get(within(t), "squall:breaker:a").Err(); !redis.HasErrorPrefix(err, "NOPERM") {
		t.Errorf("%v, want that nothing else is allowed", err)
	}
	other, err := New(client, Config{Prefix: "other:"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Load(within(t), "a"); !redis.HasErrorPrefix(errors.Unwrap(err), "NOPERM") || !strings.Contains(err.Error(), `"other:a"`) {
		t.Errorf("%v, want that other keys are forbidden", err)
	}
	// Each of them is needed.
	for _, word := range strings.Fields(rules[2]) {
		if !strings.HasPrefix(word, "+") {
			continue
		}
		admin.ScriptFlush(within(t))
		if err := admin.Do(within(t), "ACL", "SETUSER", "squall", "-"+word[1:]).Err(); err != nil {
			t.Fatal(err)
		}
		one := newStore(t, client)
		_, _, closed := one.Swap(within(t), word, breaker.Record{Version: 1})
		_, _, isolated := one.Swap(within(t), word, breaker.Record{Version: 2, Open: true, Isolated: true})
		if closed == nil && isolated == nil {
			t.Errorf("nothing fails without %s", word)
		}
		admin.Do(within(t), "ACL", "SETUSER", "squall", word)
	}
}
