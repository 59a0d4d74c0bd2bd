package redisstore

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// requireRedis is the environment variable that makes a missing redis-server a failure.
const requireRedis = "SQUALL_REQUIRE_REDIS"

// server is a real redis-server, which listens on a socket in a directory of its own, or
// on a free port of the loopback interface.
type server struct {
	tb      testing.TB
	network string
	addr    string
	args    []string
	cmd     *exec.Cmd
	gone    chan struct{} // closed when it has ended
}

// aof makes a server keep its data when it is killed.
var aof = []string{"--appendonly", "yes", "--appendfsync", "always"}

func startServer(tb testing.TB, args ...string) *server {
	tb.Helper()
	dir := serverDir(tb)
	s := &server{tb: tb, network: "unix", addr: filepath.Join(dir, "redis.sock")}
	s.args = append([]string{"--port", "0", "--unixsocket", s.addr, "--dir", dir}, args...)
	s.start()
	return s
}

// startPortServer is startServer on a port: a cluster tells its clients no sockets.
func startPortServer(tb testing.TB, args ...string) *server {
	tb.Helper()
	dir := serverDir(tb)
	// Somebody else may take a port before the server does; that is rare.
	port, bus := freePort(tb), freePort(tb)
	s := &server{tb: tb, network: "tcp", addr: net.JoinHostPort("127.0.0.1", port)}
	s.args = append([]string{"--bind", "127.0.0.1", "--port", port, "--cluster-port", bus, "--dir", dir}, args...)
	s.start()
	return s
}

// serverDir is a directory with a short name, since that of a socket may have no more
// than 100 bytes; or the end of the test, if there is no server to be run.
func serverDir(tb testing.TB) string {
	tb.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv(requireRedis) != "" {
			tb.Fatalf("%s is set, but there is no redis-server: %v", requireRedis, err)
		}
		tb.Skip("needs a redis-server: on Debian, apt-get install redis-server")
	}
	dir, err := os.MkdirTemp("", "redisstore")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func freePort(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// start runs the server and returns when it accepts connections. It is killed when the
// test ends.
func (s *server) start() {
	s.tb.Helper()
	s.cmd = exec.Command("redis-server", append(s.args, "--save", "", "--logfile", "", "--daemonize", "no")...)
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		s.tb.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.tb.Fatal(err)
	}
	off := guard(s.tb, s.cmd.Process.Pid)
	cmd, gone, ready := s.cmd, make(chan struct{}), make(chan struct{})
	var log strings.Builder // to be read when gone is closed
	go func() {
		defer close(gone)
		told := false
		for lines := bufio.NewScanner(out); lines.Scan(); {
			fmt.Fprintln(&log, lines.Text())
			if !told && strings.Contains(strings.ToLower(lines.Text()), "ready to accept connections") {
				told = true
				close(ready)
			}
		}
		_ = cmd.Wait()
		off()
	}()
	s.gone = gone
	s.tb.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-gone
	})
	select {
	case <-ready:
	case <-gone:
		s.tb.Fatalf("redis-server ended at once:\n%s", log.String())
	case <-time.After(patience):
		s.tb.Fatal("redis-server does not accept connections")
	}
}

// guard has a shell kill the server should this process be gone before it, as after a
// panic or a timeout of go test: then the shell's input ends. The function that it
// returns calls it off.
func guard(tb testing.TB, pid int) (off func()) {
	tb.Helper()
	shell, err := exec.LookPath("sh")
	if err != nil {
		return func() {}
	}
	cmd := exec.Command(shell, "-c", fmt.Sprintf("read -r _; kill -9 %d", pid))
	in, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	return func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = in.Close()
	}
}

// kill is kill -9. It returns when the process is gone.
func (s *server) kill() {
	s.tb.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		s.tb.Fatal(err)
	}
	<-s.gone
}

// options are those that the package's documentation recommends.
func (s *server) options() *redis.Options {
	return &redis.Options{
		Network:               s.network,
		Addr:                  s.addr,
		DialTimeout:           500 * time.Millisecond,
		DialerRetries:         1,
		ReadTimeout:           500 * time.Millisecond,
		WriteTimeout:          500 * time.Millisecond,
		MaxRetries:            -1,
		ContextTimeoutEnabled: true,
	}
}

func (s *server) client(edit ...func(*redis.Options)) *redis.Client {
	o := s.options()
	for _, f := range edit {
		f(o)
	}
	c := redis.NewClient(o)
	s.tb.Cleanup(func() { _ = c.Close() })
	return c
}

func newStore(tb testing.TB, client redis.Scripter) *Store {
	tb.Helper()
	s, err := New(client, Config{})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// within is a context for what must not take long.
func within(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	tb.Cleanup(cancel)
	return ctx
}
