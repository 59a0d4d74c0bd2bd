package faults

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/squall-sim/squall/retry/retryhttp"
)

// signed makes headers of requests with a credential, of all the kinds that there are.
var signed = map[string]func(r *http.Request, name string){
	"token": func(r *http.Request, name string) {
		r.Header.Set("X-Amz-Security-Token", name+"/token")
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=SAME/20250101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0")
	},
	"key": func(r *http.Request, name string) {
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+name+fmt.Sprintf("/%d/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=%p", time.Now().UnixNano(), r))
	},
	"v2":     func(r *http.Request, name string) { r.Header.Set("Authorization", fmt.Sprintf("AWS %s:%p", name, r)) },
	"bearer": func(r *http.Request, name string) { r.Header.Set("Authorization", "Bearer "+name) },
	"presigned": func(r *http.Request, name string) {
		r.URL.RawQuery = fmt.Sprintf("X-Amz-Credential=%s%%2F20250101%%2Fus-east-1&X-Amz-Signature=%p", name, r)
	},
	"presigned token": func(r *http.Request, name string) {
		r.URL.RawQuery = "X-Amz-Credential=SAME%2F2025&X-Amz-Security-Token=" + name
	},
}

// told is the code of the answer to a request with that credential; "" for success.
func told(t *testing.T, rt http.RoundTripper, base, kind, name string, headers ...string) string {
	t.Helper()
	req, err := http.NewRequest("GET", base+"/b/k", nil)
	if err != nil {
		t.Fatal(err)
	}
	if name != "" {
		signed[kind](req, name)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	status, _ := retryhttp.FromResponse(resp).(*retryhttp.StatusError)
	if status == nil {
		return ""
	}
	if status.Status != 400 {
		t.Errorf("%v", status)
	}
	return status.Code
}

// A credential that was used before the phase is refused in it, and so is the first
// that a client uses in it; the next one works, and no other phase minds either.
func TestExpiredTokens(t *testing.T) {
	for kind := range signed {
		now := time.Duration(0)
		in := newInjector(t, 1, Phase{For: time.Second}, Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, "token-expired")}}}, Phase{For: time.Second})
		h := NewHandler(in, handlers["echo"], WithNow(func() time.Duration { return now }))
		server := serveHandler(t, h)
		for i, rt := range []http.RoundTripper{server.Client().Transport, NewTransport(h)} {
			a, b, c := fmt.Sprint("A", i), fmt.Sprint("B", i), fmt.Sprint("C", i)
			who := []string{HeaderClient, fmt.Sprint(i), HeaderCall, "1"}
			for _, step := range []struct {
				at   time.Duration
				name string
				want string
				who  []string
			}{
				{0, a, "", who}, {0, "", "", who},
				{time.Second, a, expiredCode, who}, {time.Second, b, "", who}, {time.Second, a, expiredCode, who}, {time.Second, "", expiredCode, who},
				{time.Second, c, expiredCode, []string{HeaderClient, fmt.Sprint(100 + i), HeaderCall, "2"}},
				{time.Second, c, "", who}, {time.Second, b, "", who},
				{2 * time.Second, a, "", who}, {2 * time.Second, c, "", nil},
			} {
				now = step.at
				if got := told(t, rt, server.URL, kind, step.name, step.who...); got != step.want {
					t.Errorf("%s, %d: %s at %v: %q, want %q", kind, i, step.name, step.at, got, step.want)
				}
			}
		}
	}
}

// Who does not say whose requests they are is one client; a rule that is added counts
// from there, through all phases.
func TestExpiredTokensOfAnAddedRule(t *testing.T) {
	now := time.Duration(0)
	in := newInjector(t, 1, Phase{For: time.Second}, Phase{For: time.Second})
	h := NewTransport(NewHandler(in, handlers["echo"], WithNow(func() time.Duration { return now })))
	if got := told(t, h, "http://s3.test", "token", "A"); got != "" {
		t.Error(got)
	}
	added, err := in.Add(1, -1, Rule{P: 1, Effect: effect(t, "token-expired")})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{expiredCode, "", expiredCode, ""} {
		now = time.Duration(i/2) * time.Second
		if got := told(t, h, "http://s3.test", "token", []string{"A", "B"}[i%2]); got != want {
			t.Errorf("%d: %q, want %q", i, got, want)
		}
	}
	in.Remove(added)
	if got := told(t, h, "http://s3.test", "token", "A"); got != "" {
		t.Error(got)
	}
}

// Rules behind it are asked for what it lets through, nothing is known of how much
// that is, and what is remembered is bounded.
func TestExpiredTokensLetOthersThrough(t *testing.T) {
	ph := Phase{For: time.Second, Rules: []Rule{{P: 1, Effect: effect(t, "token-expired")}, {P: 1, Effect: effect(t, "SlowDown")}}}
	in := newInjector(t, 1, ph)
	for i, want := range []string{expiredCode, "SlowDown", expiredCode} {
		v := in.Decide(0, Request{Op: "GetObject", Credential: []string{"A", "B", ""}[i]})
		if got := v.Err().(*retryhttp.StatusError).Code; got != want || v.Served() {
			t.Errorf("%d: %s, want %s", i, got, want)
		}
	}
	if n := ph.Nominal(); n[0].Known || n[1].Known || n[1].Rate != 1 {
		t.Errorf("%+v", n)
	}
	for i := range 2 * maxCredentials {
		in.Decide(0, Request{Op: "GetObject", Client: uint64(i), Credential: strings.Repeat("x", 1+i%10) + fmt.Sprint(i)})
	}
	if e := in.rules[0].expiry; len(in.seen.since) != maxCredentials || len(e.first) != maxCredentials {
		t.Errorf("%d, %d", len(in.seen.since), len(e.first))
	}
	if v := in.Decide(0, Request{Op: "GetObject", Client: 1 << 40, Credential: "new"}); v.Effect().Code != "SlowDown" {
		t.Errorf("%+v", v)
	}
}
