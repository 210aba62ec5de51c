package lookup

import (
	"encoding/json"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/openstack"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
)

func TestTry(t *testing.T) {
	p := openstack.New(&driver.Scope{})
	p.Cloud = "oslab"
	ci := &openstack.CloudImage{ImageName: "ci-image"}
	pool := &openstack.Pool{Provider: p, AutoFloatingIP: true}
	pool.Name = "main"
	l := &openstack.Label{Pool: pool, CloudImage: ci, FlavorName: "m1", MinRAM: 300, Networks: []string{"ci-net"}}
	l.Name = "a"
	pool.Labels = option.Set[*openstack.Label]{List: []*openstack.Label{l}}
	p.Pools = option.Set[*openstack.Pool]{List: []*openstack.Pool{pool}}
	c := New(p)
	f, err := c.Lookup(t.Context())
	t.Logf("%+v %v", f, err)
	q, err := c.Quota(t.Context())
	b, _ := json.Marshal(q)
	t.Logf("%s %v", b, err)
	_, err = c.Fault(t.Context(), "np1")
	t.Log(err)
}
