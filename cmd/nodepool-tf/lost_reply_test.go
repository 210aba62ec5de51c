package main

import (
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

// throughProxy is a launcher whose line to ZooKeeper is cut when it sends text, with the reply on its way; who asks has a line
// of its own.
func throughProxy(t *testing.T, config, text string, change ...func(*rig.Options)) (*testRig, *zkserver.Proxy) {
	t.Helper()
	srv := zktest.Start(t, zkserver.Options{})
	proxy := zktest.Proxy(t, srv.Addr)
	proxy.LoseReply(text)
	direct := newRig(t, config, servers(srv.Addr))
	direct.connect()
	r := newRig(t, config, append(change, servers(proxy.Addr))...)
	r.Requestor, r.s = direct.Requestor, direct.s
	direct.Requestor = nil
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	return r, proxy
}

// TestNodeCreatedReplyLost: the request is served, by the very record that was written.
func TestNodeCreatedReplyLost(t *testing.T) {
	t.Parallel()
	r, proxy := throughProxy(t, instantConfig, `"state": "init"`)
	req := r.wait(r.submit("small"), record.RequestFulfilled)
	if !proxy.Lost() || len(r.Nodes()) != 1 || r.Nodes()[req.Nodes[0]] == nil {
		t.Errorf("reply lost: %t, nodes %v of %v", proxy.Lost(), r.Nodes(), req.Nodes)
	}
	r.use(req)
	r.empty()
}

// TestMinReadyReplyLost: the request that was written is known, so that its node is everybody's once it is there.
func TestMinReadyReplyLost(t *testing.T) {
	t.Parallel()
	r, proxy := throughProxy(t, strings.Replace(instantConfig, "{name: small}", "{name: small, min-ready: 1}", 1), desire.RequestorMinReady)
	r.eventually("a node is ready, and nobody's", func() bool {
		left, _, err := r.s.Children(r.ctx, "/nodepool/requests")
		for _, n := range r.Nodes() {
			return err == nil && len(left) == 0 && n.State == record.NodeReady && n.AllocatedTo == ""
		}
		return false
	})
	if !proxy.Lost() || len(r.Nodes()) != 1 {
		t.Errorf("reply lost: %t, nodes %v", proxy.Lost(), r.Nodes())
	}
}
