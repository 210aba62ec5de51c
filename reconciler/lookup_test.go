package reconciler

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// TestAttemptsWaitForTheCloud: just after a start, or a change of the provider, nothing is rendered without what the
// cloud says; then the record has it too.
func TestAttemptsWaitForTheCloud(t *testing.T) {
	var log bytes.Buffer
	lp, la := aLoop(&log), aLaunch(3, 0)
	pool := la.label.Pool
	pool.Labels, pool.Provider.Pools = map[string]*config.PoolLabel{"vm": la.label}, []*config.Pool{pool}
	lp.cfg.Providers = []*config.Provider{pool.Provider}
	la.handler = &handler{}
	cloud := &desire.Cloud{}
	lp.view.Clouds = map[string]*desire.Cloud{"p": cloud}
	for range 2 { // news of another cloud change nothing
		if lp.start(la); la.phase != asking || la.counted != 1 {
			t.Fatalf("phase %d, attempt %d", la.phase, la.counted)
		}
	}
	cloud.Asked, cloud.Trouble = true, "connection refused"
	la.reason = silence(la, cloud)
	if v, _ := lp.follow(la, failure{class: execute.ClassOf(la.reason), attempt: 1, attempts: 3, wanted: true}); v != again || la.wait < time.Second {
		t.Errorf("%s in %s", v, la.wait)
	}
	if !errors.Is(la.reason, errSilent) || la.reason.Error() != "look up label vm: it is not known what the label is made of: the cloud of provider p does not answer: connection refused" {
		t.Error(la.reason)
	}
	key := driver.LabelKey{Pool: "main", Label: "vm"}
	cloud.Labels = map[driver.LabelKey]driver.Found{key: {Resources: map[string]float64{"cores": 2}}}
	lp.clouds.found = map[string]*driver.Findings{"p": {Labels: cloud.Labels, Zones: map[string][]string{"main": {"east"}}}}
	if !lp.informed(la, true) || la.node.Resources["cores"] != 2 || la.node.AZ != "east" || la.handler.Zone != "east" {
		t.Errorf("%s, zone %q", la.node.Encode(), la.handler.Zone)
	}
}
