package lookup

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/floatingips"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/openstack"
)

// TestLeftPorts: a port that somebody may want is none.
func TestLeftPorts(t *testing.T) {
	left := ports.Port{ProjectID: "p1", Status: "DOWN", DeviceOwner: "compute:nova", DeviceID: "gone"}
	for name, c := range map[string]struct {
		change func(*ports.Port)
		want   bool
	}{
		"of a server that is gone":  {func(*ports.Port) {}, true},
		"of nobody":                 {func(p *ports.Port) { p.DeviceOwner, p.DeviceID = "", "" }, true},
		"of a server that is there": {func(p *ports.Port) { p.DeviceID = "there" }, false},
		"of a router":               {func(p *ports.Port) { p.DeviceOwner = "network:router_interface" }, false},
		"up":                        {func(p *ports.Port) { p.Status = "ACTIVE" }, false},
		"of another project":        {func(p *ports.Port) { p.ProjectID = "p2" }, false},
		"with a name":               {func(p *ports.Port) { p.Name = "reserved" }, false},
		"with a description":        {func(p *ports.Port) { p.Description = "keep" }, false},
		"with a tag":                {func(p *ports.Port) { p.Tags = []string{"keep"} }, false},
	} {
		p := left
		c.change(&p)
		if got := len(leftPorts([]ports.Port{p}, "p1", map[string]bool{"there": true})) == 1; got != c.want {
			t.Errorf("a port %s: %v", name, got)
		}
	}
}

// TestLeftIPs: attached to nothing, of the project, and not the sweep's.
func TestLeftIPs(t *testing.T) {
	got := leftIPs([]floatingips.FloatingIP{
		{ID: "left", ProjectID: "p1"},
		{ID: "attached", ProjectID: "p1", PortID: "x"},
		{ID: "foreign", ProjectID: "p2"},
		{ID: "marked", ProjectID: "p1", Description: "np1 nodepool_node_id=1 nodepool_provider_name=lab"},
	}, "p1")
	if !slices.Equal(got, []string{"left"}) {
		t.Errorf("%v", got)
	}
}

// TestLeftovers: removed is what every look of a gap has seen, not more than the budget at once.
func TestLeftovers(t *testing.T) {
	l, now := leftovers{}, time.Unix(0, 0)
	at := func(minute int, seen ...string) string {
		return strings.Join(l.look(now.Add(time.Duration(minute)*time.Minute), seen, 10*time.Minute), " ")
	}
	for _, c := range []struct{ got, want string }{
		{at(0, "a", "b"), ""},
		{at(9, "a", "b", "c"), ""},
		{at(10, "a", "c"), "a"},      // b was away
		{at(12, "a", "b", "c"), "a"}, // a could not be removed
		{at(19, "b", "c"), "c"},
		{at(22, "b"), "b"},
	} {
		if c.got != c.want {
			t.Errorf("removed %q, want %q", c.got, c.want)
		}
	}
	var many []string
	for i := range 3 * most {
		many = append(many, fmt.Sprint(i))
	}
	at(30, many...)
	if got := l.look(now.Add(time.Hour), many, 10*time.Minute); len(got) != most {
		t.Errorf("%d removed at once", len(got))
	}
}

// TestClean: looks are minutes apart, and only what is asked for is cleaned.
func TestClean(t *testing.T) {
	start := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	port := driver.Resource{Type: "openstack_networking_port_v2", ID: "port1"}
	ip := driver.Resource{Type: "openstack_networking_floatingip_v2", ID: "ip2"}
	for _, c := range []struct {
		interval time.Duration
		ips      bool
		every    time.Duration
		want     []driver.Resource
	}{
		{10 * time.Minute, false, 5 * time.Minute, []driver.Resource{port}},
		{time.Minute, true, time.Minute, []driver.Resource{port, ip}},
		{0, true, 5 * time.Minute, []driver.Resource{ip}},
		{0, false, 0, nil},
	} {
		api := newAPI(t)
		cloud := New(labelled(&openstack.Pool{}))
		cloud.provider.PortCleanupInterval, cloud.provider.CleanFloatingIPs = c.interval, c.ips
		if got := cloud.CleanEvery(); got != c.every {
			t.Errorf("%v %v: every %v, want %v", c.interval, c.ips, got, c.every)
		}
		if removed, err := cloud.Clean(t.Context(), start); len(removed) != 0 || err != nil {
			t.Errorf("at once: %v %v", removed, err)
		}
		removed, err := cloud.Clean(t.Context(), start.Add(10*time.Minute))
		if diff := cmp.Diff(c.want, removed); diff != "" || err != nil {
			t.Errorf("%v -want +got:\n%s", err, diff)
		}
		deletes := slices.DeleteFunc(api.calls, func(call string) bool { return !strings.HasPrefix(call, "DELETE ") })
		if len(deletes) != len(c.want) {
			t.Errorf("%v", deletes)
		}
	}
}
