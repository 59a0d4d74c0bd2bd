package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/squall-sim/squall/scenarios"
)

const root = "../.."

// documents are the pages whose blocks are tested.
func documents(t *testing.T) []string {
	t.Helper()
	docs, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(docs) == 0 {
		t.Fatalf("no pages in docs: %v", err)
	}
	studies, err := filepath.Glob(filepath.Join(root, "docs", "studies", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	docs = append(docs, studies...)
	for _, name := range []string{"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"} {
		docs = append(docs, filepath.Join(root, name))
	}
	return docs
}

// block is one fenced block of a page.
type block struct {
	language string
	line     int // of its first line, from 1
	text     string
}

// blocks cuts a page into its fenced blocks.
func blocks(t *testing.T, page string) []block {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var list []block
	var open *block
	for i, line := range strings.Split(string(data), "\n") {
		fence := strings.TrimSpace(line)
		switch {
		case open == nil && strings.HasPrefix(fence, "```"):
			open = &block{language: strings.TrimPrefix(fence, "```"), line: i + 2}
		case open != nil && fence == "```":
			list = append(list, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	if open != nil {
		t.Errorf("%s:%d: the block has no end", page, open.line)
	}
	return list
}

// TestDocumentedCommands runs every ```sh block of every page, line by line: the
// manual cannot rot. The blocks of a page share a directory, in which there is an
// access.log to import. A line may end in "# exits with N".
func TestDocumentedCommands(t *testing.T) {
	for _, page := range documents(t) {
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			copyFile(t, filepath.Join("testdata", "access.log"), filepath.Join(dir, "access.log"))
			writeTestProgram(t, dir)
			for _, b := range blocks(t, page) {
				if b.language != "sh" {
					continue
				}
				for i, line := range strings.Split(strings.TrimSuffix(b.text, "\n"), "\n") {
					testLine(t, dir, fmt.Sprintf("%s:%d", page, b.line+i), line)
				}
			}
		})
	}
}

var exitsWith = regexp.MustCompile(`\s*# exits with (\d+)$`)

// testLine runs one line of a ```sh block, or checks it where running it here
// makes no sense.
func testLine(t *testing.T, dir, place, line string) {
	t.Helper()
	want := 0
	if m := exitsWith.FindStringSubmatch(line); m != nil {
		want, _ = strconv.Atoi(m[1])
		line = strings.TrimSuffix(line, m[0])
	}
	line, _, _ = strings.Cut(line, " # ")
	line = strings.TrimSpace(line)
	switch word, _, _ := strings.Cut(line, " "); {
	case line == "" || strings.HasPrefix(line, "#"):
	case strings.HasPrefix(line, "go run ./cmd/simulate") || word == "simulate":
		runLine(t, dir, place, strings.ReplaceAll(line, "go run ./cmd/simulate", "simulate"), want)
	case strings.HasPrefix(line, "go test "):
		checkGoTest(t, place, strings.Fields(line)[2:])
	case line == ".ci/run":
		if info, err := os.Stat(filepath.Join(root, line)); err != nil || info.Mode()&0o111 == 0 {
			t.Errorf("%s: %s is no program: %v", place, line, err)
		}
	case word == "make":
		checkMake(t, place, strings.Fields(line)[1:])
	case line == "go vet ./..." || line == "gofmt -l .":
	case line == "go install github.com/squall-sim/squall/cmd/simulate@latest":
	case line == "git clone https://github.com/squall-sim/squall && cd squall":
	default:
		t.Errorf("%s: no test knows the command %q", place, line)
	}
}

// runLine runs a line with the shell; the test binary is simulate.
func runLine(t *testing.T, dir, place, line string, want int) {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh to run the documents' blocks with")
	}
	if strings.HasPrefix(line, "simulate serve ") {
		line = untilReady(line)
	}
	cmd := exec.Command(sh, "-c", line)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatalf("%s: %s: %v", place, line, err)
	}
	got := cmd.ProcessState.ExitCode()
	if got == exitFailed && (strings.HasPrefix(line, "simulate verify ") || strings.Contains(line, " --mode live")) {
		return // what was played in real time may be late, where the machine has others to serve: it ran, and told
	}
	if got != want {
		t.Errorf("%s: %s: exit code %d, want %d\n%s", place, line, got, want, out)
	}
}

// checkGoTest checks a go test command without running it, which would run this
// test again: its packages must be there, and hold what its patterns name.
func checkGoTest(t *testing.T, place string, args []string) {
	t.Helper()
	patterns := map[string]string{"-run": "Test", "-fuzz": "Fuzz", "-bench": "Benchmark"}
	var names []string
	var packages []string
	for i := 0; i < len(args); i++ {
		flag, value, joined := strings.Cut(args[i], "=")
		switch kind, ok := patterns[flag]; {
		case ok:
			if !joined && i+1 < len(args) {
				i++
				value = args[i]
			}
			value = strings.Trim(value, "'^$")
			if value != "." && value != "" && !strings.HasPrefix(value, kind) {
				t.Errorf("%s: %s %s names no %s", place, flag, value, kind)
			} else if value != "." && value != "" {
				names = append(names, value)
			}
		case strings.HasPrefix(args[i], "./"):
			packages = append(packages, args[i])
		case strings.HasPrefix(args[i], "-"):
		default:
			t.Errorf("%s: no test knows the argument %q", place, args[i])
		}
	}
	if len(packages) == 0 {
		t.Errorf("%s: go test names no package", place)
	}
	source := ""
	for _, p := range packages {
		p = strings.TrimSuffix(p, "/...")
		if info, err := os.Stat(filepath.Join(root, p)); err != nil || !info.IsDir() {
			t.Errorf("%s: there is no package %s", place, p)
		}
		files, _ := filepath.Glob(filepath.Join(root, p, "*_test.go"))
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			source += string(data)
		}
	}
	for _, name := range names {
		if !strings.Contains(source, "func "+name) {
			t.Errorf("%s: no function %s in %v", place, name, packages)
		}
	}
}

// checkMake demands that the Makefile has the targets, which may take minutes.
func checkMake(t *testing.T, place string, targets []string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range targets {
		if !strings.Contains("\n"+string(data), "\n"+target+":") {
			t.Errorf("%s: the Makefile has no target %q", place, target)
		}
	}
	if len(targets) == 0 {
		t.Errorf("%s: make names no target", place)
	}
}

// TestDocumentedCode demands that every ```go block is a part of an example that
// the compiler and go test have seen.
func TestDocumentedCode(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "docs", "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples in docs: %v", err)
	}
	examples := ""
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		examples += flatten(string(data))
	}
	for _, page := range documents(t) {
		for _, b := range blocks(t, page) {
			if b.language == "go" && !strings.Contains(examples, flatten(b.text)) {
				t.Errorf("%s:%d: the code is in no example of docs", page, b.line)
			}
		}
	}
}

// flatten drops the indentation, which differs between a page and its example,
// and empty lines.
func flatten(code string) string {
	var b strings.Builder
	for _, line := range strings.Split(code, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// fragmentBase is what a ```yaml block that shows a part of a scenario is tried
// in: its parts replace these.
const fragmentBase = `scenario: fragment
backend: {kind: s3, latency: {dist: fixed, value: 10ms}}
load: {model: open, rate: 1/s, mix: [{op: PutObject, key: a, size: 1KiB}, {op: GetObject, key: a, size: 1KiB}]}
phases: [{label: burst, for: 1s}]
policies: {shipped: {retry: s3}}
`

var section = regexp.MustCompile(`(?m)^[a-z]+:`)

// sections cuts a scenario's text at its top-level keys.
func sections(text string) (keys []string, parts map[string]string) {
	parts = make(map[string]string)
	at := section.FindAllStringIndex(text, -1)
	for i, span := range at {
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		key := text[span[0]:span[1]]
		keys = append(keys, key)
		parts[key] = text[span[0]:end]
	}
	return keys, parts
}

// TestDocumentedScenarios parses every ```yaml block of every page: whole ones
// as they are, and they must pass; parts within a small scenario.
func TestDocumentedScenarios(t *testing.T) {
	for _, page := range documents(t) {
		for _, b := range blocks(t, page) {
			if b.language != "yaml" {
				continue
			}
			text := b.text
			whole := strings.Contains(text, "scenario:")
			if !whole {
				keys, parts := sections(fragmentBase)
				more, replaced := sections(text)
				text = ""
				for _, k := range keys {
					if _, ok := replaced[k]; !ok {
						text += parts[k]
					}
				}
				for _, k := range more {
					text += replaced[k]
				}
			}
			sc, err := scenarios.Parse("block.yaml", []byte(text))
			if err != nil {
				t.Errorf("%s:%d: %v", page, b.line, err)
				continue
			}
			if !whole || sc.ServedOnly() {
				continue
			}
			record, err := scenarios.Run(context.Background(), sc, scenarios.Options{Seed: defaultSeed})
			if err != nil {
				t.Errorf("%s:%d: %v", page, b.line, err)
			} else if record.Failed() {
				t.Errorf("%s:%d: the scenario fails: %+v %+v", page, b.line, record.Thresholds, record.Warnings)
			}
		}
	}
}

// TestMetricsDocumented demands a row for every metric in the scenario file's
// reference, in the words of the program.
func TestMetricsDocumented(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "docs", "scenarios.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range scenarios.Metrics() {
		if !regexp.MustCompile("(?m)^\\| `" + m.Name + "` \\| .* \\| " + regexp.QuoteMeta(m.About) + " \\|$").Match(data) {
			t.Errorf("docs/scenarios.md has no row for %s: %q", m.Name, m.About)
		}
	}
}

// TestNamesDocumented demands the operations in the scenario file's reference:
// all that the program knows, in its order.
func TestNamesDocumented(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "docs", "scenarios.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := strings.Join(strings.Fields(string(data)), " ")
	for _, kind := range []scenarios.Kind{scenarios.KindS3, scenarios.KindHTTP} {
		ops := scenarios.Operations(kind)
		for i, op := range ops {
			ops[i] = "`" + op + "`"
		}
		last := len(ops) - 1
		if list := strings.Join(ops[:last], ", ") + " and " + ops[last]; !strings.Contains(page, list) {
			t.Errorf("docs/scenarios.md does not list the operations of %s as %s", kind, list)
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)|src="([^"]+)"`)

// TestLinks demands that what a page links to within the repository is there.
func TestLinks(t *testing.T) {
	for _, page := range documents(t) {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(data), -1) {
			target := m[1] + m[2]
			if strings.Contains(target, "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), target)); err != nil {
				t.Errorf("%s links to %s, which is not there", page, target)
			}
		}
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o666); err != nil {
		t.Fatal(err)
	}
}
