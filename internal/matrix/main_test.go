package matrix_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestMain makes this binary a program for matrices: with SQUALL_TEST_CLIENT set
// it is a client.
func TestMain(m *testing.M) {
	if os.Getenv("SQUALL_TEST_CLIENT") != "" {
		os.Exit(client(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// client makes one call with up to so many attempts: ATTEMPTS OP ENDPOINT BUCKET KEY.
func client(args []string) int {
	attempts, _ := strconv.Atoi(args[0])
	op, target := args[1], args[2]+"/"+args[3]+"/"+args[4]
	method := map[string]string{"GetObject": "GET", "HeadObject": "HEAD", "PutObject": "PUT", "DeleteObject": "DELETE", "GET": "GET", "POST": "POST"}[op]
	if method == "" {
		fmt.Fprintln(os.Stderr, "cannot do "+op)
		return 3
	}
	status := "no answer"
	for range attempts {
		req, err := http.NewRequest(method, target, strings.NewReader("text"))
		if err != nil {
			panic(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			status = "no answer"
			continue
		}
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode < 300 && err == nil {
			return 0
		}
		status = resp.Status
	}
	fmt.Fprintf(os.Stderr, "trying\nlast: %s\n\n", status)
	return 7
}
