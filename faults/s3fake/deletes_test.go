package s3fake_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/faults/s3fake"
)

// Where all keys fail nothing is left for the backend to delete; it still says that
// there is no such bucket.
func TestDeleteErrorsOfNoBucket(t *testing.T) {
	e, err := faults.ParseEffect("delete-errors AccessDenied")
	if err != nil {
		t.Fatal(err)
	}
	in, err := faults.New(faults.Plan{Phases: []faults.Phase{{For: time.Second, Rules: []faults.Rule{{P: 1, Effect: e}}}}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	rt := faults.NewTransport(faults.NewHandler(in, s3fake.New(s3fake.WithBuckets("data"))))
	for host, path := range map[string]string{"s3.test": "/%s?delete", "%s.localhost": "/?delete"} {
		for bucket, want := range map[string]string{"data": "<Error><Key>a</Key><Code>AccessDenied</Code>", "none": "<Code>NoSuchBucket</Code>"} {
			req, err := http.NewRequest("POST", "http://"+strings.ReplaceAll(host, "%s", bucket)+strings.ReplaceAll(path, "%s", bucket), strings.NewReader("<Delete><Object><Key>a</Key></Object></Delete>"))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := rt.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			if status := map[string]int{"data": 200, "none": 404}[bucket]; resp.StatusCode != status || !strings.Contains(string(body), want) {
				t.Errorf("%s: %s %s", bucket, resp.Status, body)
			}
		}
	}
}
