package redisstore_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/squall-sim/squall/breaker"
	"github.com/squall-sim/squall/breaker/redisstore"
)

// A service whose instances share a breaker: where one has seen the backend fail, none
// calls it, for the same time.
func Example() {
	client := redis.NewClient(&redis.Options{
		Addr:                  "redis:6379",
		DialTimeout:           500 * time.Millisecond,
		DialerRetries:         1,
		ReadTimeout:           500 * time.Millisecond,
		WriteTimeout:          500 * time.Millisecond,
		MaxRetries:            -1,
		ContextTimeoutEnabled: true,
	})
	defer client.Close()
	store, err := redisstore.New(client, redisstore.Config{Prefix: "orders:breaker:"})
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := breaker.New(breaker.Config{Failures: 5, OpenFor: 30 * time.Second, OpenJitter: 0.2}, breaker.WithName("s3-put"))
	if err != nil {
		fmt.Println(err)
		return
	}

	host, _ := os.Hostname()
	sharing := breaker.NewSharing(store, breaker.WithProcess(host), breaker.WithStoreListener(breaker.LogStoreTo(slog.Default())))
	if err := sharing.Add(b); err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go sharing.Run(ctx, time.Second)

	// Calls know nothing of Redis.
	_, err = breaker.Execute(b, func() (int, error) { return 1, nil })
	fmt.Println(err)
}
