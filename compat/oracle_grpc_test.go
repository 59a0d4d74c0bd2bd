package compat

import (
	"context"
	"fmt"
	"math/rand"
	"net"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/squall-sim/squall/retry"
)

// rpc is a gRPC client and a server in one bubble, over a connection in memory.
type rpc struct {
	client *grpc.ClientConn
	answer func(attempt int) (pushback string, err error) // attempts of a call, from 1
	asked  []time.Time                                    // the attempts of the call
}

// withRPC runs f on a client with this retry policy, in a bubble.
func withRPC(t *testing.T, config string, f func(t *testing.T, r *rpc)) {
	synctest.Test(t, func(t *testing.T) {
		r := new(rpc)
		listener := bufconn.Listen(1 << 16)
		server := grpc.NewServer(grpc.UnknownServiceHandler(r.serve))
		go server.Serve(listener)
		defer server.Stop()
		client, err := grpc.NewClient("passthrough:///memory", grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
			grpc.WithDefaultServiceConfig(config))
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		r.client = client
		f(t, r)
	})
}

func (r *rpc) serve(_ any, stream grpc.ServerStream) error {
	r.asked = append(r.asked, time.Now())
	if err := stream.RecvMsg(new(emptypb.Empty)); err != nil { // else the client may meet the end while it sends
		return err
	}
	pushback, err := r.answer(len(r.asked))
	if pushback != "" {
		stream.SetTrailer(metadata.Pairs("grpc-retry-pushback-ms", pushback))
	}
	if err != nil {
		return err
	}
	return stream.SendMsg(new(emptypb.Empty))
}

// call makes one call and returns the delays between its attempts.
func (r *rpc) call(t *testing.T) (delays []time.Duration, err error) {
	r.asked = r.asked[:0]
	err = r.client.Invoke(t.Context(), "/compat/Ask", new(emptypb.Empty), new(emptypb.Empty))
	for i := 1; i < len(r.asked); i++ {
		delays = append(delays, r.asked[i].Sub(r.asked[i-1]))
	}
	return delays, err
}

// serviceConfig is p as gRPC's service config, without throttling.
func serviceConfig(p retry.Policy, more string) string {
	return fmt.Sprintf(`{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": %d, "initialBackoff": "%vs", "maxBackoff": "%vs",
		"backoffMultiplier": %v, "retryableStatusCodes": ["UNAVAILABLE"]}}]%s}`,
		p.Attempts, p.Backoff.Base.Seconds(), p.Backoff.Cap.Seconds(), p.Backoff.Multiplier, more)
}

func unavailable(int) (string, error) { return "", status.Error(codes.Unavailable, "down") }

// oracleGRPC: attempts and distributions of the delays, at the cap too;
// pushback; throttling, call by call.
func oracleGRPC(t *testing.T, p retry.Policy) {
	grpcDelays(t, p)
	atCap := p
	atCap.Attempts, atCap.Backoff.Base = 2, p.Backoff.Cap
	grpcDelays(t, atCap)
	grpcPushback(t, p)
	grpcThrottling(t, p)
}

func grpcDelays(t *testing.T, p retry.Policy) {
	theirs := make([][]time.Duration, p.Attempts-1)
	withRPC(t, serviceConfig(p, ""), func(t *testing.T, r *rpc) {
		r.answer = unavailable
		for range ksSamples {
			delays, err := r.call(t)
			if status.Code(err) != codes.Unavailable || len(delays) != p.Attempts-1 {
				t.Fatalf("%d attempts, %v; ours makes %d", len(delays)+1, err, p.Attempts)
			}
			for k, d := range delays {
				theirs[k] = append(theirs[k], d)
			}
		}
	})
	for k := range theirs {
		i := 0
		sameDistribution(t, p, k+1, func() time.Duration { i++; return theirs[k][i-1] })
	}
}

// pushed is UNAVAILABLE with grpc-retry-pushback-ms, as our classifier sees it.
type pushed struct{ text string }

func (pushed) Error() string     { return "down" }
func (pushed) ErrorCode() string { return "UNAVAILABLE" }
func (p pushed) RetryPushback() (time.Duration, bool) {
	ms, err := strconv.Atoi(p.text)
	return time.Duration(ms) * time.Millisecond, err == nil
}

func grpcPushback(t *testing.T, p retry.Policy) {
	p.Budget = retry.BudgetPlan{}
	ours := retry.Must(retry.New(p))
	for _, pushes := range [][]string{{"", "7000", ""}, {"0", "0", "0"}, {"5", "", ""}, {"", "-1"}, {"-1"}} {
		withRPC(t, serviceConfig(p, ""), func(t *testing.T, r *rpc) {
			r.answer = func(n int) (string, error) {
				_, err := unavailable(n)
				if n > len(pushes) {
					return "", err
				}
				return pushes[n-1], err
			}
			theirs, _ := r.call(t)
			call := ours.Begin(time.Time{})
			for i := 0; ; i++ {
				text := ""
				if i < len(pushes) {
					text = pushes[i]
				}
				low, high := call, call
				d := call.Failed(time.Time{}, pushed{text}, 0.5)
				from, to := low.Failed(time.Time{}, pushed{text}, 0).After, high.Failed(time.Time{}, pushed{text}, 1).After
				if d.Retry != (i < len(theirs)) {
					t.Fatalf("pushbacks %q, attempt %d: %+v, gRPC waited %v", pushes, i+1, d, theirs)
				}
				if !d.Retry {
					return
				}
				if theirs[i] < from || theirs[i] > to {
					t.Errorf("pushbacks %q, attempt %d: ours is %v to %v, gRPC's %v", pushes, i+1, from, to, theirs[i])
				}
			}
		})
	}
}

// grpcThrottling: thousands of calls whose attempts fail in spells, so that the
// throttle closes and opens; every call makes as many attempts.
func grpcThrottling(t *testing.T, p retry.Policy) {
	more := fmt.Sprintf(`, "retryThrottling": {"maxTokens": %v, "tokenRatio": %v}`, p.Budget.Throttling.MaxTokens, p.Budget.Throttling.TokenRatio)
	ours := retry.Must(retry.New(p))
	rng := rand.New(rand.NewSource(6))
	denied := 0
	withRPC(t, serviceConfig(p, more), func(t *testing.T, r *rpc) {
		for n := range 10_000 {
			fails := make([]bool, p.Attempts)
			for i := range fails {
				fails[i] = rng.Float64() < []float64{0.02, 0.7}[n/200%2]
			}
			r.answer = func(attempt int) (string, error) {
				if fails[attempt-1] {
					return unavailable(attempt)
				}
				return "", nil
			}
			delays, _ := r.call(t)
			call := ours.Begin(time.Time{})
			for i := range fails {
				if !fails[i] {
					call.Succeeded(time.Time{})
					break
				}
				if d := call.Failed(time.Time{}, pushed{}, 0); !d.Retry {
					if d.Reason == retry.OverBudget {
						denied++
					}
					break
				}
			}
			if call.Attempts() != len(delays)+1 {
				t.Fatalf("call %d: ours makes %d attempts, gRPC %d", n, call.Attempts(), len(delays)+1)
			}
		}
	})
	if denied < 100 {
		t.Errorf("only %d retries were throttled: that shows nothing", denied)
	}
}
