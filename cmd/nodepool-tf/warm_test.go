package main

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// TestPluginsOfTheLauncher: the plugin is there before the first request, outlives a launcher that is killed for the
// workers that use it, and is gone after a clean stop.
func TestPluginsOfTheLauncher(t *testing.T) {
	r := newCloudRig(t, api.Settings{}, shortSession)
	r.eventually("a plugin runs", func() bool { return len(r.Plugins()) == 1 })
	first := r.Plugins()
	r.use(r.wait(r.submit("vm"), record.RequestFulfilled))
	r.balanced(1)
	if got := r.Plugins(); !slices.Equal(got, first) {
		t.Errorf("plugins %v, before the first launch %v", got, first)
	}
	if log := r.Log(); strings.Contains(log, "plugins=cold") || strings.Count(log, "plugins=warm") != 2 {
		t.Error("not all runs used it")
	}
	r.pace(api.Pace{Boot: api.Delay{Fixed: 6 * time.Second}})
	id := r.submit("vm")
	r.eventually("an instance boots", func() bool { return r.billed().States[api.Build] == 1 })
	r.kill()
	if got := r.Plugins(); !slices.Equal(got, first) {
		t.Errorf("plugins %v after the launcher's death, want %v", got, first)
	}
	r.start()
	req := r.wait(id, record.RequestFulfilled)
	r.eventually("the dead launcher's plugin ends with its last run", func() bool { return !slices.Contains(r.Plugins(), first[0]) })
	r.pace(api.Pace{})
	r.use(req)
	r.balanced(2)
	r.stop()
	if left := r.Plugins(); len(left) > 0 {
		t.Errorf("plugins %v run after a clean stop", left)
	}
}

// TestPluginKilledUnderLoad: requests are served whatever becomes of the plugin, and no request is lost.
func TestPluginKilledUnderLoad(t *testing.T) {
	r := newCloudRig(t, api.Settings{Pace: api.Pace{Boot: api.Delay{Fixed: 300 * time.Millisecond}}})
	var ids []string
	for range 6 {
		ids = append(ids, r.submit("vm"))
	}
	r.eventually("instances boot", func() bool { return r.billed().States[api.Build] > 0 })
	for _, pid := range r.Plugins() {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}
	for _, id := range ids {
		r.use(r.wait(id, record.RequestFulfilled))
	}
	r.empty()
	r.stop()
	if left := r.Plugins(); len(left) > 0 {
		t.Errorf("plugins %v run after a clean stop", left)
	}
}

// TestPluginsTurnedOff: warm-plugins: false.
func TestPluginsTurnedOff(t *testing.T) {
	r := newCloudRig(t, api.Settings{}, func(o *rig.Options) { o.Terraform = "warm-plugins: false" })
	r.use(r.wait(r.submit("vm"), record.RequestFulfilled))
	r.balanced(1)
	if log := r.Log(); strings.Contains(log, "plugins=warm") || strings.Count(log, "plugins=cold") != 2 {
		t.Error("a run used a plugin, or the log does not say that none did")
	}
	if got := r.Plugins(); len(got) > 0 {
		t.Errorf("plugins %v run", got)
	}
}

// pace sets how slow the cloud is.
func (r *cloudRig) pace(p api.Pace) {
	r.t.Helper()
	if err := r.cloud.Configure(r.ctx, "acme", api.Settings{Token: "s3cr3t", Pace: p}); err != nil {
		r.t.Fatal(err)
	}
}
