// Package redisstore keeps the state that circuit breakers of several processes share
// in Redis. It is apart from package breaker so that nobody who has a breaker has to
// take on github.com/redis/go-redis.
//
//	client := redis.NewClient(&redis.Options{
//		Addr:                  "redis:6379",
//		DialTimeout:           500 * time.Millisecond,
//		DialerRetries:         1,
//		ReadTimeout:           500 * time.Millisecond,
//		WriteTimeout:          500 * time.Millisecond,
//		MaxRetries:            -1,
//		ContextTimeoutEnabled: true,
//	})
//	store, err := redisstore.New(client, redisstore.Config{})
//	...
//	sharing := breaker.NewSharing(store, breaker.WithProcess(hostname))
//	err = sharing.Add(b) // made with breaker.WithName
//	...
//	go sharing.Run(ctx, time.Second)
//
// # The client
//
// A call through a breaker never waits for Redis, whatever the client's settings are:
// only [breaker.Sharing] does, in its own goroutine. Still they should be shorter than
// go-redis' own, which are made for data that has no other place: a Sync that fails is
// done again with the next beat, so that retries (MaxRetries, DialerRetries) only make
// it later, and a timeout well below the beat lets it fail before the next one is due.
// With go-redis' own settings each breaker takes 1.7 s to learn that its connection is
// refused, with these less than a millisecond. With ContextTimeoutEnabled an abandoned
// command frees its connection at its deadline; without, [Store] returns as early, but
// leaves the command to the client's ReadTimeout.
//
// [New] takes a Client, a ClusterClient or a Ring. It may be one that the rest of the
// service uses as well, with its settings. Not a Pipeliner: its commands have no answer
// yet when they return. go-redis logs connections that fail to the standard error
// output, for each breaker at each Sync; redis.SetLogger decides otherwise.
//
// # When Redis is away
//
// Load and Swap return the client's error, wrapped. Sharing tells its listener once
// (breaker.WithStoreListener), and each process goes on with its own breakers: nothing
// opens or closes because of it. When Redis is back, what changed meanwhile is told and
// heard. If it has lost its data (a restart without persistence, a failover that lost the
// last writes), processes that are open remind it of that; what was closed or reset while it
// was away is news to them.
//
// # What is in the keys
//
// One hash for each breaker, under Config.Prefix and its name:
//
//	version   counts the changes, from a number that is left to chance
//	open      1 if open, or 0
//	isolated  1 if it is open until somebody resets it, or 0
//	left      the open time that was left at the last change, in nanoseconds
//	at        when that was, by the clock of Redis, in microseconds of Unix time
//	trips     how often it has opened since it was last closed
//	by        who changed it
//
// So HGETALL shows what the fleet believes, and DEL makes it forget: processes that are
// open will tell it again. Numbers are never numbers to Redis, whose scripts know only
// floats; they are kept and compared as decimal text, so that none is rounded.
//
// Time is that of Redis (TIME): the clocks of the processes need not agree. It is a wall
// clock. Setting it forward shortens open times that are being counted, setting it back
// lengthens them, but never beyond what they were; the same holds for a failover to a
// server with another clock.
//
// Each record expires Config.Keep after its open time is over, or after the change that
// closed it, and stands for "closed" then; one that is isolated does not.
// Eviction (maxmemory-policy) may take it earlier, which is the same as losing data; the
// volatile policies spare the isolated ones.
//
// # Access
//
// Scripts do all the work, each on one key. An ACL for a user that can do nothing else:
//
//	ACL SETUSER squall on >secret resetkeys ~squall:breaker:* resetchannels -@all
//	    +eval +evalsha +type +time +hmget +hset +pexpire +persist
//
// and what the client itself needs: +hello (or +auth), +client, and +cluster for a
// ClusterClient. EVAL is used once per server after its start, when it does not know the
// script yet. It takes Redis 6 or newer; the tests run on 7.0.
//
// # Cluster
//
// Each script touches one key, so that breakers spread over the slots, and there is
// nothing to configure. Both scripts go to the master of the slot, as a replica may not
// have the last change yet.
//
// # Costs
//
// One round trip for each breaker of a process and each beat of Sharing.Run, changed or
// not, and one or two more for a change: 100 processes with 20 breakers and a beat of a
// second are 2000 scripts a second, of some 30 microseconds each: 6 % of what one Redis
// can do. A record is about 200 bytes.
package redisstore
