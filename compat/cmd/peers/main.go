// Command peers runs squall's retry and breaker against the libraries that
// people use today and prints one table, with ratios from this one run:
//
//	go run ./cmd/peers [-rounds 3]
//
// The rounds are interleaved, library by library, and the fastest of each is
// kept: a machine that is busy with something else only ever makes a benchmark
// slower. Numbers of different runs should not be compared.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"testing"
	"text/tabwriter"

	"github.com/squall-sim/squall/compat/peers"
)

func main() {
	testing.Init() // testing.Benchmark reads test.benchtime
	rounds := flag.Int("rounds", 3, "how often each benchmark runs; the fastest counts")
	flag.Parse()
	if *rounds < 1 {
		fmt.Fprintf(os.Stderr, "peers: -rounds is %d, want 1 or more\n", *rounds)
		os.Exit(2)
	}
	fmt.Printf("%s %s/%s, GOMAXPROCS %d\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0))
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "case\tlibrary\tns/op\tB/op\tallocs/op\t× squall\t")
	for _, c := range peers.Cases() {
		results, err := run(c, *rounds)
		if err != nil {
			fmt.Fprintln(os.Stderr, "peers:", err)
			os.Exit(1)
		}
		ours := perOp(results[0])
		for i, e := range c.Entries {
			r := results[i]
			fmt.Fprintf(w, "%s\t%s\t%.1f\t%d\t%d\t%.2f\t\n",
				c.Name, e.Library, perOp(r), r.AllocedBytesPerOp(), r.AllocsPerOp(), perOp(r)/ours)
		}
	}
	w.Flush()
}

// run returns the fastest result of each entry.
func run(c peers.Case, rounds int) ([]testing.BenchmarkResult, error) {
	best := make([]testing.BenchmarkResult, len(c.Entries))
	for range rounds {
		for i, e := range c.Entries {
			r := testing.Benchmark(e.Run)
			if r.N == 0 {
				return nil, fmt.Errorf("%s: %s failed", c.Name, e.Library)
			}
			if best[i].N == 0 || perOp(r) < perOp(best[i]) {
				best[i] = r
			}
		}
	}
	return best, nil
}

func perOp(r testing.BenchmarkResult) float64 {
	return float64(r.T.Nanoseconds()) / float64(r.N)
}
