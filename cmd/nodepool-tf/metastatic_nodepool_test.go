package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/reconciler/metastatic"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/nodepool"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

// TestMetastaticAfterNodepool: backing nodes and slots of Nodepool's own metastatic driver are taken up, jobs and all,
// and Nodepool takes up ours.
func TestMetastaticAfterNodepool(t *testing.T) {
	t.Parallel()
	python, err := nodepool.Venv(t.Context(), "")
	if errors.Is(err, nodepool.ErrUnavailable) && os.Getenv("CI") == "" {
		t.Skipf("NOT RUN: nothing was tried against Nodepool itself: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	certs, err := zkserver.NewCerts(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	srv := zktest.Start(t, zkserver.Options{TLS: certs})
	tls := [3]string{certs.ClientCert, certs.ClientKey, certs.CA}
	r := newSlotRig(t, "grace-time: 1", servers(srv.Addr), func(o *rig.Options) {
		o.TLS = tls
		o.Config = strings.Replace(o.Config, "max-parallel-jobs: 2", "max-parallel-jobs: 3", 1)
	})
	r.connect()
	theirs := func() *nodepool.Launcher {
		l, err := nodepool.Start(r.ctx, python, t.TempDir(), nodepool.Options{Servers: r.Servers, TLS: tls, Provider: "python", Labels: []string{"host"}, Slots: "slot"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			l.Kill()
			if t.Failed() {
				t.Logf("Nodepool's log:\n%s", l.Log())
			}
		})
		return l
	}

	l := theirs()
	jobs := []*job{r.take(1)[0]} // the second waits for no other backing node then
	jobs = append(jobs, r.take(1)...)
	backing := jobs[0].at.Backing
	if m, ok := metastatic.MarkOf(r.Nodes()[backing]); !ok || m.Label != "slot" || m.Slots != 3 || jobs[1].at.Backing != backing {
		t.Fatalf("slots %+v and %+v; backing node %s", jobs[0].at, jobs[1].at, r.Nodes()[backing].Encode())
	}
	if err := l.Stop(r.ctx); err != nil {
		t.Fatal(err)
	}

	r.start()
	third := r.take(1)[0]
	if third.at.Backing != backing {
		t.Errorf("the third slot is %+v, the others are on %s", third.at, backing)
	}
	jobs[0].end()
	r.eventually("Nodepool's slot is gone", func() bool { return r.Nodes()[jobs[0].node.ID] == nil })

	// It is started beside ours, which leaves the slots to it.
	l = theirs()
	r.logged("another launcher began to serve the provider")
	if b := r.Nodes()[backing]; b == nil || b.State != record.NodeInUse {
		t.Fatalf("the backing node was let go with jobs on it: %+v", b)
	}
	again := r.take(1)[0]
	if again.at != jobs[0].at {
		t.Errorf("slot %+v was free, and Nodepool gave %+v", jobs[0].at, again.at)
	}
	for _, j := range []*job{jobs[1], third, again} {
		j.end()
	}
	r.eventually("all is given back", func() bool { return len(r.Nodes()) == 0 })
	if log := l.Log(); strings.Contains(log, "Traceback") || strings.Contains(log, " ERROR ") {
		t.Error("Nodepool met something it could not read")
	}
	if err := l.Stop(r.ctx); err != nil {
		t.Fatal(err)
	}
	r.take(1)[0].end()
	r.empty()
}

// TestMetastaticHostKeys: the keys of a backing node are read for each of its slots.
func TestMetastaticHostKeys(t *testing.T) {
	t.Parallel()
	m := newStaticRig(t)
	port, keys := m.machine("host")
	r := newSlotRig(t, "host-key-checking: true, grace-time: 1", func(o *rig.Options) {
		o.Config = strings.Replace(o.Config, "connection-port: 2222", fmt.Sprintf("connection-port: %d", port), 1)
	})
	r.start()
	for _, j := range r.take(2) {
		if strings.Join(j.node.HostKeys, "\n") != strings.Join(keys, "\n") {
			t.Errorf("host keys %q, want %q", j.node.HostKeys, keys)
		}
		j.end()
	}
	r.empty()
}
