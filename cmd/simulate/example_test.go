package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// The whole command is a function of its environment. Errors go to standard
// error in one voice, and the exit code is the result.
func Example() {
	env := environment{
		Args:      []string{"run", "s3-outge"},
		Stdin:     strings.NewReader(""),
		Stdout:    os.Stdout,
		Stderr:    os.Stdout,
		LookupEnv: func(string) (string, bool) { return "", false },
		Now:       func() time.Time { return time.Time{} },
	}
	fmt.Println(run(context.Background(), env))
	// Output:
	// simulate: there is no scenario "s3-outge", built in or as a file
	// hint: did you mean s3-outage? simulate list shows the built-in scenarios
	// 2
}
