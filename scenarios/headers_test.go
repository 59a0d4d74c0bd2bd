package scenarios

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// A fault that asks for headers is not for a simulation without bytes: the mode
// model refuses it, and auto is http however large the scenario is.
func TestHeadersNeedBytes(t *testing.T) {
	text := strings.NewReplacer("200/s", "20000/s", "on: {op: PutObject}, p: 0.9", `on: {header: {User-Agent: "squall*"}}, p: 0.9`).Replace(sound)
	sc, err := Parse("x.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if m, err := pickMode(sc, ModeAuto, 1); m != ModeHTTP || err != nil {
		t.Errorf("auto is %s, %v", m, err)
	}
	_, err = Run(context.Background(), sc, Options{Mode: ModeModel})
	var option *OptionError
	if !errors.As(err, &option) || !strings.Contains(option.Error(), `the fault "header=User-Agent:squall* p=0.9 SlowDown" asks for headers`) {
		t.Errorf("%v", err)
	}
	sc, err = Parse("x.yaml", []byte(strings.Replace(text, "20000/s", "20/s", 1)))
	if err != nil {
		t.Fatal(err)
	}
	run, err := Run(context.Background(), sc, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range run.Policies {
		if f := p.Faults[0]; f.Fired == 0 || f.Matched < 10 || run.Mode != "http" {
			t.Errorf("%+v in %s", f, run.Mode)
		}
	}
}
