package lookup

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/floatingips"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

// most bounds what one look removes of a kind: the rest has time until the next.
const most = 50

// leftovers remembers since when something has been seen at each look that looks left over.
type leftovers map[string]time.Time

// look takes what one look saw and gives what was seen for so long that it is removed, first seen first. What is not
// seen begins anew.
func (l leftovers) look(now time.Time, seen []string, gap time.Duration) []string {
	still := map[string]bool{}
	var old []string
	for _, id := range seen {
		still[id] = true
		if _, known := l[id]; !known {
			l[id] = now
		} else if now.Sub(l[id]) >= gap {
			old = append(old, id)
		}
	}
	maps.DeleteFunc(l, func(id string, _ time.Time) bool { return !still[id] })
	slices.SortFunc(old, func(a, b string) int { return cmp.Or(l[a].Compare(l[b]), cmp.Compare(a, b)) })
	return old[:min(len(old), most)]
}

// leftPorts are ports that look left over: those that Nova makes for servers have no name, no description and no tags,
// are down, and belong to a server or, since Nova gave up, to nobody; and that server is gone. A port that is anybody
// else's is left alone, whichever project it is in.
func leftPorts(all []ports.Port, project string, servers map[string]bool) []string {
	var out []string
	for _, p := range all {
		nova := p.DeviceOwner == "" || strings.HasPrefix(p.DeviceOwner, "compute:")
		made := p.Name != "" || p.Description != "" || len(p.Tags) > 0
		if p.ProjectID == project && p.Status == "DOWN" && nova && !made && !servers[p.DeviceID] {
			out = append(out, p.ID)
		}
	}
	return out
}

// leftIPs are the project's floating IPs that are attached to nothing. Those with our marks are the sweep's.
func leftIPs(all []floatingips.FloatingIP, project string) []string {
	var out []string
	for _, ip := range all {
		if ip.ProjectID == project && ip.PortID == "" && !ours(modules.Marks(ip.Description)) {
			out = append(out, ip.ID)
		}
	}
	return out
}
