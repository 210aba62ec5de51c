package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// TestSupervisor: systemd is told when the launcher is ready, reloads and stops, and what the launcher starts does not know
// of it.
func TestSupervisor(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notify")
	systemd, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: path})
	if err != nil {
		t.Fatal(err)
	}
	defer systemd.Close()
	if err := systemd.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	told := func(want string) {
		t.Helper()
		buf := make([]byte, 4096)
		n, err := systemd.Read(buf)
		if got := string(buf[:n]); err != nil || !strings.HasPrefix(got+"\n", want+"\n") {
			t.Fatalf("told %q, want %s: %v", got, want, err)
		}
	}
	r := newRig(t, gatedConfig, func(o *rig.Options) { o.Env = append(o.Env, "NOTIFY_SOCKET="+path) })
	r.connect()
	r.start()
	told("READY=1")
	if len(r.pools()) == 0 {
		t.Error("ready without a pool")
	}
	for range 2 {
		if err := r.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		told("RELOADING=1")
		told("READY=1")
	}
	id := r.submit("gated")
	r.began(1)
	for _, pid := range r.Workers() {
		if env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid)); err != nil || bytes.Contains(env, []byte("NOTIFY_SOCKET=")) {
			t.Errorf("a worker knows the supervisor: %v", err)
		}
	}
	r.gate("open")
	r.use(r.wait(id, record.RequestFulfilled))
	r.empty()
	if err := r.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	told("STOPPING=1")
	if err := r.Rig.Wait(r.ctx); err != nil {
		t.Error(err)
	}
}
