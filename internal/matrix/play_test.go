package matrix_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/squall-sim/squall/faults"
	"github.com/squall-sim/squall/internal/matrix"
	"github.com/squall-sim/squall/retry"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run with -update to write it)", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (run with -update if that is meant)\n--- got\n%s\n--- want\n%s", path, got, want)
	}
}

func effects(t testing.TB, texts ...string) []faults.Effect {
	t.Helper()
	list, err := matrix.ParseFaults(texts)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func play(t testing.TB, o matrix.Options) *matrix.Matrix {
	t.Helper()
	m, err := matrix.Play(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// one plays one cell.
func one(t *testing.T, p retry.Policy, fault, op string, change ...func(*matrix.Options)) matrix.Cell {
	t.Helper()
	o := matrix.Options{Policies: []retry.Policy{p}, Faults: effects(t, fault), Ops: []string{op}, Version: "v0"}
	if _, s3 := faults.Operation(op); !s3 {
		o.Kind = matrix.HTTP
	}
	for _, f := range change {
		f(&o)
	}
	m := play(t, o)
	if len(m.Cells) != 1 {
		t.Fatalf("%s on %s: %d cells", fault, op, len(m.Cells))
	}
	return m.Cells[0]
}

// TestCells: what is known of the clients, cell by cell.
func TestCells(t *testing.T) {
	s3, api, aws := retry.S3(), retry.API(), retry.AWSStandard21()
	hasty := s3
	hasty.AttemptTimeout = 2 * time.Second
	full := func(n int64) matrix.Range { return matrix.Range{Min: n, Max: n} }
	for _, c := range []struct {
		policy    retry.Policy
		fault, op string
		attempts  matrix.Range
		class     string
		ended     string
		breaker   string
		delay     string
		hint      string
		got       string
		truth     string
	}{
		{s3, "none", "GetObject", full(1), "", "success", "success", "none", "", "200", ""},
		{s3, "none", "DeleteObject", full(1), "", "success", "success", "none", "", "204", ""},
		{s3, "SlowDown", "GetObject", full(5), "throttle", "attempts exhausted", "failure", "<10s", "", "503 SlowDown", ""},
		{s3, "SlowDown", "HeadObject", full(5), "transient", "attempts exhausted", "failure", "<10s", "", "503", ""},
		{s3, "SlowDown", "CreateMultipartUpload", full(1), "throttle", "not idempotent", "failure", "none", "", "503 SlowDown", ""},
		{s3, "NoSuchKey", "GetObject", full(1), "fatal", "not retryable", "success", "none", "", "404 NoSuchKey", ""},
		{s3, "SlowDown retry-after=3s", "GetObject", full(5), "throttle", "attempts exhausted", "failure", "<10s", "ignored", "503 SlowDown", ""},
		{aws, "SlowDown amz-retry-after=3s", "GetObject", full(3), "throttle", "attempts exhausted", "failure", "<10s", "heard", "503 SlowDown", ""},
		{aws, "InternalError", "GetObject", full(3), "transient", "attempts exhausted", "failure", "<100ms", "", "500 InternalError", ""},
		{api, "503 retry-after=3s", "GET", full(3), "transient", "attempts exhausted", "failure", "<10s", "heard", "503", ""},
		{api, "503", "POST", full(1), "transient", "not idempotent", "failure", "none", "", "503", ""},
		{api, "outage", "POST", full(3), "transient", "attempts exhausted", "failure", "<10s", "", "connection refused", ""},
		{s3, "latency add=2s", "PutObject", full(1), "", "success", "success", "none", "", "200", ""},
		{hasty, "latency add=3s", "GetObject", full(5), "timeout", "attempts exhausted", "failure", "<10s", "", "timeout", ""},
		{s3, "reset", "PutObject", full(5), "transient", "attempts exhausted", "failure", "<10s", "", "connection reset", ""},
		{s3, "blackhole", "PutObject", full(1), "", "hangs", "", "none", "", "nothing, ever", ""},
		{hasty, "blackhole", "PutObject", full(5), "timeout", "attempts exhausted", "failure", "<10s", "", "timeout", ""},
		{s3, "stall at=1000", "GetObject", full(1), "", "hangs", "", "none", "", "nothing, ever", ""},
		{hasty, "stall at=1000", "GetObject", full(5), "timeout", "attempts exhausted", "failure", "<10s", "", "timeout", ""},
		{s3, "truncate at=1000", "GetObject", full(5), "transient", "attempts exhausted", "failure", "<10s", "", "broken body", ""},
		{s3, "malformed-chunk at=1000", "GetObject", full(5), "transient", "attempts exhausted", "failure", "<10s", "", "broken body", ""},
		{s3, "truncate at=1000 end=reset", "PutObject", full(5), "transient", "attempts exhausted", "failure", "<10s", "", "broken body, reset", "false failure"},
		{s3, "error-in-200 SlowDown", "CopyObject", full(5), "throttle", "attempts exhausted", "failure", "<10s", "", "503 SlowDown", ""},
		{s3, "lost-ack reset", "PutObject", full(5), "transient", "attempts exhausted", "failure", "<10s", "", "connection reset", "false failure"},
		{s3, "lost-ack 500", "DeleteObject", full(5), "transient", "attempts exhausted", "failure", "<10s", "", "500", "false failure"},
		{s3, "slow-body add=2s", "ListObjectsV2", full(1), "", "success", "success", "none", "", "200", ""},
		{s3, "corrupt", "GetObject", full(1), "", "success", "success", "none", "", "200", "false success"},
		{s3, "delete-errors AccessDenied", "DeleteObjects", full(1), "", "success", "success", "none", "", "200", "false success"},
		{s3, "lost-ack 500", "GetObject", full(5), "transient", "attempts exhausted", "failure", "<10s", "", "500", ""},
	} {
		got := one(t, c.policy, c.fault, c.op)
		if got.Attempts != c.attempts || got.Class != c.class || got.Ended != c.ended || got.Breaker != c.breaker ||
			got.Delay.Class != c.delay || got.Hint != c.hint || got.Got != c.got || got.Truth != c.truth {
			t.Errorf("%s, %s on %s:\n%+v, want\n%+v", c.policy.Name, c.fault, c.op, got, c)
		}
	}
}

// TestDelaysAreThoseOfThePolicy: the bounds of the first delay and of all the time
// are those that the policy documents: 1 to 2 s, and 1+2+4+8 s with 4 times 0 to 1 s.
func TestDelaysAreThoseOfThePolicy(t *testing.T) {
	c := one(t, retry.S3(), "SlowDown", "GetObject")
	near := func(got int64, want time.Duration) bool {
		return max(got-int64(want), int64(want)-got) <= int64(4*time.Nanosecond)
	}
	const served = 5 * 10 * time.Millisecond // five attempts
	if !near(c.Delay.MinNS, time.Second) || !near(c.Delay.MaxNS, 2*time.Second) {
		t.Errorf("first delay %+v", c.Delay)
	}
	if !near(c.TookNS.Min, 15*time.Second+served) || !near(c.TookNS.Max, 19*time.Second+served) {
		t.Errorf("took %+v", c.TookNS)
	}
}

// TestChoicesOfTheClient: the options that change what retryhttp does.
func TestChoicesOfTheClient(t *testing.T) {
	s3 := retry.S3()
	if c := one(t, s3, "truncate at=1000", "GetObject", func(o *matrix.Options) { o.Stream = true }); c.Attempts.Max != 1 || c.Ended != "broken body" || c.Breaker != "success" {
		t.Errorf("stream: %+v", c)
	}
	if c := one(t, s3, "stall at=1000", "GetObject", func(o *matrix.Options) { o.Stream = true }); c.Ended != "hangs" {
		t.Errorf("stream that stalls: %+v", c)
	}
	mark := func(o *matrix.Options) { o.Idempotent = true }
	if c := one(t, s3, "SlowDown", "CreateMultipartUpload", mark); c.Attempts.Max != 5 {
		t.Errorf("idempotent: %+v", c)
	}
	if c := one(t, s3, "lost-ack 500", "CreateMultipartUpload", mark); c.Attempts.Max != 5 || c.Truth != "false failure" {
		t.Errorf("idempotent: %+v", c)
	}
	if c := one(t, s3, "SlowDown", "HeadObject", func(o *matrix.Options) { o.ClassifyS3 = true }); c.Class != "throttle" {
		t.Errorf("classify-s3: %+v", c)
	}
}

// TestEndlessPolicies: one without any bound is stopped, and one whose number of
// attempts depends on its jitter says so.
func TestEndlessPolicies(t *testing.T) {
	endless := retry.Policy{Name: "endless", Attempts: retry.Unlimited, Classifier: "all"}
	if c := one(t, endless, "500", "GetObject"); c.Ended != "hangs" || c.Attempts.Max != 1000 {
		t.Errorf("%+v", c)
	}
	c := one(t, retry.Cenkalti(), "500", "GetObject")
	if c.Ended != "limit reached" || c.Attempts.Min >= c.Attempts.Max || c.Attempts.Max > 100 {
		t.Errorf("%+v", c)
	}
}

// TestEveryOperation: without a fault each succeeds at once, with what the store
// says; each has a cell for every kind of effect that it can meet.
func TestEveryOperation(t *testing.T) {
	for _, kind := range []matrix.Kind{matrix.S3, matrix.HTTP} {
		m := play(t, matrix.Options{Kind: kind, Policies: []retry.Policy{retry.None()}, Faults: append(effects(t, "none"), faults.EffectExamples()...), Ops: matrix.Operations(kind)})
		seen := make(map[faults.Kind]bool)
		for _, c := range m.Cells {
			if e, err := faults.ParseEffect(c.Fault); err == nil && (e.Kind == faults.SlowBody || e.Kind == faults.Bandwidth) && c.Truth != "" {
				t.Errorf("late, but right: %+v", c)
			}
			if c.Fault == "none" && (c.Ended != "success" || c.Truth != "" || c.Attempts != (matrix.Range{Min: 1, Max: 1}) || c.TookNS.Max != int64(10*time.Millisecond)) {
				t.Errorf("%s without a fault: %+v", c.Op, c)
			}
			if c.Attempts.Max != 1 || c.Got == "" {
				t.Errorf("%+v", c)
			}
			if e, err := faults.ParseEffect(c.Fault); err == nil {
				seen[e.Kind] = true
			}
		}
		for _, e := range faults.EffectExamples() {
			if kind == matrix.S3 && !seen[e.Kind] {
				t.Errorf("no cell has the effect %s", e)
			}
		}
	}
}

// TestEveryKindIsThere: what a matrix has without being asked.
func TestEveryKindIsThere(t *testing.T) {
	usual, all := matrix.Faults(matrix.S3, false), matrix.Faults(matrix.S3, true)
	for _, e := range faults.EffectExamples() {
		if !slices.Contains(usual, e) || !slices.Contains(all, e) {
			t.Errorf("%s is missing", e)
		}
	}
	for _, c := range faults.S3Codes() {
		if !slices.Contains(all, faults.Effect{Kind: faults.S3Error, Code: c.Code}) {
			t.Errorf("%s is missing", c.Code)
		}
	}
	for _, list := range [][]faults.Effect{usual, all, matrix.Faults(matrix.HTTP, true)} {
		for i, e := range list {
			if slices.Contains(list[:i], e) {
				t.Errorf("%s is there twice", e)
			}
			if e != (faults.Effect{}) && e.Validate() != nil {
				t.Error(e.Validate())
			}
		}
	}
}

// TestSameBytes: two runs give the same, and JSON keeps it all.
func TestSameBytes(t *testing.T) {
	o := matrix.Options{Policies: []retry.Policy{retry.S3(), retry.Cenkalti(), retry.AWSAdaptive()}, Faults: effects(t, "SlowDown", "reset", "stall at=5", "blackhole"), Version: "v1<2"}
	var texts [2]bytes.Buffer
	m := play(t, o)
	for i, m := range []*matrix.Matrix{m, play(t, o)} {
		if err := m.WriteJSON(&texts[i]); err != nil {
			t.Fatal(err)
		}
	}
	if texts[0].String() != texts[1].String() || !strings.Contains(texts[0].String(), "v1<2") {
		t.Errorf("they differ, or escape too much:\n%s", texts[0].String())
	}
	back, err := matrix.ReadJSON(&texts[0])
	if err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if err := back.WriteJSON(&again); err != nil || again.String() != texts[1].String() {
		t.Errorf("%v\n%s", err, again.String())
	}
	if changes := matrix.Compare(back, m); len(changes) > 0 {
		t.Errorf("%v", changes)
	}
}

func TestPlayRefuses(t *testing.T) {
	s3 := []retry.Policy{retry.S3()}
	for _, c := range []struct {
		o            matrix.Options
		option, says string
	}{
		{matrix.Options{}, "policy", "name a policy"},
		{matrix.Options{Policies: append(s3, s3...)}, "policy", `two policies "s3"`},
		{matrix.Options{Policies: []retry.Policy{{Name: "x"}}}, "policy", "attempts is 0"},
		{matrix.Options{Policies: s3, Kind: "ftp"}, "kind", "write s3 or http"},
		{matrix.Options{Policies: s3, Ops: []string{"GetObjct"}}, "op", "did you mean GetObject?"},
		{matrix.Options{Policies: s3, Ops: []string{"GET"}}, "op", "GET is of the kind http"},
		{matrix.Options{Policies: s3, Kind: matrix.HTTP, Ops: []string{"GetObject"}}, "op", "GetObject is of the kind s3"},
		{matrix.Options{Policies: s3, Faults: []faults.Effect{{Kind: faults.Status, Status: 99}}}, "fault", "the status 99"},
		{matrix.Options{Policies: s3, Faults: effects(t, "truncate at=1"), Ops: []string{"HeadObject"}}, "fault", "it can meet GetObject"},
	} {
		_, err := matrix.Play(context.Background(), c.o)
		var option *matrix.OptionError
		if !errors.As(err, &option) || option.Option != c.option || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, want %s: %s", err, c.option, c.says)
		}
	}
	if _, err := matrix.ParseFaults([]string{"SlowDwn"}); err == nil || !strings.Contains(err.Error(), "did you mean SlowDown") {
		t.Errorf("%v", err)
	}
}

// TestPlayStops: what is there when the context ends is returned.
func TestPlayStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	o := matrix.Options{Policies: []retry.Policy{retry.S3()}}
	o.Progress = func(done, total int) {
		if done == 3 {
			cancel()
		}
		if total < 100 {
			t.Errorf("%d of %d", done, total)
		}
	}
	m, err := matrix.Play(ctx, o)
	if err != nil || !m.Interrupted || len(m.Cells) != 3 {
		t.Errorf("%v, %d cells", err, len(m.Cells))
	}
	var b bytes.Buffer
	if err := m.Text(&b, matrix.TextOptions{}); err != nil || !strings.Contains(b.String(), "interrupted") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

func BenchmarkPlay(b *testing.B) {
	for b.Loop() {
		play(b, matrix.Options{Policies: []retry.Policy{retry.S3()}})
	}
}
