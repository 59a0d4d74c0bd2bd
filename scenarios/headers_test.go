package scenarios

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/squall-sim/squall/reports"
)

// tenants is a load whose calls have headers, and faults that ask for them.
const tenants = `scenario: tenants
backend: {kind: s3, latency: 20ms}
load:
  model: open
  rate: 50/s
  clients: 4
  mix:
    - {op: PutObject, key: "raw/{client}/{call}", size: 1KiB, headers: {x-tenant: blue, X-Call: "{client}-{call}"}}
    - {op: GetObject, key: "raw/{client}/{call}", headers: {X-Tenant: red, User-Agent: "boto3/1.34"}}
    - {op: CopyObject, key: "copy/{call}"}
phases:
  - label: a
    for: 60s
    faults:
      - {on: {header: {X-Tenant: "blue*"}}, p: 0.3, effect: SlowDown}
      - {on: {header: {User-Agent: "*boto3*"}}, p: 0.3, effect: InternalError}
      - {on: {header: {X-Amz-Copy-Source: "/squall/source/copy/1*"}}, p: 0.3, effect: reset}
      - {on: {header: {User-Agent: squall}, op: CopyObject}, p: 0.1, effect: close}
  - label: b
    for: 10s
    faults:
      - {on: {header: {X-Call: "2-*"}}, effect: InternalError}
policies:
  p: {retry: s3}
`

func play(t *testing.T, text string, mode Mode) *reports.Run {
	t.Helper()
	sc, err := Parse("x.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	run, err := Run(context.Background(), sc, Options{Seed: 7, Mode: mode})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// Faults that ask for headers meet the same requests without bytes as with them,
// whether the load says the headers or the client has them by itself.
func TestHeadersWithoutBytes(t *testing.T) {
	web := strings.NewReplacer("kind: s3", "kind: http", "PutObject", "PUT", "GetObject", "GET", "raw/", "/raw/",
		`op: CopyObject, key: "copy/{call}"`, `op: PATCH, key: "/copy/{call}", size: 7B`, "op: CopyObject", "op: PATCH",
		`X-Amz-Copy-Source: "/squall/source/copy/1*"`, `X-Squall-Size: "7"}, client: 0-2, method: "PATCH"`, "SlowDown", "503", "InternalError", "500").Replace(tenants)
	web = strings.Replace(web, `method: "PATCH"}}`, `method: "PATCH"}`, 1)
	for _, text := range []string{tenants, web} {
		model, http := play(t, text, ModeModel), play(t, text, ModeHTTP)
		if model.Mode != "model" || http.Mode != "http" {
			t.Fatalf("%s, %s", model.Mode, http.Mode)
		}
		for _, f := range model.Policies[0].Faults {
			if f.Fired == 0 {
				t.Errorf("never fired: %s", f.Rule)
			}
		}
		http.Mode = model.Mode
		var one, other bytes.Buffer
		if err := errors.Join(reports.WriteJSON(&one, model), reports.WriteJSON(&other, http)); err != nil {
			t.Fatal(err)
		}
		if one.String() != other.String() {
			t.Errorf("the modes differ:\n%+v\n%+v", model.Policies[0].Faults, http.Policies[0].Faults)
		}
	}
}

// The faults on one client's calls are on no others: {client} stands for its number.
func TestHeadersOfCalls(t *testing.T) {
	run := play(t, strings.Replace(tenants, `X-Call: "2-*"`, `X-Call: "*-*"`, 1), ModeModel)
	all := run.Policies[0].Faults[4].Matched
	one := play(t, tenants, ModeModel).Policies[0].Faults[4].Matched
	if one == 0 || all < 2*one || all > 8*one {
		t.Errorf("of 4 clients one makes %d of %d attempts", one, all)
	}
}

// What a backend makes of a header only a backend can tell: auto takes the mode
// http, and model says why it cannot.
func TestHeadersThatActNeedABackend(t *testing.T) {
	for _, c := range []struct{ kind, header string }{{"s3", "If-None-Match"}, {"s3", "range"}, {"s3", "x-amz-tagging"}, {"http", "idempotency-key"}} {
		text := strings.Replace(tenants, "x-tenant: blue", c.header+`: "*"`, 1)
		text = strings.Replace(text, `{X-Tenant: "blue*"}`, `{User-Agent: "*"}, op: PutObject`, 1)
		if c.kind == "http" {
			text = strings.NewReplacer("kind: s3", "kind: http", "PutObject", "POST", "GetObject", "GET", "raw/", "/raw/", "CopyObject", "PUT", "copy/", "/copy/", "SlowDown", "503", "InternalError", "500").Replace(text)
		}
		sc, err := Parse("x.yaml", []byte(strings.Replace(text, "50/s", "50000/s", 1)))
		if err != nil {
			t.Fatal(err)
		}
		if m, err := pickMode(sc, ModeAuto, 1); m != ModeHTTP || err != nil {
			t.Errorf("%s: auto is %s, %v", c.header, m, err)
		}
		var bad *OptionError
		if _, err := pickMode(sc, ModeModel, 1); !errors.As(err, &bad) || !strings.Contains(err.Error(), c.header) {
			t.Errorf("%s: model: %v", c.header, err)
		}
	}
}

// An idempotency key that is the call's makes its retries harmless.
func TestIdempotencyKeysOfCalls(t *testing.T) {
	const text = `scenario: orders
backend: {kind: http, latency: 20ms}
load: {model: open, rate: 20/s, clients: 3, mix: [{op: POST, key: /orders, size: 100B}]}
phases: [{label: a, for: 60s, faults: [{p: 0.3, effect: lost-ack 500}]}]
policies: {p: {retry: {attempts: 4, base: 100ms, multiplier: 2, cap: 1s, classifier: any}}}
`
	without := play(t, text, ModeHTTP).Policies[0].Total.Truth
	with := play(t, strings.Replace(text, "size: 100B", `size: 100B, headers: {Idempotency-Key: "{client}-{call}"}`, 1), ModeHTTP).Policies[0].Total.Truth
	if without.Duplicates < 100 || with.Duplicates != 0 || with.FalseFailures >= without.FalseFailures+10 {
		t.Errorf("without %+v, with %+v", without, with)
	}
}
