package main

import (
	"encoding/json"
	"errors"
	"os"
	"path"
	"sync"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/cache"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/nodepool"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

const besideConfig = `
labels: [{name: small}, {name: both}]
providers:
  - name: local
    driver: terraform
    module: {source: %INSTANT%}
    pools:
      - name: main
        max-servers: 3
        host-key-checking: false
        labels:
          - {name: small, inputs: {name: "${node.hostname}"}}
          - {name: both, inputs: {name: "${node.hostname}"}}
`

// besideRig is our launcher and Nodepool's on one ZooKeeper. Ours offers small and both, Nodepool's py and both.
type besideRig struct {
	*testRig
	python    *nodepool.Launcher
	pythonWeb int // port

	mu     sync.Mutex
	served map[string]map[string]bool // by request: the nodes that ever were allocated to it
}

func newBesideRig(t *testing.T) *besideRig {
	t.Helper()
	certs, err := zkserver.NewCerts(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	srv := zktest.Start(t, zkserver.Options{TLS: certs})
	tls := [3]string{certs.ClientCert, certs.ClientKey, certs.CA}
	r := &besideRig{served: map[string]map[string]bool{}}
	r.testRig = newRig(t, besideConfig, servers(srv.Addr), func(o *rig.Options) { o.TLS = tls })
	if r.Requestor, r.s, err = r.Rig.Requestor(r.ctx, r.see); err != nil {
		t.Fatal(err)
	}
	r.start()
	return r
}

func (r *besideRig) see(e cache.Event) {
	if e.Kind == cache.NodeChanged && e.Node != nil && e.Node.AllocatedTo != "" {
		r.note(e.Node.AllocatedTo, e.ID)
	}
}

func (r *besideRig) note(request string, nodes ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.served[request] == nil {
		r.served[request] = map[string]bool{}
	}
	for _, node := range nodes {
		r.served[request][node] = true
	}
}

func (r *besideRig) startNodepool(change ...func(*nodepool.Options)) {
	r.t.Helper()
	python, err := nodepool.Venv(r.ctx, "")
	if errors.Is(err, nodepool.ErrUnavailable) && os.Getenv("CI") == "" {
		r.t.Skipf("NOT RUN: nothing was tried beside Nodepool itself: %v", err)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	o := nodepool.Options{Servers: r.Servers, TLS: r.TLS, Provider: "python", Labels: []string{"py", "both"}, Web: r.pythonWeb}
	for _, f := range change {
		f(&o)
	}
	r.python, err = nodepool.Start(r.ctx, python, r.t.TempDir(), o)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		r.python.Kill()
		if r.t.Failed() {
			r.t.Logf("Nodepool's log:\n%s", r.python.Log())
		}
	})
	r.eventually("both pools are registered", func() bool { return len(r.poolIDs()) == 2 })
}

// prefer submits a request with a preference for a provider, as Zuul does when the job before it ran there.
func (r *besideRig) prefer(provider string, label string) string {
	r.t.Helper()
	now := record.Now(time.Now())
	data, err := json.Marshal(map[string]any{
		"node_types": []string{label}, "provider": provider, "state": "requested", "state_time": now, "created_time": now,
		"requestor": "test", "requestor_data": nil, "relative_priority": 0, "event_id": nil, "tenant_name": "acme",
	})
	if err != nil {
		r.t.Fatal(err)
	}
	name, err := r.s.Create(r.ctx, "/nodepool/requests/200-", data, zk.FlagSequence)
	if err != nil {
		r.t.Fatal(err)
	}
	return path.Base(name)
}

// provider returns who made a fulfilled request's only node.
func (r *besideRig) provider(req *record.Request) string {
	r.t.Helper()
	if len(req.Nodes) != 1 {
		r.t.Fatalf("request %s has nodes %v", req.ID, req.Nodes)
	}
	data, _, err := r.s.Get(r.ctx, "/nodepool/nodes/"+req.Nodes[0])
	if err != nil {
		r.t.Fatal(err)
	}
	n, err := record.ParseNode(req.Nodes[0], data)
	if err != nil {
		r.t.Fatal(err)
	}
	if len(n.Problems) > 0 {
		r.t.Errorf("node of %s: %v", n.Provider, n.Problems)
	}
	return n.Provider
}
