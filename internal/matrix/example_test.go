package matrix_test

import (
	"context"
	"fmt"
	"os"

	"github.com/squall-sim/squall/internal/matrix"
)

func ExamplePlay() {
	policies, err := matrix.Presets(matrix.S3, []string{"s3"})
	if err != nil {
		fmt.Println(err)
		return
	}
	effects, err := matrix.ParseFaults([]string{"SlowDown"})
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := matrix.Play(context.Background(), matrix.Options{Policies: policies, Faults: effects, Ops: []string{"GetObject", "HeadObject"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range m.Cells {
		fmt.Printf("%s on %s: %s attempts, %s, %s\n", c.Fault, c.Op, c.Attempts, c.Class, c.Got)
	}
	// Output:
	// SlowDown on GetObject: 5 attempts, throttle, 503 SlowDown
	// SlowDown on HeadObject: 5 attempts, transient, 503
}

func ExampleExec() {
	effects, err := matrix.ParseFaults([]string{"none"})
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := matrix.Exec(context.Background(), matrix.ExecOptions{
		Command: "echo I cannot {op} >&2; exit 3", Faults: effects, Ops: []string{"GetObject"},
		Environ: func(string) []string { return os.Environ() },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Cells[0].ExitCode, m.Cells[0].Got, m.Cells[0].Attempts)
	// Output:
	// 3 I cannot GetObject 0
}
