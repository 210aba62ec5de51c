package reconciler

import (
	"testing"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

// TestRemover: what a driver lists is removed with a spec that has the resource type's provider, whatever module it names.
func TestRemover(t *testing.T) {
	spec := func(provider string) *modules.Spec {
		return &modules.Spec{RequiredProviders: map[string]modules.RequiredProvider{provider: {}}}
	}
	specs := []*modules.Spec{spec("null"), spec("openstack"), spec("openstack")}
	if got := remover(specs, "openstack_compute_instance_v2"); got != specs[1] {
		t.Errorf("%v", got)
	}
	if got := remover(specs, "aws_instance"); got != nil {
		t.Errorf("%v", got)
	}
}
