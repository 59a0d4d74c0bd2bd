package figures_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/squall-sim/squall/reports"
	"github.com/squall-sim/squall/reports/figures"
	"github.com/squall-sim/squall/reports/internal/samples"
)

// svgOf draws one figure and returns its bytes and all texts in it.
func svgOf(t *testing.T, name string, run *reports.Run, opt figures.Options) ([]byte, []string) {
	t.Helper()
	var b bytes.Buffer
	if err := figures.WriteSVG(&b, name, run, opt); err != nil {
		t.Fatal(err)
	}
	var texts []string
	inText := false
	for d := xml.NewDecoder(bytes.NewReader(b.Bytes())); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return b.Bytes(), texts
		}
		if err != nil {
			t.Fatalf("%s: not XML: %v", name, err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			inText = token.Name.Local == "text"
		case xml.EndElement:
			inText = false
		case xml.CharData:
			if inText {
				texts = append(texts, string(token))
			}
		}
	}
}

// sound fails the test if a figure has no number where one belongs, is larger
// than a page should load, or draws outside of itself.
func sound(t *testing.T, name string, svg []byte) {
	t.Helper()
	for _, bad := range []string{"NaN", "Inf", "e+", "nan,"} {
		if i := bytes.Index(svg, []byte(bad)); i >= 0 {
			t.Errorf("%s: has %q: …%s…", name, bad, svg[max(i-60, 0):min(i+20, len(svg))])
		}
	}
	if len(svg) > 300_000 {
		t.Errorf("%s: has %d bytes", name, len(svg))
	}
	box := regexp.MustCompile(`viewBox="0 0 (\S+) (\S+)"`).FindSubmatch(svg)
	var w, h float64
	if _, err := fmt.Sscan(string(box[1])+" "+string(box[2]), &w, &h); err != nil {
		t.Fatal(err)
	}
	for _, d := range regexp.MustCompile(` d="([^"]*)"`).FindAllSubmatch(svg, -1) {
		for _, p := range strings.FieldsFunc(string(d[1]), func(r rune) bool { return strings.ContainsRune("MLZ", r) }) {
			var x, y float64
			if _, err := fmt.Sscanf(p, "%g,%g", &x, &y); err != nil {
				t.Fatalf("%s: %q: %v", name, p, err)
			}
			if x < -0.5 || x > w+0.5 || y < -0.5 || y > h+0.5 {
				t.Fatalf("%s: draws at (%v, %v), outside of %v × %v", name, x, y, w, h)
			}
		}
	}
}

func TestStructure(t *testing.T) {
	for sample, run := range gallery() {
		for _, name := range figures.Names {
			svg, texts := svgOf(t, name, run, figures.Options{})
			sound(t, sample+"/"+name, svg)
			for _, p := range run.Policies {
				if !slices.Contains(texts, p.Name) {
					t.Errorf("%s/%s: policy %s is not named", sample, name, p.Name)
				}
			}
			for _, ph := range run.Phases {
				if !slices.Contains(texts, ph.Label) {
					t.Errorf("%s/%s: phase %s is not labelled: %q", sample, name, ph.Label, texts)
				}
				for _, f := range ph.Faults {
					if !slices.Contains(texts, f) {
						t.Errorf("%s/%s: fault %s is not shown: %q", sample, name, f, texts)
					}
				}
			}
		}
	}
}

func TestDeterminism(t *testing.T) {
	for sample, run := range gallery() {
		for _, name := range figures.Names {
			first, _ := svgOf(t, name, run, figures.Options{})
			procs := runtime.GOMAXPROCS(1)
			second, _ := svgOf(t, name, run, figures.Options{})
			runtime.GOMAXPROCS(procs)
			if !bytes.Equal(first, second) {
				t.Errorf("%s/%s: two drawings differ", sample, name)
			}
		}
	}
}

func TestPoliciesWithoutBreakerSaySo(t *testing.T) {
	_, texts := svgOf(t, "breaker", samples.Burst(), figures.Options{})
	n := 0
	for _, s := range texts {
		if s == "no circuit breaker" {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d policies say that they have no breaker, want 2: %q", n, texts)
	}
}

func TestMaxPolicies(t *testing.T) {
	run := crowd(20, 300)
	for _, tt := range []struct {
		most, drawn int
		note        string
	}{
		{0, 12, "8 of 20 policies not drawn: policy-12, policy-13, policy-14, policy-15, policy-16, policy-17, …"},
		{3, 3, "17 of 20 policies not drawn: policy-3, policy-4, policy-5, policy-6, policy-7, policy-8, …"},
		{-1, 20, ""},
	} {
		svg, texts := svgOf(t, "load", run, figures.Options{MaxPolicies: tt.most})
		if tt.most >= 0 {
			sound(t, "crowd", svg)
		}
		drawn := 0
		for _, s := range texts {
			if strings.HasPrefix(s, "policy-") {
				drawn++
			}
		}
		if drawn != tt.drawn {
			t.Errorf("most %d: %d policies drawn, want %d", tt.most, drawn, tt.drawn)
		}
		if tt.note != "" && !slices.Contains(texts, tt.note) {
			t.Errorf("most %d: no note %q in %q", tt.most, tt.note, texts)
		}
	}
}

func TestGapsWhereThereIsNoData(t *testing.T) {
	run := samples.Burst()
	run.Policies = run.Policies[2:]
	s := &run.Policies[0].Series
	moves := func() int {
		svg, _ := svgOf(t, "latency", run, figures.Options{})
		line := regexp.MustCompile(`d="([^"]*)" style="[^"]*stroke:#0072B2[^"]*stroke-width:1.4`).FindAllSubmatch(svg, -1)
		if len(line) != 2 { // in the legend and in the plot
			t.Fatalf("%d lines for p50, want 2", len(line))
		}
		return bytes.Count(line[1][1], []byte("M"))
	}
	if n := moves(); n != 1 {
		t.Errorf("without gaps the line has %d parts, want 1", n)
	}
	for i := 40; i < 50; i++ {
		s.Calls[i] = 0
		s.CallP50NS[i], s.CallP99NS[i], s.CallMaxNS[i] = 0, 0, 0
	}
	if n := moves(); n != 2 {
		t.Errorf("with one gap the line has %d parts, want 2", n)
	}
}

func TestCloseUp(t *testing.T) {
	_, texts := svgOf(t, "load", samples.FourDays(), figures.Options{})
	if want := "close-up: time since outage began (min)"; !slices.Contains(texts, want) {
		t.Errorf("no %q in %q", want, texts)
	}
	_, texts = svgOf(t, "load", samples.Burst(), figures.Options{})
	for _, s := range texts {
		if strings.Contains(s, "close-up") {
			t.Errorf("a burst of a fifth of the run is enlarged: %q", s)
		}
	}
}

func TestBinsHaveRoundLengths(t *testing.T) {
	_, texts := svgOf(t, "load", samples.FourDays(), figures.Options{})
	if want := "each point covers 20m, in the close-up 2m"; !slices.Contains(texts, want) {
		t.Errorf("no %q in %q", want, texts)
	}
}

// Of a thousand breakers, one that is open must be seen.
func TestSmallSharesOfBreakersAreEnlarged(t *testing.T) {
	run := samples.One()
	_, texts := svgOf(t, "breaker", run, figures.Options{})
	if !slices.Contains(texts, "100%") {
		t.Errorf("no 100%% on the axis of one breaker: %q", texts)
	}
	run.Policies[0].Breakers.Count = 1000
	_, texts = svgOf(t, "breaker", run, figures.Options{})
	if slices.Contains(texts, "100%") || !slices.Contains(texts, "0.1%") {
		t.Errorf("no small shares on the axis of a thousand breakers: %q", texts)
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	files, err := figures.Write(dir, samples.One(), figures.Options{PNG: true})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, name := range figures.Names {
		want = append(want, filepath.Join(dir, name+".svg"), filepath.Join(dir, name+".png"))
	}
	if !slices.Equal(files, want) {
		t.Errorf("wrote %q, want %q", files, want)
	}
	f, err := os.Open(filepath.Join(dir, "load.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	config, err := png.DecodeConfig(f)
	if err != nil || config.Width != 1600 {
		t.Errorf("the PNG is %d wide (%v), want 1600", config.Width, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != len(want) {
		t.Errorf("%d files are left (%v), want %d", len(entries), err, len(want))
	}
}

func TestErrors(t *testing.T) {
	files, err := figures.Write(filepath.Join(t.TempDir(), "missing"), samples.One(), figures.Options{})
	if !errors.Is(err, os.ErrNotExist) || len(files) != 0 {
		t.Errorf("missing directory: wrote %q, %v", files, err)
	}
	if err := figures.WriteSVG(io.Discard, "pie", samples.One(), figures.Options{}); err == nil || !strings.Contains(err.Error(), `"latency"`) {
		t.Errorf("unknown figure: %v", err)
	}
	broken := errors.New("broken pipe")
	for _, write := range []func(io.Writer, string, *reports.Run, figures.Options) error{figures.WriteSVG, figures.WritePNG} {
		if err := write(failing{broken}, "load", samples.One(), figures.Options{}); !errors.Is(err, broken) {
			t.Errorf("failing writer: %v", err)
		}
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// crowd is many policies with noise in every outcome.
func crowd(policies, buckets int) *reports.Run {
	run := samples.Burst()
	p := run.Policies[0]
	run.Policies = nil
	run.DurationNS = int64(buckets) * int64(time.Second)
	for i := range policies {
		p.Name = fmt.Sprintf("policy-%d", i)
		p.Series = noisy(buckets, uint64(i))
		run.Policies = append(run.Policies, p)
	}
	return run
}

// noisy is a series in which every line jumps in every bucket.
func noisy(n int, seed uint64) reports.Series {
	next := func() uint64 {
		seed = seed*6364136223846793005 + 1442695040888963407
		return seed >> 40
	}
	s := reports.Series{BucketNS: int64(time.Second)}
	for range n {
		s.Calls = append(s.Calls, 1+next()%1000)
		s.Succeeded = append(s.Succeeded, 0)
		s.Rejected = append(s.Rejected, 0)
		s.CallAttempts = append(s.CallAttempts, next()%9000)
		s.CallAttemptMax = append(s.CallAttemptMax, next()%10)
		p50 := int64(next() * 1000)
		s.CallP50NS = append(s.CallP50NS, p50)
		s.CallP99NS = append(s.CallP99NS, p50*3)
		s.CallMaxNS = append(s.CallMaxNS, p50*9)
		s.BreakerOpenNS = append(s.BreakerOpenNS, int64(next()%50)*int64(time.Second))
		s.BreakerHalfOpenNS = append(s.BreakerHalfOpenNS, int64(next()%2)*int64(time.Second))
	}
	for range reports.Outcomes {
		var of []uint64
		for range n {
			of = append(of, next()%500)
		}
		s.Attempts = append(s.Attempts, of)
	}
	return s
}

func TestExtremes(t *testing.T) {
	for name, run := range extremes() {
		for _, figure := range figures.Names {
			svg, _ := svgOf(t, figure, run, figures.Options{})
			sound(t, name+"/"+figure, svg)
		}
	}
}

// extremes are runs that are unusual, damaged, or both.
func extremes() map[string]*reports.Run {
	one := samples.One()
	one.Policies[0].Series = noisy(1, 1)
	one.Phases, one.DurationNS = samples.Phases("all", time.Second, "SlowDown"), int64(time.Second)

	idle := samples.Burst()
	idle.Policies[1] = reports.Policy{Name: "idle", Breakers: reports.Breakers{Count: 3}}

	short := samples.Burst() // as a record that was cut and edited
	s := &short.Policies[0].Series
	s.CallP50NS, s.CallAttempts, s.Attempts, s.BreakerOpenNS = s.CallP50NS[:3], nil, s.Attempts[:2], s.BreakerOpenNS[:9]
	s.Attempts[1] = s.Attempts[1][:5]
	s.CallMaxNS[7] = -5
	short.Policies[1].Series.BucketNS = 0
	short.Policies[2].Series.BucketNS = -1

	wide := samples.Burst()
	w := &wide.Policies[0].Series
	w.CallP50NS[3], w.CallMaxNS[4], w.CallAttemptMax[5], w.CallAttempts[5] = 1, math.MaxInt64, math.MaxUint64, math.MaxUint64
	w.Calls[6], w.Attempts[2][6] = math.MaxUint64, math.MaxUint64

	eternal := samples.Burst()
	eternal.DurationNS = math.MaxInt64
	eternal.Phases = []reports.Phase{{Label: "ever", EndNS: math.MaxInt64}}
	backwards := samples.Burst()
	backwards.DurationNS = -1
	backwards.Phases = []reports.Phase{{Label: "b", StartNS: 9e9, EndNS: 2e9, Faults: []string{"x"}}, {Label: "c", StartNS: -9e9, EndNS: -2e9}}

	var many []any
	for i := range 200 {
		many = append(many, fmt.Sprintf("phase-%d", i), time.Second, strings.Repeat("x", i%2))
	}
	phases := samples.Burst()
	phases.Phases, phases.DurationNS = samples.Phases(many...), int64(200*time.Second)

	hostile := samples.Burst()
	hostile.Scenario = "<script>alert(1)</script>\x00\x1b[31m\xff"
	hostile.Policies[0].Name = `"/><image href="x"/>` + strings.Repeat("long ", 100)
	hostile.Phases[1].Label = strings.Repeat("界", 300)
	hostile.Phases[1].Faults = []string{strings.Repeat("fault ", 300)}

	flat := samples.Burst()
	for i := range flat.Policies {
		clear(flat.Policies[i].Series.CallP50NS)
		clear(flat.Policies[i].Series.CallP99NS)
		clear(flat.Policies[i].Series.CallMaxNS)
	}
	return map[string]*reports.Run{
		"one bucket": one, "idle policy": idle, "damaged": short, "dynamic range": wide, "eternal": eternal,
		"backwards": backwards, "200 phases": phases, "hostile": hostile, "all zero": flat,
		"crowd": crowd(12, 900), "eight": crowd(8, 400), "day of seconds": crowd(2, 86_400),
	}
}

func BenchmarkWriteSVG(b *testing.B) {
	run := samples.FourDays()
	for b.Loop() {
		for _, name := range figures.Names {
			if err := figures.WriteSVG(io.Discard, name, run, figures.Options{}); err != nil {
				b.Fatal(err)
			}
		}
	}
}
