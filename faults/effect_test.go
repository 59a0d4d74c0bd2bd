package faults

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/squall-sim/squall/sim"
)

// anyWait draws a whole number of units, or nothing.
func anyWait(t *rapid.T, label string, unit time.Duration) Wait {
	if rapid.Bool().Draw(t, label+" given") {
		return For(time.Duration(rapid.Int64Range(0, int64(365*24*time.Hour/unit)).Draw(t, label)) * unit)
	}
	return Wait{}
}

func anyDist(t *rapid.T) sim.Dist {
	duration := func(label string) time.Duration {
		return time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, label))
	}
	switch rapid.SampledFrom(sim.Kinds()).Draw(t, "dist") {
	case sim.Fixed:
		return sim.Dist{Kind: sim.Fixed, Value: duration("value") - 1}
	case sim.Uniform:
		lower := duration("lower")
		return sim.Dist{Kind: sim.Uniform, Lower: lower, Upper: lower + duration("more")}
	case sim.Lognormal:
		m := duration("median")
		return sim.Dist{Kind: sim.Lognormal, Median: m, Sigma: rapid.Float64Range(0, 3).Draw(t, "sigma"), Max: m + duration("max")}
	case sim.Exponential:
		return sim.Dist{Kind: sim.Exponential, Mean: duration("mean")}
	case sim.Pareto:
		m := duration("min")
		return sim.Dist{Kind: sim.Pareto, Min: m, Alpha: rapid.Float64Range(0.1, 9).Draw(t, "alpha"), Max: m + duration("max")}
	}
	a := duration("p0")
	b := a + duration("p99")
	return sim.Dist{Kind: sim.Empirical, Percentiles: []sim.Percentile{{P: 0, Value: a}, {P: 99.9, Value: b}, {P: 100, Value: b}}}
}

// anyHeaders draws lines of headers, with values that need quotes and others.
func anyHeaders(t *rapid.T) string {
	var lines []string
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"Etag", "X-A", "Location", "Date"}), 0, 3, rapid.ID).Draw(t, "headers") {
		value := strings.TrimSpace(rapid.StringMatching("[ -~üß]{0,12}").Draw(t, "value"))
		lines = append(lines, name+": "+value)
	}
	return strings.Join(lines, "\n")
}

func anyEffect(t *rapid.T) Effect {
	e := Effect{Kind: rapid.SampledFrom(append([]Kind{S3Error, Status}, namedKinds[:]...)).Draw(t, "kind")}
	switch e.Kind {
	case S3Error:
		e.Code = rapid.SampledFrom(codeNames()).Draw(t, "code")
	case Status:
		e.Status = rapid.IntRange(200, 599).Draw(t, "status")
		e.Set = anyHeaders(t)
		if bodyAllowed(e.Status) && rapid.Bool().Draw(t, "body given") {
			e.Body = Text{rapid.String().Draw(t, "body"), true}
		}
	case Headers:
		e.Drop = rapid.SampledFrom([]string{"Etag", "Content-Range,Date", "Content-Length"}).Draw(t, "drop")
		e.Set = anyHeaders(t)
	case Latency, SlowBody:
		e.Add = addText(anyDist(t))
	case Bandwidth, SlowUpload:
		e.Rate = rapid.Int64Range(1, MaxBandwidth).Draw(t, "rate") >> rapid.IntRange(0, 40).Draw(t, "shift") << rapid.SampledFrom([]int{0, 10, 20, 30}).Draw(t, "unit")
		e.Rate = min(max(e.Rate, 1), MaxBandwidth)
	}
	switch e.Kind {
	case ClockSkew:
		e.Offset = AllowedSkew + time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "by"))
		if rapid.Bool().Draw(t, "behind") {
			e.Offset = -e.Offset
		}
	case RejectEarly:
		e.By, e.Code = S3Error, rapid.SampledFrom(codeNames()).Draw(t, "code")
		if rapid.Bool().Draw(t, "by status") {
			e.By, e.Code, e.Status = Status, "", rapid.IntRange(400, 599).Draw(t, "status")
		}
	case Stale:
		e.Offset = time.Duration(rapid.Int64Range(1, int64(MaxOffset)).Draw(t, "by"))
	case Corrupt:
		e.At = rapid.Int64Range(0, MaxAt).Draw(t, "at")
		e.Matching = rapid.Bool().Draw(t, "matching")
	case DeleteErrors:
		e.Code = rapid.SampledFrom(codeNames()).Draw(t, "code")
		e.Share = rapid.Float64Range(0, 0.999999).Draw(t, "share")
		e.Keys = rapid.SampledFrom([]string{"", "raw/**", "a b", `"`, "(", "ü\\n\x1b", "x=y"}).Draw(t, "keys")
	}
	if e.Kind == LostAck {
		e.By = rapid.SampledFrom([]Kind{S3Error, Status, Reset, Close, Blackhole}).Draw(t, "by")
		if e.By == S3Error {
			e.Code = rapid.SampledFrom(codeNames()).Draw(t, "code")
		} else if e.By == Status {
			e.Status = rapid.IntRange(400, 599).Draw(t, "status")
		}
	}
	if e.Kind == ErrorIn200 {
		e.Code = rapid.SampledFrom(codeNames()).Draw(t, "code")
		e.Spaces = rapid.Int64Range(0, MaxSpaces).Draw(t, "spaces")
	}
	if e.Kind == Truncate || e.Kind == Stall || e.Kind == MalformedChunk {
		e.At = rapid.Int64Range(0, MaxAt).Draw(t, "at")
		e.ByReset = e.Kind == Truncate && rapid.Bool().Draw(t, "by reset")
	}
	options := optionNames(e)
	if hasString(options, "retry-after") {
		e.RetryAfter = anyWait(t, "retry-after", time.Second)
		if !e.RetryAfter.Given {
			e.RetryDate = anyWait(t, "retry-after-date", time.Second)
		}
		e.AmzRetryAfter = anyWait(t, "amz-retry-after", time.Millisecond)
	}
	if hasString(options, "after") {
		e.After = anyWait(t, "after", time.Nanosecond)
	}
	return e
}

func TestEffectsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anyEffect(t)
		if err := e.Validate(); err != nil {
			t.Fatalf("%v: %v", e, err)
		}
		back, err := ParseEffect(e.String())
		if err != nil || back != e {
			t.Fatalf("%q gives %#v (%v), want %#v", e, back, err, e)
		}
		text, _ := e.MarshalText()
		var read Effect
		if err := read.UnmarshalText(text); err != nil || read != e {
			t.Fatalf("%s unmarshals to %#v (%v)", text, read, err)
		}
	})
}

func TestParseEffect(t *testing.T) {
	for _, c := range []struct {
		text, canonical string
		want            Effect
	}{
		{"SlowDown", "SlowDown", Effect{Kind: S3Error, Code: "SlowDown"}},
		{"  SlowDown\t", "SlowDown", Effect{Kind: S3Error, Code: "SlowDown"}},
		{"503", "503", Effect{Kind: Status, Status: 503}},
		{"429 retry-after=2s", "429 retry-after=2s", Effect{Kind: Status, Status: 429, RetryAfter: For(2 * time.Second)}},
		{"429  after=1h  retry-after=0s", "429 retry-after=0s after=1h0m0s", Effect{Kind: Status, Status: 429, RetryAfter: For(0), After: For(time.Hour)}},
		{"SlowDown amz-retry-after=1500ms", "SlowDown amz-retry-after=1.5s", Effect{Kind: S3Error, Code: "SlowDown", AmzRetryAfter: For(1500 * time.Millisecond)}},
		{"latency add=2s", "latency add=2s", Effect{Kind: Latency, Add: "2s"}},
		{"latency add=fixed(value=2000ms)", "latency add=2s", Effect{Kind: Latency, Add: "2s"}},
		{"latency add=lognormal(median=2s, sigma=0.5)", "latency add=lognormal(median=2s,sigma=0.5)", Effect{Kind: Latency, Add: "lognormal(median=2s,sigma=0.5)"}},
		{"reset", "reset", Effect{Kind: Reset}},
		{"reset after=10ms", "reset after=10ms", Effect{Kind: Reset, After: For(10 * time.Millisecond)}},
		{"blackhole", "blackhole", Effect{Kind: Blackhole}},
		{"outage", "outage", Effect{Kind: Outage}},
		{"close", "close", Effect{Kind: Close}},
		{"garbage after=5ms", "garbage after=5ms", Effect{Kind: Garbage, After: For(5 * time.Millisecond)}},
		{"half-headers", "half-headers", Effect{Kind: HalfHeaders}},
		{"error-in-200 SlowDown", "error-in-200 SlowDown", Effect{Kind: ErrorIn200, Code: "SlowDown"}},
		{"error-in-200  InternalError after=1s spaces=9", "error-in-200 InternalError spaces=9 after=1s", Effect{Kind: ErrorIn200, Code: "InternalError", Spaces: 9, After: For(time.Second)}},
		{"truncate at=0", "truncate at=0", Effect{Kind: Truncate}},
		{"truncate end=fin at=01000", "truncate at=1000", Effect{Kind: Truncate, At: 1000}},
		{"truncate end=reset at=1", "truncate at=1 end=reset", Effect{Kind: Truncate, At: 1, ByReset: true}},
		{"bandwidth rate=64KiB/s", "bandwidth rate=64KiB/s", Effect{Kind: Bandwidth, Rate: 64 << 10}},
		{"bandwidth rate=1.5MB/s", "bandwidth rate=1500000B/s", Effect{Kind: Bandwidth, Rate: 1500000}},
		{"slow-upload rate=2048B/s", "slow-upload rate=2KiB/s", Effect{Kind: SlowUpload, Rate: 2 << 10}},
		{"slow-upload rate=1024GiB/s", "slow-upload rate=1024GiB/s", Effect{Kind: SlowUpload, Rate: MaxBandwidth}},
		{"slow-body add=2000ms", "slow-body add=2s", Effect{Kind: SlowBody, Add: "2s"}},
		{"clock-skew", "clock-skew by=20m0s", Effect{Kind: ClockSkew, Offset: 20 * time.Minute}},
		{"clock-skew by=-1h after=1s", "clock-skew by=-1h0m0s after=1s", Effect{Kind: ClockSkew, Offset: -time.Hour, After: For(time.Second)}},
		{"reject-early SlowDown retry-after=1s", "reject-early SlowDown retry-after=1s", Effect{Kind: RejectEarly, By: S3Error, Code: "SlowDown", RetryAfter: For(time.Second)}},
		{"reject-early 413", "reject-early 413", Effect{Kind: RejectEarly, By: Status, Status: 413}},
		{"stale by=30s", "stale by=30s", Effect{Kind: Stale, Offset: 30 * time.Second}},
		{"200", "200", Effect{Kind: Status, Status: 200}},
		{"307 header=location:http://a/b", "307 header=Location:http://a/b", Effect{Kind: Status, Status: 307, Set: "Location: http://a/b"}},
		{`503 body="" header="x-a:  b c" header=X-B:`, `503 header="X-A: b c" header=X-B: body=""`, Effect{Kind: Status, Status: 503, Set: "X-A: b c\nX-B: ", Body: Text{Given: true}}},
		{"429 retry-after-date=3s", "429 retry-after-date=3s", Effect{Kind: Status, Status: 429, RetryDate: For(3 * time.Second)}},
		{"SlowDown header=Connection:close", "SlowDown header=Connection:close", Effect{Kind: S3Error, Code: "SlowDown", Set: "Connection: close"}},
		{`headers drop="etag, content-range" set=Age:5`, "headers drop=Etag,Content-Range set=Age:5", Effect{Kind: Headers, Drop: "Etag,Content-Range", Set: "Age: 5"}},
		{"corrupt", "corrupt", Effect{Kind: Corrupt}},
		{"corrupt checksum=kept at=0", "corrupt", Effect{Kind: Corrupt}},
		{"corrupt checksum=matching at=5", "corrupt at=5 checksum=matching", Effect{Kind: Corrupt, At: 5, Matching: true}},
		{"delete-errors AccessDenied", "delete-errors AccessDenied", Effect{Kind: DeleteErrors, Code: "AccessDenied"}},
		{"delete-errors SlowDown share=1", "delete-errors SlowDown", Effect{Kind: DeleteErrors, Code: "SlowDown"}},
		{`delete-errors SlowDown keys="raw/**" share=2.5e-1`, "delete-errors SlowDown share=0.25 keys=raw/**", Effect{Kind: DeleteErrors, Code: "SlowDown", Share: 0.25, Keys: "raw/**"}},
		{`delete-errors SlowDown keys="a \"b"`, `delete-errors SlowDown keys="a \"b"`, Effect{Kind: DeleteErrors, Code: "SlowDown", Keys: `a "b`}},
		{"lost-ack", "lost-ack InternalError", Effect{Kind: LostAck, By: S3Error, Code: "InternalError"}},
		{"lost-ack retry-after=1s", "lost-ack InternalError retry-after=1s", Effect{Kind: LostAck, By: S3Error, Code: "InternalError", RetryAfter: For(time.Second)}},
		{"lost-ack SlowDown", "lost-ack SlowDown", Effect{Kind: LostAck, By: S3Error, Code: "SlowDown"}},
		{"lost-ack 500", "lost-ack 500", Effect{Kind: LostAck, By: Status, Status: 500}},
		{"lost-ack  reset ", "lost-ack reset", Effect{Kind: LostAck, By: Reset}},
		{"lost-ack close", "lost-ack close", Effect{Kind: LostAck, By: Close}},
		{"lost-ack timeout", "lost-ack timeout", Effect{Kind: LostAck, By: Blackhole}},
		{"stall at=1073741824", "stall at=1073741824", Effect{Kind: Stall, At: MaxAt}},
	} {
		got, err := ParseEffect(c.text)
		if err != nil || got != c.want || got.String() != c.canonical {
			t.Errorf("%q gives %#v, %q (%v)", c.text, got, got, err)
		}
	}
}

func TestParseEffectSaysWhatWouldBeRight(t *testing.T) {
	for _, c := range []struct {
		text    string
		offset  int
		message string // parts
	}{
		{"", 0, "no effect; write an S3 error code such as SlowDown"},
		{"   ", 3, "no effect"},
		{"SlowDwon", 0, `unknown effect "SlowDwon"; did you mean SlowDown?`},
		{"slow-down", 0, "did you mean SlowDown?"},
		{"Latency add=2s", 0, "did you mean latency?"},
		{"blackhold", 0, "did you mean blackhole?"},
		{"xyzzy", 0, `unknown effect "xyzzy"; write an S3 error code`},
		{"199", 0, "the status 199 is no answer; write 200 to 599"},
		{"600", 0, "no answer"},
		{"0503", 0, "no answer"},
		{"99999999999999999999", 0, "no answer"},
		{"503 header=X", 11, `"X" is not a header; write Name:Value`},
		{"503 header=X(:1", 11, `"X(" is not the name of a header`},
		{"503 header=Content-Length:5", 11, "the header Content-Length cannot be changed; write truncate"},
		{`503 header="X: a\nb"`, 11, "the value of X has a control character"},
		{"503 header=X:1 header=x:2", 22, "the header X is set twice"},
		{"503 set=X:1", 4, "set has no meaning for 503; its options are header, body"},
		{`503 body="x`, 9, "is not a value in quotes"},
		{"503 body=x body=y", 11, "body is given twice"},
		{"204 body=x", 9, "an answer of 204 has no body"},
		{"503 retry-after=1s retry-after-date=1s", 38, "retry-after and retry-after-date are both given"},
		{"503 retry-after-date=1ms", 21, "not whole seconds"},
		{"clock-skew by=15m", 14, "by=15m0s is out of range; write more than 15m"},
		{"reject-early", 12, "reject-early needs an answer; write reject-early AccessDenied"},
		{"reject-early reset", 13, "unknown S3 error code"},
		{"reject-early 200", 13, "the status 200 is no error"},
		{"stale", 5, "stale needs how old the answers are; write stale by=30s"},
		{"stale by=0s", 9, "by=0s is out of range; write more than 0s, up to 1000h"},
		{"stale by=30", 9, "write the unit: by=30s"},
		{"stale by=1001h", 9, "out of range"},
		{"headers", 7, "headers needs a change; write headers drop=ETag"},
		{"headers drop=", 13, `"" is not the name of a header`},
		{"headers drop=ETag,", 13, `"" is not the name of a header`},
		{"headers drop=Transfer-Encoding", 13, "cannot be changed"},
		{"headers header=X:1", 8, "header has no meaning for headers; its options are drop, set"},
		{"503 retry-after=1500ms", 16, "retry-after=1.5s is not whole seconds; Retry-After counts whole seconds: write 2s, or amz-retry-after"},
		{"503 amz-retry-after=1us", 20, "not whole milliseconds"},
		{"503 retry-after=2", 16, `"2" is not a duration; write the unit: retry-after=2s`},
		{"503 retry-after=soon", 16, `"soon" is not a duration`},
		{"503 retry-after=-1s", 16, "negative"},
		{"503 after", 4, `"after" is not an option; write key=value; its options are header, body, retry-after, retry-after-date, amz-retry-after, after`},
		{"503 afer=2s", 4, `unknown option "afer"; did you mean after?`},
		{"SlowDown p=0.5", 9, `p is no option of an effect but of its fault; write it before the effect, or as a key beside it`},
		{"503 at_most=5", 4, `at_most is no option of an effect`},
		{"503 add=2s", 4, "add has no meaning for 503; its options are"},
		{"503 after=1s after=2s", 13, "after is given twice"},
		{"blackhole after=1s", 10, "after has no meaning for blackhole; blackhole has no options"},
		{"latency", 7, "latency needs how much; write latency add=2s"},
		{"latency add=lognormal(median=2s)", 32, "lognormal needs sigma"},
		{"latency add=lognormal(median=2s,sigma=-1)", 38, "sigma"},
		{"latency add=gauss(mean=2s)", 12, `unknown distribution "gauss"`},
		{"latency add=-2s", 12, "negative"},
		{"latency add=2", 12, "want a duration such as 30ms"},
		{"latency after=1s", 8, "after has no meaning for latency"},
		{"closed", 0, "did you mean close?"},
		{"halfheaders", 0, "did you mean half-headers?"},
		{"garbage add=2s", 8, "add has no meaning for garbage; its options are after"},
		{"close retry-after=2s", 6, "retry-after has no meaning for close"},
		{"error-in-200", 12, "error-in-200 needs an error code; write error-in-200 InternalError"},
		{"error-in-200 SlowDwon", 13, `unknown S3 error code "SlowDwon"; did you mean SlowDown?`},
		{"error-in-200 spaces=3", 13, "unknown S3 error code"},
		{"error-in-200 SlowDown spaces=32769", 29, "spaces=32769 is out of range; write 0 to 32768"},
		{"error-in-200 SlowDown retry-after=1s", 22, "retry-after has no meaning for error-in-200"},
		{"truncate", 8, "truncate needs where; write truncate at=1000"},
		{"stall", 5, "stall needs where"},
		{"truncate at=1KiB", 12, `"1KiB" is no number of bytes`},
		{"truncate at=-1", 12, `"-1" is no number of bytes`},
		{"truncate at=+1", 12, `"+1" is no number of bytes`},
		{"stall at=1073741825", 9, "at=1073741825 is out of range; write 0 to 1073741824"},
		{"truncate at=1 end=rst", 18, `no connection ends by "rst"; write end=fin`},
		{"stall at=1 end=reset", 11, "end has no meaning for stall; its options are at"},
		{"truncate at=1 after=1s", 14, "after has no meaning for truncate; its options are at, end"},
		{"bandwidth", 9, "bandwidth needs a rate; write bandwidth rate=64KiB/s"},
		{"bandwidth rate=64", 15, `"64" is not a rate; write the unit: rate=64KiB/s`},
		{"bandwidth rate=64KiB", 15, `"64KiB" is not a rate; write a whole number of bytes a second`},
		{"bandwidth rate=0.3B/s", 15, "is not a rate"},
		{"bandwidth rate=-1B/s", 15, "is not a rate"},
		{"bandwidth rate=NaNB/s", 15, "is not a rate"},
		{"bandwidth rate=1e3B/s", 15, "is not a rate"},
		{"bandwidth rate=0B/s", 15, "rate=0B/s is out of range; write 1B/s to 1024GiB/s"},
		{"bandwidth rate=1025GiB/s", 15, "out of range"},
		{"bandwidth rate=" + strings.Repeat("9", 400) + "B/s", 15, "is not a rate"},
		{"slow-upload add=2s", 12, "add has no meaning for slow-upload; its options are rate"},
		{"slow-body", 9, "slow-body needs how much; write slow-body add=2s"},
		{"corrupt checksum=bad", 17, `no checksum is "bad"; write checksum=kept`},
		{"corrupt end=fin", 8, "end has no meaning for corrupt; its options are at, checksum"},
		{"delete-errors", 13, "delete-errors needs an error code; write delete-errors InternalError"},
		{"delete-errors share=0.5", 14, "unknown S3 error code"},
		{"delete-errors SlowDown share=0", 29, "share=0 is out of range; write a number above 0, up to 1"},
		{"delete-errors SlowDown share=1.5", 29, "out of range"},
		{"delete-errors SlowDown share=NaN", 29, `"NaN" is not a share`},
		{"delete-errors SlowDown share=half", 29, `"half" is not a share`},
		{"delete-errors SlowDown keys=[", 28, `"[" is not a glob; close its brackets`},
		{`delete-errors SlowDown keys="a b`, 28, "is not a value in quotes; close the quotes"},
		{`delete-errors SlowDown keys=""`, 28, "keys is empty"},
		{"lost-ack rest", 9, `no client meets "rest" in place of an answer; did you mean reset?`},
		{"lost-ack Slowdown", 9, "did you mean SlowDown?"},
		{"lost-ack 200", 9, "the status 200 is no error"},
		{"lost-ack reset close", 15, `"close" is not an option; write key=value; lost-ack reset has no options`},
		{"lost-ack reset retry-after=1s", 15, "retry-after has no meaning for lost-ack reset"},
		{"lost-ack 503 after=1s", 13, "after has no meaning for lost-ack 503; its options are retry-after, retry-after-date, amz-retry-after"},
		{"SlowDown\nreset", 0, "unknown effect"},
	} {
		_, err := ParseEffect(c.text)
		var got *EffectError
		if !errors.As(err, &got) {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if got.Offset != c.offset || !strings.Contains(err.Error(), c.message) || got.Text != c.text {
			t.Errorf("%q: at byte %d, want %d: %v", c.text, got.Offset, c.offset, err)
		}
	}
}

func TestEffectValidateReportsEveryProblem(t *testing.T) {
	for _, c := range []struct {
		effect Effect
		want   []string // one for each problem
	}{
		{Effect{}, []string{"no effect"}},
		{Effect{Kind: 99}, []string{"unknown kind kind(99)"}},
		{Effect{Kind: S3Error, Code: "Slowdown", Status: 503}, []string{"did you mean SlowDown?", "status has no meaning for Slowdown"}},
		{Effect{Kind: Status, Status: 100}, []string{"the status 100 is no answer"}},
		{Effect{Kind: Status, Status: 304, Body: Text{Text: "x"}, Set: "x: 1"}, []string{"the header x is not in its canonical form; write X", "body is not given"}},
		{Effect{Kind: Headers}, []string{"headers needs a change"}},
		{Effect{Kind: Headers, Drop: "a b", Set: "X:1", RetryDate: For(0)}, []string{"is not the name of a header", `"X:1" is not the name`, "retry-after-date has no meaning"}},
		{Effect{Kind: S3Error, Code: "SlowDown", RetryAfter: For(0), RetryDate: For(0)}, []string{"both given"}},
		{Effect{Kind: Headers, Set: "X: " + strings.Repeat("x", MaxText)}, []string{"it has 65539 bytes"}},
		{Effect{Kind: Status, Status: 503, RetryAfter: For(1), After: For(-1)}, []string{"not whole seconds", "after is negative"}},
		{Effect{Kind: Latency}, []string{"latency needs how much"}},
		{Effect{Kind: Latency, Add: "fixed(value=2s)"}, []string{"not in its plain form; write add=2s"}},
		{Effect{Kind: Latency, Add: "soon"}, []string{"not a distribution"}},
		{Effect{Kind: Reset, RetryAfter: For(time.Second), Code: "x"}, []string{"code has no meaning for reset", "retry-after has no meaning"}},
		{Effect{Kind: Stall, At: -1, ByReset: true}, []string{"at=-1 is out of range", "end has no meaning for stall"}},
		{Effect{Kind: Reset, At: 1}, []string{"at has no meaning for reset"}},
		{Effect{Kind: Bandwidth}, []string{"rate=0B/s is out of range"}},
		{Effect{Kind: SlowBody, Rate: -5}, []string{"slow-body needs how much", "rate has no meaning"}},
		{Effect{Kind: DeleteErrors, Code: "x", Share: math.NaN(), Keys: "["}, []string{"unknown S3 error code", "share=NaN is out of range", "is not a glob"}},
		{Effect{Kind: Corrupt, At: MaxAt + 1, Share: 0.5}, []string{"at=1073741825 is out of range", "share has no meaning for corrupt"}},
		{Effect{Kind: RejectEarly, By: Reset}, []string{"reset is no answer"}},
		{Effect{Kind: ClockSkew, Code: "x"}, []string{"code has no meaning", "by=0s is out of range"}},
		{Effect{Kind: LostAck}, []string{"none cannot come in place of an answer"}},
		{Effect{Kind: LostAck, By: Stall, Code: "x"}, []string{"stall cannot come", "code has no meaning"}},
		{Effect{Kind: LostAck, By: S3Error, Code: "SlowDwon"}, []string{"did you mean SlowDown?"}},
		{Effect{Kind: Reset, By: Close, AmzRetryAfter: For(1)}, []string{"by has no meaning for reset", "amz-retry-after has no meaning"}},
		{Effect{Kind: Outage, After: Wait{For: 1}}, []string{"after is not given but 1ns"}},
	} {
		err := c.effect.Validate()
		var got *InvalidError
		if !errors.As(err, &got) || len(got.Problems) != len(c.want) {
			t.Errorf("%#v: %v", c.effect, err)
			continue
		}
		for i, p := range got.Problems {
			if !strings.Contains(p.String(), c.want[i]) {
				t.Errorf("%#v: problem %d is %v, want %s", c.effect, i, p, c.want[i])
			}
		}
	}
}

func TestHTTPStatusOfEffects(t *testing.T) {
	for text, want := range map[string]int{"SlowDown": 503, "NoSuchKey": 404, "429": 429, "reset": 0, "close": 0, "error-in-200 SlowDown": 200, "latency add=1s": 0,
		"lost-ack SlowDown": 503, "lost-ack 429": 429, "lost-ack reset": 0} {
		if e := effect(t, text); e.HTTPStatus() != want || e.Answers() != (want != 0 && e.Kind != LostAck) {
			t.Errorf("%s: %d", text, e.HTTPStatus())
		}
	}
	if (Effect{Kind: S3Error, Code: "Nope"}).HTTPStatus() != 0 {
		t.Error("an unknown code has a status")
	}
}

func TestEffectErrorsHaveTheirCause(t *testing.T) {
	_, err := ParseEffect("latency add=gauss(1)")
	var cause *sim.ParseError
	if !errors.As(err, &cause) {
		t.Errorf("%v", err)
	}
	_, err = ParseEffect(strings.Repeat("x", 1<<20) + "\x1b[31m")
	if len(err.Error()) > 600 || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("an error of %d bytes", len(err.Error()))
	}
}

func TestS3CodesAreSortedAndSound(t *testing.T) {
	if !slices.IsSortedFunc(s3Codes[:], func(a, b S3Code) int { return strings.Compare(a.Code, b.Code) }) {
		t.Error("not sorted: LookupS3Code would miss some")
	}
	for _, c := range S3Codes() {
		got, ok := LookupS3Code(c.Code)
		if !ok || got != c || c.Status < 400 || c.Status > 599 || c.Message == "" {
			t.Errorf("%+v", c)
		}
	}
	if _, ok := LookupS3Code("Nope"); ok {
		t.Error("found what is not there")
	}
}

func FuzzParseEffect(f *testing.F) {
	for _, s := range []string{"SlowDown", "429 retry-after=2s", "latency add=lognormal(median=2s,sigma=0.5)", "outage after=1ms", "half-headers after=1ms", "garbage", "close", "truncate at=5 end=reset", "stall at=0", "error-in-200 SlowDown spaces=3", "307 header=Location:/x", `503 body="a \"b" header="X: y"`, "headers drop=Etag,Date set=X:y", "stale by=30s", "corrupt at=5 checksum=matching", `delete-errors SlowDown share=0.5 keys="a b"`, "bandwidth rate=1KiB/s", "slow-upload rate=1.5MB/s", "slow-body add=2s", "lost-ack", "lost-ack 503 retry-after=1s", "lost-ack timeout", "latency add=(((", "503 =", "latency add=empirical(p0=1ms,p100=2ms)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := ParseEffect(text)
		if err != nil {
			var bad *EffectError
			if !errors.As(err, &bad) || bad.Offset < 0 || bad.Offset > len(text) || bad.Message == "" {
				t.Fatalf("%q: %#v", text, err)
			}
			return
		}
		if err := e.Validate(); err != nil {
			t.Fatalf("%q is not valid: %v", text, err)
		}
		if back, err := ParseEffect(e.String()); err != nil || back != e {
			t.Fatalf("%q prints as %q, which gives %#v (%v)", text, e, back, err)
		}
	})
}
