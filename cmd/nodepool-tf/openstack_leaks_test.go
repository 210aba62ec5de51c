//go:build openstack

package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/flavors"
	nova "github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/floatingips"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// copied makes a server like another one, for a node that never was.
func (l *lab) copied(s nova.Server, node string) string {
	l.t.Helper()
	metadata := map[string]string{}
	for key, val := range s.Metadata {
		metadata[key] = val
	}
	metadata["nodepool_node_id"] = node
	made, err := nova.Create(l.ctx, l.compute, nova.CreateOpts{
		Name: "np" + node, Metadata: metadata, FlavorRef: l.flavor("m1.tiny"), ImageRef: s.Image["id"].(string), Networks: []nova.Network{{UUID: l.networkID("public")}},
	}, nil).Extract()
	if err != nil {
		l.t.Fatal(err)
	}
	return made.ID
}

// missing tells that the cloud has no such server, floating IP or port.
func (l *lab) missing(id string) bool {
	l.t.Helper()
	server := nova.Get(l.ctx, l.compute, id).Err
	ip := floatingips.Get(l.ctx, l.network, id).Err
	port := ports.Get(l.ctx, l.network, id).Err
	for _, err := range []error{server, ip, port} {
		if err != nil && !gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
			l.t.Fatal(err)
		}
	}
	return server != nil && ip != nil && port != nil
}

func (l *lab) flavor(name string) string {
	l.t.Helper()
	pages, err := flavors.ListDetail(l.compute, flavors.ListOpts{}).AllPages(l.ctx)
	if err != nil {
		l.t.Fatal(err)
	}
	list, err := flavors.ExtractFlavors(pages)
	for _, f := range list {
		if f.Name == name {
			return f.ID
		}
	}
	l.t.Fatalf("flavor %s: %v", name, err)
	return ""
}

func (l *lab) networkID(name string) string {
	l.t.Helper()
	pages, err := networks.List(l.network, networks.ListOpts{Name: name}).AllPages(l.ctx)
	if err != nil {
		l.t.Fatal(err)
	}
	list, err := networks.ExtractNetworks(pages)
	if err != nil || len(list) != 1 {
		l.t.Fatalf("network %s: %v %v", name, list, err)
	}
	return list[0].ID
}

func (l *lab) address(description string) string {
	l.t.Helper()
	ip, err := floatingips.Create(l.ctx, l.network, floatingips.CreateOpts{FloatingNetworkID: l.networkID("public"), Description: description}).Extract()
	if err != nil {
		l.t.Fatal(err)
	}
	return ip.ID
}

func (l *lab) port(name string) string {
	l.t.Helper()
	p, err := ports.Create(l.ctx, l.network, ports.CreateOpts{NetworkID: l.networkID("ci-net"), Name: name}).Extract()
	if err != nil {
		l.t.Fatal(err)
	}
	return p.ID
}

// TestOpenStackLeaks: what is left of a node that is long gone is listed and goes, and so do ports and floating IPs that
// are left over; what somebody named stays, and so does the node that lives.
func TestOpenStackLeaks(t *testing.T) {
	l := newLab(t, strings.Replace(labConfig, "rate: 0", "rate: 0\n    clean-leaked: true\n    clean-floating-ips: true\n    port-cleanup-interval: 20", 1),
		func(o *rig.Options) { o.Terraform = "list-interval: 10" })
	l.start()
	req := l.wait(l.submit("floating"), record.RequestFulfilled)
	alive := l.servers()["np"+req.Nodes[0]]
	gone := l.copied(alive, "0000004711")
	marks := " nodepool_node_id=0000004711 nodepool_pool_name=main nodepool_provider_name=lab nodepool_tf_launcher=" + alive.Metadata["nodepool_tf_launcher"]
	marked, spare, named, nameless := l.address("np0000004711"+marks), l.address(""), l.port("reserved"), l.port("")
	defer func() { _ = ports.Delete(t.Context(), l.network, named).ExtractErr() }()
	out, err := l.Command(l.ctx, "alien-list", "lab").CombinedOutput()
	if err != nil || !strings.Contains(string(out), gone) || !strings.Contains(string(out), marked) || strings.Contains(string(out), alive.ID) {
		t.Errorf("alien-list: %v\n%s", err, out)
	}
	t.Logf("alien-list:\n%s", out)
	planted := time.Now()
	for _, id := range []string{gone, marked} {
		l.logged("leaked resource removed\" provider=lab type=openstack_")
		l.eventually("leaked "+id+" goes", func() bool { return strings.Count(l.Log(), "id="+id) > 1 && l.missing(id) })
	}
	t.Logf("leaked server and floating IP: gone after %s", time.Since(planted).Round(time.Second))
	l.eventually("ports and floating IPs that are left over go", func() bool { return l.missing(spare) && l.missing(nameless) })
	t.Logf("left over port and floating IP: gone after %s", time.Since(planted).Round(time.Second))
	if l.missing(named) || l.missing(alive.ID) || l.floating() != 1 {
		t.Error("something that was not left over is gone")
	}
	l.use(req)
	l.gone()
	l.stop()
}

// TestOpenStackConsole: what a server that does not answer wrote to its console is in the log, for each attempt.
func TestOpenStackConsole(t *testing.T) {
	text := strings.NewReplacer(
		"host-key-checking: false", "host-key-checking: true",
		"lab\n    driver", "lab\n    boot-timeout: 3\n    driver",
		"{name: floating, ", "{name: floating, console-log: true, ",
		"networks: [ci-net]", "networks: [public]",
	).Replace(labConfig)
	l := newLab(t, text)
	l.start()
	l.wait(l.submit("floating"), record.RequestFailed)
	// Nova's fake hypervisor says that on every console.
	for _, attempt := range []string{"attempt=1", "attempt=2"} {
		l.logged(attempt + " line=\"FAKE CONSOLE OUTPUT\"")
		l.logged(attempt + " line=\"LAST LINE\"")
	}
	l.gone()
	l.stop()
}

// TestOpenStackVanished: an unused node whose server somebody deleted is found by two lists, its floating IP goes, and
// another node takes its place.
func TestOpenStackVanished(t *testing.T) {
	l := newLab(t, strings.Replace(labConfig, "{name: floating}", "{name: floating, min-ready: 1}", 1), func(o *rig.Options) { o.Terraform = "list-interval: 10" })
	ready := func(not string) (id string) {
		l.eventually("a node is ready", func() bool {
			for _, n := range l.Nodes() {
				if n.State == record.NodeReady && n.ID != not {
					id = n.ID
				}
			}
			return id != ""
		})
		return id
	}
	l.start()
	first := ready("")
	time.Sleep(15 * time.Second) // a list has seen it
	deleted := time.Now()
	l.deleteServer("np" + first)
	second := ready(first)
	t.Logf("another node is ready %s after the server of one was deleted", time.Since(deleted).Round(time.Second))
	l.logged("an unused node has vanished")
	l.eventually("the first is gone", func() bool { return l.Nodes()[first] == nil && l.floating() == 1 })
	l.stop() // the second outlives the launcher
	l.deleteServer("np" + second)
	l.deleteAddresses()
	l.eventually("no server is left", func() bool { return len(l.servers()) == 0 })
}

func (l *lab) deleteAddresses() {
	l.t.Helper()
	pages, err := floatingips.List(l.network, floatingips.ListOpts{}).AllPages(l.ctx)
	if err != nil {
		l.t.Fatal(err)
	}
	list, err := floatingips.ExtractFloatingIPs(pages)
	for _, ip := range list {
		if err == nil {
			err = floatingips.Delete(l.ctx, l.network, ip.ID).ExtractErr()
		}
	}
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) deleteServer(name string) {
	l.t.Helper()
	if err := nova.Delete(l.ctx, l.compute, l.servers()[name].ID).ExtractErr(); err != nil {
		l.t.Fatal(err)
	}
}
