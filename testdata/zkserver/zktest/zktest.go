// Package zktest gives tests a real ZooKeeper in one line. Only tests import it.
package zktest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver"
)

var shared struct {
	sync.Mutex
	dir    string
	server *zkserver.Server
	err    error
}

// Main runs the tests of a package, stops the shared server and fails when a
// goroutine is left. Call it from TestMain.
func Main(m *testing.M) {
	code := m.Run()
	stopShared()
	folders.Lock()
	for _, dir := range folders.made {
		_ = os.RemoveAll(dir)
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

var folders struct {
	sync.Mutex
	made []string
}

// Folder makes a folder for what several tests of a test binary share. Main removes it.
func Folder() (string, error) {
	dir, err := os.MkdirTemp("", "nodepool-tf-test-")
	folders.Lock()
	defer folders.Unlock()
	folders.made = append(folders.made, dir)
	return dir, err
}

// Shared returns the one plain server of this test binary and a chroot of the
// test's own. Tests that stop or wipe the server start their own.
func Shared(tb testing.TB) (srv *zkserver.Server, chroot string) {
	tb.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.dir, shared.err = os.MkdirTemp("", "zkserver")
		if shared.err == nil {
			shared.server, shared.err = zkserver.Start(context.Background(), shared.dir, zkserver.Options{})
		}
	}
	if shared.err != nil {
		tb.Fatal(shared.err)
	}
	return shared.server, "/" + strings.NewReplacer("/", "_", "#", "_").Replace(tb.Name())
}

func stopShared() {
	shared.Lock()
	defer shared.Unlock()
	if shared.server != nil {
		shared.server.Kill()
	}
	if shared.dir != "" {
		_ = os.RemoveAll(shared.dir)
	}
}

// Start runs a server of the test's own, stopped when the test ends.
func Start(tb testing.TB, opts zkserver.Options) *zkserver.Server {
	tb.Helper()
	srv, err := zkserver.Start(context.Background(), tb.TempDir(), opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(srv.Kill)
	return srv
}

// Connect opens a session that is closed when the test ends. o needs Servers.
func Connect(tb testing.TB, o session.Options) *session.Session {
	tb.Helper()
	s, err := session.Connect(context.Background(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

// Session connects to the shared server, in a chroot of the test's own.
func Session(tb testing.TB) *session.Session {
	tb.Helper()
	srv, chroot := Shared(tb)
	return Connect(tb, session.Options{Servers: []string{srv.Addr}, Chroot: chroot})
}

// Proxy stands between the caller and target until the test ends.
func Proxy(tb testing.TB, target string) *zkserver.Proxy {
	tb.Helper()
	p, err := zkserver.NewProxy(target)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.Close)
	return p
}
