package logs_test

import (
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/squall-sim/squall/scenarios/logs"
)

const accessLog = `192.0.2.10 - - [01/Mar/2024:09:00:02 +0000] "GET /stations/12/status?token=x HTTP/1.1" 200 512 "-" "curl/8.5.0"
192.0.2.11 - - [01/Mar/2024:09:00:00 +0000] "GET /stations HTTP/1.1" 200 20480 "-" "curl/8.5.0"
192.0.2.10 - - [01/Mar/2024:09:00:02 +0000] "POST /trips HTTP/1.1" 201 87 "-" "curl/8.5.0"
192.0.2.12 - - [01/Mar/2024:09:00:02 +0000] "-" 408 - "-" "-"
`

// Import does it all for one log.
func ExampleImport() {
	replay, report, err := logs.Import(strings.NewReader(accessLog), logs.Options{Name: "access.log"}, logs.ReplayOptions{Speed: 2})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(report)
	for row := range replay.Rows() {
		fmt.Println(row.At, row.Client, row.Op, row.Key, row.Size)
	}
	// Output:
	// access.log: 4 lines, 3 taken (format http)
	//   1 skipped: no request
	// 0s 0 GET /stations 20480
	// 1s 1 GET /stations/12/status 512
	// 1.25s 1 POST /trips 0
}

// A Scanner reads a log of any length line by line.
func ExampleScanner() {
	s, err := logs.NewScanner(strings.NewReader(accessLog), logs.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for e := range s.All() {
		fmt.Println(e.Time.Format(time.TimeOnly), e.Client, e.Op, e.Status)
	}
	if err := s.Err(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 09:00:02 192.0.2.10 GET 200
	// 09:00:00 192.0.2.11 GET 200
	// 09:00:02 192.0.2.10 POST 201
}

// A Collector puts many logs in order, such as the many small files that S3
// delivers, and cuts out the part that is wanted.
func ExampleCollector() {
	from, err := logs.ParseBound("2024-03-01 09:00:01")
	if err != nil {
		log.Fatal(err)
	}
	c, err := logs.NewCollector(logs.ReplayOptions{From: from, To: logs.AtOffset(time.Minute)})
	if err != nil {
		log.Fatal(err)
	}
	for _, part := range strings.SplitAfter(accessLog, "\n") {
		s, err := logs.NewScanner(strings.NewReader(part), logs.Options{})
		if err != nil {
			log.Fatal(err)
		}
		if err := c.Collect(s); err != nil {
			log.Fatal(err)
		}
	}
	replay, err := c.Replay()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(replay.Len(), "requests,", replay.Summary().Outside, "outside")
	fmt.Println(replay.Row(0).At, replay.Row(0).Key)
	// Output:
	// 2 requests, 1 outside
	// 1s /stations/12/status
}
