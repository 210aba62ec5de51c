package main

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

func minReady(o *rig.Options) {
	o.Config = strings.Replace(o.Config, "{name: vm}", "{name: vm, min-ready: 1}", 1)
}

// ready waits for a READY node that nobody has, other than the given one, and returns it.
func (r *cloudRig) ready(not string) *record.Node {
	r.t.Helper()
	var found *record.Node
	r.eventually("a node is ready", func() bool {
		for _, n := range r.Nodes() {
			if n.State == record.NodeReady && n.AllocatedTo == "" && n.ID != not {
				found = n
			}
		}
		return found != nil
	})
	return found
}

func (r *cloudRig) vanish(n *record.Node) {
	r.t.Helper()
	if err := r.cloud.Vanish(r.ctx, "acme", strings.Trim(string(n.ExternalID), `"`)); err != nil {
		r.t.Fatal(err)
	}
}

// TestVanishedReady: a node that vanished while it waited is replaced, and what was alive was only looked at.
func TestVanishedReady(t *testing.T) {
	for name, options := range map[string]string{
		"found by a refresh": "list-interval: 0\n  refresh-interval: 3",
		"found by a list":    "list-interval: 1\n  refresh-interval: 0",
	} {
		t.Run(name, func(t *testing.T) {
			r := newCloudRig(t, api.Settings{}, upkeep(options, "priority: 1"), minReady)
			first := r.ready("")
			asked := r.billed().Requests
			looked := func(more int) func() bool {
				return func() bool {
					now := r.billed().Requests
					return now["instances.get"]+now["instances.list"] >= asked["instances.get"]+asked["instances.list"]+more
				}
			}
			r.eventually("it is looked at", looked(3))
			r.vanish(first)
			second := r.ready(first.ID)
			r.logged("an unused node has vanished")
			r.eventually("the first is gone", func() bool { return r.Nodes()[first.ID] == nil })
			if b := r.billed(); b.Created != 2 || b.Deleted != 0 || b.Vanished != 1 {
				t.Errorf("books %+v", b)
			}
			asked = r.billed().Requests
			r.eventually("the second is looked at", looked(3))
			if b := r.billed(); b.Created != 2 || b.Alive != 1 || b.Requests["instances.update"] != 0 {
				t.Errorf("the second node %s: books %+v", second.ID, b)
			}
		})
	}
}

// indexed is a module as most are: its output names the resource by its index, and is an error without it.
const indexed = `
terraform {
  required_providers {
    simcloud = { source = "nodepool-tf.invalid/testdata/simcloud" }
  }
}
variable "name" { type = string }
variable "tags" { type = map(string) }
resource "simcloud_instance" "node" {
  count    = 1
  name     = var.name
  flavor   = "small"
  image    = "ubuntu"
  tags     = var.tags
  timeouts = { create = "10m", delete = "10m" }
}
output "public_ipv4" { value = simcloud_instance.node[0].public_ipv4 }
output "external_id" { value = simcloud_instance.node[0].id }
`

// TestVanishedIndexed: what vanished is found by a refresh also where the module's outputs are an error without it.
func TestVanishedIndexed(t *testing.T) {
	module := t.TempDir()
	if err := os.WriteFile(filepath.Join(module, "main.tf"), []byte(indexed), 0o644); err != nil {
		t.Fatal(err)
	}
	r := newCloudRig(t, api.Settings{}, upkeep("list-interval: 0\n  refresh-interval: 3", "priority: 1"), minReady, func(o *rig.Options) {
		o.Config = strings.Replace(o.Config, rig.Module("simcloud"), module, 1)
	})
	first := r.ready("")
	r.vanish(first)
	r.ready(first.ID)
	r.eventually("the first is gone", func() bool { return r.Nodes()[first.ID] == nil })
}

// TestVanishedInUse: it is told, and goes when Zuul gives it back.
func TestVanishedInUse(t *testing.T) {
	r := newCloudRig(t, api.Settings{}, upkeep("list-interval: 0\n  refresh-interval: 3", "priority: 1"))
	req := r.wait(r.submit("vm"), record.RequestFulfilled)
	held, err := r.Accept(r.ctx, req)
	if err == nil {
		held[0].Node.Comment = "Zuul's own"
		err = r.Set(r.ctx, held, record.NodeInUse)
	}
	if err != nil {
		t.Fatal(err)
	}
	r.vanish(held[0].Node)
	r.logged("a node in use has vanished at the provider")
	time.Sleep(3 * time.Second) // nothing is to happen
	if n := r.Nodes()[held[0].Node.ID]; n == nil || n.State != record.NodeInUse || n.Comment != "Zuul's own" {
		t.Errorf("a node in use was touched: %+v", n)
	}
	if n := strings.Count(r.Log(), "a node in use has vanished"); n != 1 {
		t.Errorf("told %d times", n)
	}
	if err := r.Return(r.ctx, held); err != nil {
		t.Fatal(err)
	}
	r.empty()
	if b := r.billed(); b.Created != 1 || b.Vanished != 1 || b.Alive != 0 {
		t.Errorf("books %+v", b)
	}
}

// TestRefreshProvesNothingWhenItFails, nor does a list: with the cloud down no node is taken for gone. A change that
// somebody made to a live node stays.
func TestRefreshProvesNothingWhenItFails(t *testing.T) {
	r := newCloudRig(t, api.Settings{}, upkeep("list-interval: 2\n  refresh-interval: 2", "clean-leaked: true"), minReady)
	n := r.ready("")
	tags := map[string]string{"changed": "by hand"}
	there, err := r.cloud.Instances(r.ctx, "acme", nil)
	if err != nil || len(there) != 1 {
		t.Fatalf("%v %v", there, err)
	}
	maps.Copy(tags, there[0].Tags)
	if err := r.cloud.Client("s3cr3t").Do(r.ctx, http.MethodPatch, api.Path("acme", api.Instances, there[0].ID), map[string]any{"tags": tags}, nil); err != nil {
		t.Fatal(err)
	}
	if err := r.cloud.Faults(r.ctx, "acme", api.Fault{Kind: api.Error, Op: api.Get}, api.Fault{Kind: api.Error, Op: api.List}); err != nil {
		t.Fatal(err)
	}
	r.logged("could not be compared with the cloud")
	r.logged("what the provider has could not be listed")
	r.eventually("again", func() bool { return strings.Count(r.Log(), "could not be compared with the cloud") > 2 })
	if err := r.cloud.Faults(r.ctx, "acme"); err != nil {
		t.Fatal(err)
	}
	gets := r.billed().Requests["instances.get"]
	r.eventually("looked at again", func() bool { return r.billed().Requests["instances.get"] > gets+1 })
	if now := r.ready(""); now.ID != n.ID || strings.Contains(r.Log(), "has vanished") {
		t.Errorf("node %s took the place of %s", now.ID, n.ID)
	}
	there, err = r.cloud.Instances(r.ctx, "acme", map[string]string{"changed": "by hand"})
	if b := r.billed(); err != nil || len(there) != 1 || b.Created != 1 || b.Alive != 1 {
		t.Errorf("%v %v, books %+v", there, err, b)
	}
}

// TestVanishedWhileNobodyLooked: a launcher that dies between the refresh and what follows from it leaves it to the
// next, and destroying what is not there trips over nothing.
func TestVanishedWhileNobodyLooked(t *testing.T) {
	r := newCloudRig(t, api.Settings{}, upkeep("list-interval: 0\n  refresh-interval: 2", "priority: 1"), minReady, shortSession)
	n := r.ready("")
	r.vanish(n)
	r.kill()
	r.start()
	second := r.ready(n.ID)
	r.eventually("the first is gone", func() bool { return r.Nodes()[n.ID] == nil })
	if b := r.billed(); b.Created != 2 || b.Alive != 1 || b.Deleted != 0 {
		t.Errorf("node %s, books %+v", second.ID, b)
	}
}
