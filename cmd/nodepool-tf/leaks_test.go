package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// upkeep sets the options for background work; provider is added to the provider's own.
func upkeep(terraform, provider string) func(*rig.Options) {
	return func(o *rig.Options) {
		o.Terraform = terraform
		o.Config = strings.Replace(o.Config, "launch-retries: 3", "launch-retries: 3\n    "+provider, 1)
	}
}

// killTerraform kills the Terraform below each worker as the kernel does when memory is short.
func (r *testRig) killTerraform() {
	r.t.Helper()
	killed := 0
	for _, worker := range r.Workers() {
		stats, _ := filepath.Glob("/proc/[0-9]*/stat")
		for _, path := range stats {
			data, _ := os.ReadFile(path)
			var pid, ppid int
			var state string
			_, after, _ := strings.Cut(string(data), ") ")
			_, _ = fmt.Sscan(string(data), &pid)
			if _, err := fmt.Sscan(after, &state, &ppid); err == nil && ppid == worker && syscall.Kill(pid, syscall.SIGKILL) == nil {
				killed++
			}
		}
	}
	if killed == 0 {
		r.t.Fatal("there is no Terraform to kill")
	}
}

// plant makes an instance that no workspace knows.
func (r *cloudRig) plant(name string, tags map[string]string) string {
	r.t.Helper()
	var i api.Instance
	spec := api.InstanceSpec{Name: name, Image: "ubuntu", Flavor: "small", Tags: tags}
	if err := r.cloud.Client("s3cr3t").Do(r.ctx, http.MethodPost, api.Path("acme", api.Instances, ""), spec, &i); err != nil {
		r.t.Fatal(err)
	}
	return i.ID
}

// has reports whether the cloud bills an instance.
func (r *cloudRig) has(id string) bool {
	r.t.Helper()
	all, err := r.cloud.Instances(r.ctx, "acme", nil)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, i := range all {
		if i.ID == id {
			return true
		}
	}
	return false
}

func (r *testRig) stateID() string {
	r.t.Helper()
	id, err := os.ReadFile(filepath.Join(r.StateDir, "id"))
	if err != nil {
		r.t.Fatal(err)
	}
	return strings.TrimSpace(string(id))
}

// watched adds a provider without clean-leaked to the cloud, which launches nothing.
func watched(o *rig.Options) {
	_, sim, _ := strings.Cut(o.Config, "  - name: sim")
	sim = strings.NewReplacer("clean-leaked: true", "clean-leaked: false", "- name: main", "- name: main\n        max-servers: 0").Replace(sim)
	o.Config = strings.TrimRight(o.Config, "\n") + "\n  - name: watched" + sim
}

// TestLeaks: what a killed Terraform had in the making, and what is left of a node long gone, goes, and not
// before it was seen twice; what is not ours stays, and so does what an operator wants only to be told of.
func TestLeaks(t *testing.T) {
	impatient := func(o *rig.Options) {
		o.Config = strings.Replace(o.Config, "token: s3cr3t", `token: s3cr3t, request_timeout: "10s"`, 1)
	}
	r := newCloudRig(t, api.Settings{
		Pace: api.Pace{Boot: api.Delay{Fixed: 3 * time.Second}}, Faults: []api.Fault{{Kind: api.Lost, Op: api.Create, Count: 1}},
	}, upkeep("list-interval: 4", "clean-leaked: true"), impatient, watched)
	began := time.Now()
	unanswered := r.submit("vm") // its first instance is made, but the cloud never says so
	r.eventually("an instance boots", func() bool { return r.billed().Created == 1 })
	silent, err := r.cloud.Instances(r.ctx, "acme", nil)
	if err != nil || len(silent) != 1 {
		t.Fatalf("%v %v", silent, err)
	}
	other := r.wait(unanswered, record.RequestFulfilled) // the next attempt
	id := r.submit("vm")
	r.eventually("another instance boots", func() bool { return r.billed().States[api.Build] == 1 })
	lost, err := r.cloud.Instances(r.ctx, "acme", map[string]string{"nodepool_tf_request": id})
	if err != nil || len(lost) != 1 {
		t.Fatalf("%v %v", lost, err)
	}
	for _, tag := range []string{"nodepool_node_id", "nodepool_pool_name", "nodepool_provider_name", "nodepool_tf_request", "nodepool_tf_workspace", "nodepool_tf_launcher"} {
		if lost[0].Tags[tag] == "" {
			t.Errorf("the instance has no tag %s: %v", tag, lost[0].Tags)
		}
	}
	r.killTerraform()
	r.logged("they may exist without being in its state")
	ours := func(provider, node string) map[string]string {
		return map[string]string{"nodepool_provider_name": provider, "nodepool_node_id": node, "nodepool_tf_launcher": r.stateID()}
	}
	forgotten := r.plant("np0000004711", ours("sim", "0000004711"))
	alien := ours("sim", "0000004712")
	alien["nodepool_tf_launcher"] = "00000000-0000-0000-0000-000000000000"
	told := r.plant("np0000004713", ours("watched", "0000004713"))
	kept := []string{
		told,
		r.plant("untagged", nil),
		r.plant("of-another-provider", ours("unknown", "0000004711")),
		r.plant("of-another-installation", alien),
		r.plant("of-no-node", map[string]string{"nodepool_provider_name": "sim"}),
	}
	req := r.wait(id, record.RequestFulfilled) // the next attempt
	r.logged(`msg="leaked resource: `)
	if sofar := time.Since(began); sofar < time.Minute {
		t.Errorf("reported after %s: that is no two sightings a minute apart", sofar)
	}
	for _, leaked := range []string{silent[0].ID, lost[0].ID, forgotten} {
		r.eventually("leaked instance "+leaked+" goes", func() bool { return !r.has(leaked) })
	}
	r.logged("msg=\"leaked resource removed\"")
	r.logged("provider=watched type=simcloud_instance id=" + told)
	lists := r.billed().Requests["instances.list"]
	r.eventually("some more lists", func() bool { return r.billed().Requests["instances.list"] >= lists+6 })
	if n := strings.Count(r.Log(), "leaked resource: "); n != 4 {
		t.Errorf("told of 4 leaks %d times", n)
	}
	for _, id := range kept {
		if !r.has(id) {
			t.Errorf("%s was not ours and is gone", id)
		}
	}
	r.useChecked(req) // the nodes themselves live
	r.useChecked(other)
	r.empty()
	if b := r.billed(); b.Alive != len(kept) || b.Vanished != 0 {
		t.Errorf("books %+v", b)
	}
	for _, folder := range []string{"leaks", "lists"} {
		r.eventually("nothing left in "+folder, func() bool { left, _ := filepath.Glob(filepath.Join(r.StateDir, folder, "*")); return len(left) <= 1 })
	}
}
