package faults

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestPathStyle(t *testing.T) {
	for _, tt := range [][4]string{ // host, target; host and target in path style
		{"data.localhost:9000", "/a%2Fb?x=1", "localhost:9000", "/data/a%2Fb?x=1"},
		{"data.s3.localhost", "/", "s3.localhost", "/data/"},
		{"my.own.bucket.s3.eu-west-1.amazonaws.com", "/k", "s3.eu-west-1.amazonaws.com", "/my.own.bucket/k"},
		{"localhost:9000", "/data/k", "localhost:9000", "/data/k"},
		{"s3.localhost", "/data/k", "s3.localhost", "/data/k"},
		{"s3.eu-west-1.amazonaws.com", "/data/k", "s3.eu-west-1.amazonaws.com", "/data/k"},
		{"127.0.0.1:1", "/data/k", "127.0.0.1:1", "/data/k"},
		{"[::1]:1", "/data/k", "[::1]:1", "/data/k"},
		{"data.example.com", "/k", "data.example.com", "/k"},
		{"", "/k", "", "/k"},
	} {
		r := httptest.NewRequest("GET", tt[1], nil)
		r.Host = tt[0]
		got := PathStyle(r)
		if got.Host != tt[2] || got.URL.RequestURI() != tt[3] || got.RequestURI != tt[3] {
			t.Errorf("%s%s: %s%s (%s)", tt[0], tt[1], got.Host, got.URL.RequestURI(), got.RequestURI)
		}
		if r.Host != tt[0] || r.RequestURI != tt[1] {
			t.Errorf("%s%s: the request has changed", tt[0], tt[1])
		}
		if again := PathStyle(got); again != got {
			t.Errorf("%s%s: not in path style yet", tt[0], tt[1])
		}
	}
}

// Faults meet what a request asks for, wherever it names the bucket.
func TestFaultsMeetBucketsInTheHost(t *testing.T) {
	in := newInjector(t, 1, Phase{For: time.Second, Rules: []Rule{{On: Selector{Op: "GetObject", Key: "raw/**"}, P: 1, Effect: effect(t, "SlowDown")}}})
	h := NewHandler(in, http.NotFoundHandler(), WithNow(func() time.Duration { return 0 }))
	for target, want := range map[string]int{"http://data.localhost/raw/a": 503, "http://data.localhost/?list-type=2&prefix=raw/": 404, "http://localhost/data/raw/a": 503} {
		req, err := http.NewRequest("GET", target, nil)
		if err != nil {
			t.Fatal(err)
		}
		if ex := NewTransport(h).Exchange(req); ex.Resp == nil || ex.Resp.StatusCode != want {
			t.Errorf("%s: %+v", target, ex.Resp)
		}
	}
}
