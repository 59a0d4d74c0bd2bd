// Command simulators plays one model in squall, plain Python and SimPy, and prints how
// many attempts each gets out of a second of processor time:
//
//	go run ./cmd/simulators [-rounds 3]
//
// It is to be called in compat. The programs take turns, and the fastest round of each is
// kept. Quotients hold for one run; rates of different runs should not be compared.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"text/tabwriter"

	"github.com/squall-sim/squall/compat/bench"
)

func main() {
	rounds := flag.Int("rounds", 3, "how often each program runs; the fastest counts")
	flag.Parse()
	if *rounds < 1 {
		fmt.Fprintf(os.Stderr, "simulators: -rounds is %d, want 1 or more\n", *rounds)
		os.Exit(2)
	}
	if err := compare(*rounds); err != nil {
		fmt.Fprintln(os.Stderr, "simulators:", err)
		os.Exit(1)
	}
}

func compare(rounds int) error {
	if missing := bench.Missing(); missing != "" {
		return fmt.Errorf("%s", missing)
	}
	scratch, err := os.MkdirTemp("", "simulators")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	simulate, err := bench.Build("bench", scratch)
	if err != nil {
		return err
	}
	programs := bench.Programs(simulate, "bench", scratch)
	best := make([]bench.Result, len(programs))
	for round := range rounds {
		for i, p := range programs {
			r, err := p.Play(p.Virtual, uint64(round)+1)
			if err != nil {
				return err
			}
			if best[i].Attempts == 0 || r.Rate() > best[i].Rate() {
				best[i] = r
			}
		}
	}
	fmt.Printf("%s %s/%s, best of %d\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, rounds)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "program\tvirtual time\tattempts\tprocessor s\tattempts/s\tsquall is faster by\t")
	for i, p := range programs {
		r := best[i]
		fmt.Fprintf(w, "%s\t%v\t%d\t%.2f\t%.0f\t%.1f\t\n",
			p.Name, r.Virtual, r.Attempts, r.Processor.Seconds(), r.Rate(), best[0].Rate()/r.Rate())
	}
	return w.Flush()
}
