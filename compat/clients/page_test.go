//go:build unix

package clients

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the tables of docs/clients.md; every client must be here")

const (
	page  = "../../docs/clients.md"
	begin = "<!-- made by go test ./clients -update, in compat -->\n"
	end   = "<!-- end -->"
)

// cells has what every client made of every fault, by "client, version", operation and
// effect.
type cells map[string]map[string]string

// checkPage compares what was played with the page, or writes it.
func checkPage(t *testing.T, played map[string][]*job) {
	got := make(cells)
	for _, c := range clients {
		if jobs, ok := played[c.name]; ok {
			got[c.name] = make(map[string]string)
			for _, j := range jobs {
				got[c.name][j.row.op+" "+j.row.effect] = j.cell()
			}
		}
	}
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), begin)
	old, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no place for the tables", page)
	}
	if *update {
		if len(got) != len(clients) {
			t.Fatalf("only %d of %d clients are here", len(got), len(clients))
		}
		if err := os.WriteFile(page, []byte(before+begin+tables(t, got)+end+after), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want := readTables(old)
	for _, c := range clients {
		compare(t, c, got[c.name], want)
	}
}

// compare holds one client against the page, if it is the version that the page is
// about.
func compare(t *testing.T, c client, got map[string]string, want cells) {
	if got == nil {
		return
	}
	version, err := c.version()
	if err != nil {
		t.Fatal(err)
	}
	column, ok := want[c.name+" "+version]
	if !ok {
		t.Logf("%s has no column for %s %s, which is here: not compared", page, c.name, version)
		return
	}
	for _, r := range rows {
		key := r.op + " " + r.effect
		if g, w := got[key], column[key]; g != w {
			t.Errorf("%s, %s: %q, and %s has %q; go test ./clients -run Table -update rewrites it", c.name, key, g, page, w)
		}
	}
}

// tables writes one for each operation; those that only libraries have share one.
func tables(t *testing.T, got cells) string {
	var b strings.Builder
	b.WriteString("\n| client | version |\n|---|---|\n")
	for _, c := range clients {
		version, err := c.version()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "| %s | %s |\n", c.name, version)
	}
	ops := []string{"PutObject", "GetObject"}
	for _, op := range ops {
		writeTable(&b, op, clients, got, func(r row) bool { return r.op == op })
	}
	libraries := slices.DeleteFunc(slices.Clone(clients), func(c client) bool { return !slices.Contains(c.ops, "HeadObject") })
	writeTable(&b, "the rest", libraries, got, func(r row) bool { return !slices.Contains(ops, r.op) })
	return b.String() + "\n"
}

func writeTable(b *strings.Builder, title string, columns []client, got cells, in func(row) bool) {
	fmt.Fprintf(b, "\n| %s |", title)
	for _, c := range columns {
		fmt.Fprintf(b, " %s |", c.name)
	}
	fmt.Fprintf(b, "\n|---|%s\n", strings.Repeat("---|", len(columns)))
	for _, r := range rows {
		if !in(r) {
			continue
		}
		label := "`" + r.effect + "`"
		if title == "the rest" {
			label = r.op + ", " + label
		}
		fmt.Fprintf(b, "| %s |", label)
		for _, c := range columns {
			cell := got[c.name][r.op+" "+r.effect]
			if cell == "" {
				cell = "–"
			}
			fmt.Fprintf(b, " %s |", cell)
		}
		b.WriteString("\n")
	}
}

// readTables reads what tables wrote.
func readTables(text string) cells {
	versions := make(map[string]string)
	out := make(cells)
	var head []string
	for _, line := range strings.Split(text, "\n") {
		f := strings.Split(strings.Trim(line, "| "), " | ")
		switch {
		case strings.HasPrefix(line, "|---"):
		case len(f) < 2:
			head = nil
		case head == nil:
			head = f
		case head[0] == "client":
			versions[f[0]] = f[1]
			out[f[0]+" "+f[1]] = make(map[string]string)
		default:
			key := strings.ReplaceAll(strings.ReplaceAll(f[0], "`", ""), ",", "")
			if head[0] != "the rest" {
				key = head[0] + " " + key
			}
			for i, name := range head[1:] {
				if cell := f[i+1]; cell != "–" {
					out[name+" "+versions[name]][key] = cell
				}
			}
		}
	}
	return out
}

// TestPageIsRead: the page has a cell for every fault that a client plays. It needs no
// client: a page that is read wrong would compare nothing.
func TestPageIsRead(t *testing.T) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	read := readTables(string(data))
	for _, c := range clients {
		found := false
		for name, column := range read {
			if !strings.HasPrefix(name, c.name+" ") || len(column) == 0 {
				continue
			}
			found = true
			for _, j := range c.jobs() {
				if column[j.row.op+" "+j.row.effect] == "" {
					t.Errorf("%s has no cell for %s, %s, %s", page, c.name, j.row.op, j.row.effect)
				}
			}
			if len(column) != len(c.jobs()) {
				t.Errorf("%s has %d cells for %s, want %d", page, len(column), c.name, len(c.jobs()))
			}
		}
		if !found {
			t.Errorf("%s has no column for %s", page, c.name)
		}
	}
}
