package scenarios

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// served is a scenario for servers only: with faults for what no load can call.
const served = `scenario: served
backend: {kind: s3, latency: 5ms, quotas: [{on: {op: UploadPart}, rate: 10/s}]}
phases:
  - {label: a, for: 10s, faults: [{on: {op: DeleteObjects}, effect: delete-errors InternalError}, {on: {method: PATCH}, effect: 503}]}
thresholds:
  "leaked_uploads": ["count==0"]
  "success_rate{op:UploadPart}": ["value>0.5"]
`

// An operation that the backend's kind never gets is told where nobody knows the load, too.
func TestServedOnlyOperationsOfTheKind(t *testing.T) {
	for _, c := range []struct{ kind, op, want string }{
		{"s3", "GET", "gets no \"GET\""}, {"http", "GetObject", "write its method, such as GET"}, {"s3", "UploadPart", ""}, {"http", "GET", ""},
	} {
		text := "scenario: x\nbackend: {kind: " + c.kind + ", latency: 1ms, quotas: [{on: {op: " + c.op + "}, rate: 5/s, effect: \"503\"}]}\n" +
			"phases: [{label: a, for: 1m, faults: [{on: {op: " + c.op + "}, effect: \"503\"}]}]\n"
		_, err := Parse("x.yaml", []byte(text))
		if c.want == "" && err != nil {
			t.Errorf("%+v: %v", c, err)
		}
		if c.want != "" && (err == nil || strings.Count(err.Error(), c.want) != 2) {
			t.Errorf("%+v: %v, want two problems", c, err)
		}
	}
}

func TestServedOnly(t *testing.T) {
	sc, err := Parse("served.yaml", []byte(served))
	if err != nil {
		t.Fatal(err)
	}
	if !sc.ServedOnly() {
		t.Error("it has no load and no policies")
	}
	var file bytes.Buffer
	if err := Write(&file, sc); err != nil {
		t.Fatal(err)
	}
	back, err := Parse("back.yaml", file.Bytes())
	if err != nil {
		t.Fatalf("%v in\n%s", err, file.String())
	}
	sc.origin, back.origin = origin{}, origin{}
	if !reflect.DeepEqual(sc, back) {
		t.Errorf("%+v\nread back: %+v", sc, back)
	}
	var option *OptionError
	if _, err := Run(context.Background(), sc, Options{}); !errors.As(err, &option) {
		t.Errorf("it ran: %v", err)
	}
}
