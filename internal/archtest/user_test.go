package archtest

import (
	"bufio"
	"bytes"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const userMain = `package main

import (
%s)

func main() {}
`

// TestCoreUsersGetTheCoreOnly makes a module that imports the core alone, lets
// the go command tidy it, and looks at what it had to know about: what a user's
// go.sum lists, a user's security review has to look at.
func TestCoreUsersGetTheCoreOnly(t *testing.T) {
	m := thisModule(t)
	var imports strings.Builder
	for _, p := range m.Packages {
		if matches(p.Path, coreTrees) && !matches(p.Path, Adapters) && !strings.Contains(p.Path, "internal") {
			fmt.Fprintf(&imports, "\t_ %q\n", m.Path+"/"+p.Path)
		}
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.go"), fmt.Sprintf(userMain, imports.String()))
	write(t, filepath.Join(dir, "go.mod"), fmt.Sprintf("module example.org/user\n\ngo 1.25.0\n\nrequire %s v0.0.0\n\nreplace %s => %s\n", m.Path, m.Path, m.Dir))
	env := userEnv(t)
	if out, err := userGo(dir, env, "mod", "tidy"); err != nil {
		engine := "github.com/sony/gobreaker/v2"
		if probe, offline := userGo(dir, env, "list", "-m", "-versions", engine); offline != nil {
			t.Skipf("what a core user's go.sum has cannot be found out: the module cache lacks something and no proxy can be reached (%v)\n%s\n%s", offline, out, probe)
		}
		t.Fatalf("go mod tidy: %v\n%s", err, out)
	}
	if out, err := userGo(dir, env, "build", "-o", os.DevNull, "."); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for _, module := range summed(t, dir) {
		if !slices.Contains(CoreUsers, module) {
			t.Errorf("a module that imports retry and breaker only has %s in its go.sum (users of the core take on nothing but its engine; tests inside retry and breaker count, as go mod tidy looks at them)", module)
		}
	}
}

// userEnv returns the environment of a user's go command: what is in the module
// cache need not be fetched, and checksums are compared where the cache was
// filled.
func userEnv(t *testing.T) []string {
	t.Helper()
	out, err := run(".", "env", "GOMODCACHE", "GOPROXY")
	if err != nil {
		t.Fatal(err)
	}
	cache, proxy, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	local := url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(cache, "cache", "download"))}
	return append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "GOSUMDB=off", "GOPROXY="+local.String()+","+proxy)
}

// userGo runs the go command in a user's module and returns all that it prints.
func userGo(dir string, env []string, args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = dir, env
	return cmd.CombinedOutput()
}

// summed returns the modules in a go.sum, which need not be there.
func summed(t *testing.T, dir string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "go.sum"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var modules []string
	for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan(); {
		if fields := strings.Fields(s.Text()); len(fields) > 0 {
			modules = append(modules, fields[0])
		}
	}
	return slices.Compact(modules)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
