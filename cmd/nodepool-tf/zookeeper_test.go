package main

import (
	"bytes"
	"context"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

func servers(addrs ...string) func(*rig.Options) {
	return func(o *rig.Options) { o.Servers = addrs }
}

// TestTLS serves a request over mutual TLS, below a chroot.
func TestTLS(t *testing.T) {
	t.Parallel()
	certs, err := zkserver.NewCerts(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	srv := zktest.Start(t, zkserver.Options{TLS: certs})
	r := newRig(t, instantConfig, servers(srv.Addr), func(o *rig.Options) {
		o.TLS, o.Chroot = [3]string{certs.ClientCert, certs.ClientKey, certs.CA}, "/ci/zuul"
	}).start()
	r.use(r.wait(r.submit("small"), record.RequestFulfilled))
	r.empty()
	r.stop()
}

// TestCertificatesReplaced: a session ends while the files of the certificate are being replaced. The launcher goes on once
// they are there.
func TestCertificatesReplaced(t *testing.T) {
	t.Parallel()
	certs, err := zkserver.NewCerts(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	srv := zktest.Start(t, zkserver.Options{TLS: certs})
	proxy := zktest.Proxy(t, srv.Addr)
	files := func(o *rig.Options) { o.TLS = [3]string{certs.ClientCert, certs.ClientKey, certs.CA} }
	direct := newRig(t, instantConfig, servers(srv.Addr), files)
	direct.connect()
	r := newRig(t, instantConfig, servers(proxy.Addr), shortSession, files)
	r.Requestor, r.s = direct.Requestor, direct.s
	direct.Requestor = nil
	r.start()
	r.use(r.wait(r.submit("small"), record.RequestFulfilled))
	away := certs.ClientKey + ".new"
	if err := os.Rename(certs.ClientKey, away); err != nil {
		t.Fatal(err)
	}
	proxy.Cut()
	r.logged("no new ZooKeeper session")
	if err := os.Rename(away, certs.ClientKey); err != nil {
		t.Fatal(err)
	}
	proxy.Restore()
	r.use(r.wait(r.submit("small"), record.RequestFulfilled))
	r.empty()
	r.stop()
}

// TestZooKeeperDownAtStart: the launcher waits, says so, and can be stopped meanwhile.
func TestZooKeeperDownAtStart(t *testing.T) {
	t.Parallel()
	srv := zktest.Start(t, zkserver.Options{})
	srv.Stop()
	r := newRig(t, instantConfig, servers(srv.Addr))
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	r.logged(srv.Addr)
	if err := r.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := r.exited(); err != nil {
		t.Errorf("exit while waiting: %v", err)
	}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	if err := srv.Restart(r.ctx); err != nil {
		t.Fatal(err)
	}
	r.connect()
	r.use(r.wait(r.submit("small"), record.RequestFulfilled))
}

// TestZooKeeperAway stops the server in mid-launch, for less than the session's time: the launch goes on and is handed
// over once the server is back.
func TestZooKeeperAway(t *testing.T) {
	t.Parallel()
	srv := zktest.Start(t, zkserver.Options{})
	r := newRig(t, gatedConfig, servers(srv.Addr)).start()
	id := r.submit("gated")
	r.began(1)
	srv.Stop()
	r.gate("open")
	r.eventually("worker ends", func() bool { return len(r.Workers()) == 0 })
	if err := srv.Restart(r.ctx); err != nil {
		t.Fatal(err)
	}
	r.use(r.wait(id, record.RequestFulfilled))
	r.empty()
	if n := r.books(); n["create"] != 1 || n["destroy"] != 1 {
		t.Errorf("books: %v", n)
	}
}

// TestSessionExpires cuts the launcher's line until its session has expired, in mid-apply. It starts afresh, takes
// its own launches up, and hands them over once.
func TestSessionExpires(t *testing.T) {
	t.Parallel()
	srv := zktest.Start(t, zkserver.Options{})
	proxy := zktest.Proxy(t, srv.Addr)
	r := newRig(t, gatedConfig, servers(proxy.Addr), shortSession)
	direct := newRig(t, gatedConfig, servers(srv.Addr))
	direct.connect()
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	r.Requestor, r.s = direct.Requestor, direct.s
	direct.Requestor = nil
	var ids []string
	for range 3 {
		ids = append(ids, r.submit("gated"))
	}
	r.began(3)
	proxy.Cut()
	r.logged("session ended")
	r.gate("open")
	proxy.Restore()
	for _, id := range ids {
		r.use(r.wait(id, record.RequestFulfilled))
	}
	r.empty()
	if n := r.books(); n["create"] != 3 || n["destroy"] != 3 {
		t.Errorf("books: %v", n)
	}
}

// TestZooKeeperAwayForLong stops the server until the launcher has given its session up. A server that is back keeps what
// belongs to old sessions for as long as one may last; when that goes, the launcher must not lose what it registered anew.
func TestZooKeeperAwayForLong(t *testing.T) {
	srv := zktest.Start(t, zkserver.Options{})
	r := newRig(t, instantConfig, servers(srv.Addr), shortSession).start()
	components := func() []string {
		names, _, err := r.s.Children(r.ctx, "/nodepool/components/pool")
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	r.use(r.wait(r.submit("small"), record.RequestFulfilled))
	r.empty()
	old := components()
	r.Requestor.Close()
	r.s.Close()
	srv.Stop()
	r.logged("session ended")
	if err := srv.Restart(r.ctx); err != nil {
		t.Fatal(err)
	}
	r.connect()
	r.eventually("the old session's component expires", func() bool {
		now := components()
		return len(now) == len(old) && !slices.Equal(now, old)
	})
	r.use(r.wait(r.submit("small"), record.RequestFulfilled))
	r.empty()
}

// TestLeaderKilled kills the leader of three servers in mid-launch.
func TestLeaderKilled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	e, err := zkserver.StartEnsemble(ctx, t.TempDir(), 3, zkserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Stop)
	r := newRig(t, gatedConfig, servers(e.Addrs()...)).start()
	var ids []string
	for range 3 {
		ids = append(ids, r.submit("gated"))
	}
	r.began(3)
	leader, err := e.Leader(ctx)
	if err != nil {
		t.Fatal(err)
	}
	e.Kill(leader)
	r.gate("open")
	for _, id := range ids {
		req := r.wait(id, record.RequestFulfilled)
		r.eventually("nodes given back", func() bool {
			held, err := r.Accept(r.ctx, req)
			return err == nil && r.Set(r.ctx, held, record.NodeInUse) == nil && r.Return(r.ctx, held) == nil
		})
	}
	r.empty()
	if n := r.books(); n["create"] != 3 || n["destroy"] != 3 {
		t.Errorf("books: %v", n)
	}
}

// TestRecordsEditedByHand changes and deletes records under the launcher's hands.
func TestRecordsEditedByHand(t *testing.T) {
	t.Parallel()
	r := newRig(t, gatedConfig).start()
	node := func() *record.Node {
		t.Helper()
		var found *record.Node
		r.eventually("a node is being built", func() bool {
			for _, n := range r.Nodes() {
				if n.State == record.NodeBuilding {
					found = n.Clone()
				}
			}
			return found != nil
		})
		return found
	}
	t.Run("comment added", func(t *testing.T) {
		id := r.submit("gated")
		n := node()
		n.Comment = "seen by hand"
		data := append(bytes.TrimSuffix(n.Encode(), []byte("}")), `, "of_a_later_release": [1]}`...)
		if _, err := r.s.Set(r.ctx, "/nodepool/nodes/"+n.ID, data, -1); err != nil {
			t.Fatal(err)
		}
		r.gate("open-np" + n.ID)
		req := r.wait(id, record.RequestFulfilled)
		if got := r.Nodes()[n.ID].Comment; got != "seen by hand" {
			t.Errorf("comment is %q", got)
		}
		if got := r.Nodes()[n.ID].Extra("of_a_later_release"); string(got) != "[1]" {
			t.Errorf("an unknown key became %q", got)
		}
		r.use(req)
		r.empty()
	})
	t.Run("overwritten with rubbish", func(t *testing.T) {
		id := r.submit("gated")
		n := node().ID
		if _, err := r.s.Set(r.ctx, "/nodepool/nodes/"+n, []byte("}{"), -1); err != nil {
			t.Fatal(err)
		}
		r.gate("open-np" + n)
		r.use(r.wait(id, record.RequestFulfilled))
		r.empty()
	})
	t.Run("deleted", func(t *testing.T) {
		id := r.submit("gated")
		n := node().ID
		if err := r.s.DeleteAll(r.ctx, "/nodepool/nodes/"+n); err != nil {
			t.Fatal(err)
		}
		r.gate("open-np" + n)
		r.wait(id, record.RequestFailed)
		if err := r.Cancel(r.ctx, id); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("nodes of nobody", func(t *testing.T) {
		for name, data := range map[string]string{"0000009001": "", "0000009002": "not json", "0000009003": `{"state":"ready"}`, "0000009004": `{"state":"deleted","provider":null}`, "0000009005": `{"state":"used","provider":"else"}`} {
			if _, err := r.s.Create(r.ctx, "/nodepool/nodes/"+name, []byte(data), 0); err != nil {
				t.Fatal(err)
			}
		}
		exists := func(id string) bool { ok, _, _ := r.s.Exists(r.ctx, "/nodepool/nodes/"+id); return ok }
		r.eventually("husks are removed", func() bool { return !exists("0000009001") && !exists("0000009004") })
		for _, id := range []string{"0000009002", "0000009003", "0000009005"} {
			if !exists(id) {
				t.Errorf("node %s was deleted, but it is not ours", id)
			}
		}
	})
	if strings.Contains(r.Log(), "panic") {
		t.Error("the launcher panicked")
	}
}
