package main

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/state/cache"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver/zktest"
)

const cloudConfig = `
labels: [{name: vm}]
providers:
  - name: sim
    driver: terraform
    launch-retries: 3
    launch-timeout: 60
    required-providers: {simcloud: {source: "` + cloud.Source + `"}}
    provider-config: {simcloud: {endpoint: "%ENDPOINT%", project: acme, token: s3cr3t}}
    module: {source: %SIMCLOUD%}
    pools:
      - name: main
        host-key-checking: false
        labels:
          - name: vm
            inputs: {name: "${node.hostname}", tags: "${node.tags}"}
`

// cloudRig is a launcher with a simulated cloud of its own, whose project is acme.
type cloudRig struct {
	*testRig
	cloud *cloud.Cloud

	mu     sync.Mutex
	states map[string][]record.NodeState // by node: those it was seen in
}

var mirror = sync.OnceValues(func() (string, error) {
	dir, err := zktest.Folder()
	if err != nil {
		return "", err
	}
	return cloud.Mirror(context.Background(), dir)
})

// newCloudRig starts a cloud and a launcher that uses it. Tests with one run side by side: they mostly wait.
func newCloudRig(t *testing.T, s api.Settings, change ...func(*rig.Options)) *cloudRig {
	t.Helper()
	r := idleCloudRig(t, s, change...)
	r.start()
	return r
}

// idleCloudRig is newCloudRig without a launcher that runs.
func idleCloudRig(t *testing.T, s api.Settings, change ...func(*rig.Options)) *cloudRig {
	t.Helper()
	t.Parallel()
	config, err := mirror()
	if err != nil {
		t.Fatal(err)
	}
	change = append(change, func(o *rig.Options) { o.Env = append(o.Env, "TF_CLI_CONFIG_FILE="+config) })
	c, err := cloud.Start(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	s.Token = "s3cr3t"
	if err := c.Configure(t.Context(), "acme", s); err != nil {
		t.Fatal(err)
	}
	r := &cloudRig{cloud: c, states: map[string][]record.NodeState{}}
	r.testRig = newRig(t, strings.NewReplacer("%ENDPOINT%", c.Endpoint(), "%SIMCLOUD%", rig.Module("simcloud")).Replace(cloudConfig), change...)
	if r.Requestor, r.s, err = r.Rig.Requestor(r.ctx, r.see); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *cloudRig) see(e cache.Event) {
	if e.Kind != cache.NodeChanged || e.Node == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.states[e.ID] = append(r.states[e.ID], e.Node.State)
}

// billed is what the cloud's books say.
func (r *cloudRig) billed() api.Books {
	r.t.Helper()
	b, err := r.cloud.Books(r.ctx, "acme")
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

// balanced waits until nothing is left here and holds the cloud's books against that.
func (r *cloudRig) balanced(created int) {
	r.t.Helper()
	r.empty()
	if b := r.billed(); !b.Balanced() || b.Created != created {
		left, _ := r.cloud.Instances(r.ctx, "acme", nil)
		r.t.Errorf("%d were to be created and deleted, books %+v, left %+v", created, b, left)
	}
}

// useChecked takes a request's node, compares it with what the cloud has, and gives it back.
func (r *cloudRig) useChecked(req *record.Request) {
	r.t.Helper()
	held, err := r.Accept(r.ctx, req)
	if err != nil {
		r.t.Fatal(err)
	}
	node := held[0].Node
	there, err := r.cloud.Instances(r.ctx, "acme", map[string]string{"nodepool_node_id": node.ID})
	if err != nil {
		r.t.Fatal(err)
	}
	if len(there) != 1 || there[0].PublicIPv4 != node.InterfaceIP || string(node.ExternalID) != `"`+there[0].ID+`"` || there[0].State != api.Active {
		r.t.Errorf("node %s at %s is %s, the cloud has %+v", node.ID, node.InterfaceIP, node.ExternalID, there)
	}
	if err := r.Return(r.ctx, held); err != nil {
		r.t.Fatal(err)
	}
}
