package ibmvpc

import "fmt"

func fixed(value int) object { return object{"type": "fixed", "value": value} }

// profiles are sizes, one of them of a range.
var profiles = []object{
	{"name": "bx2-2x8", "family": "balanced", "vcpu_count": fixed(2), "memory": fixed(8)},
	{"name": Profile, "family": "balanced", "vcpu_count": fixed(4), "memory": fixed(16)},
	{"name": "bz2-4x16", "family": "balanced", "vcpu_count": fixed(4), "memory": fixed(16)},
	{"name": "gx-any", "family": "gpu", "vcpu_count": object{"type": "dependent"}, "memory": object{"type": "dependent"}},
}

// size is a profile's cores and memory, false for one that is not there.
func size(name string) (cores, memory int, ok bool) {
	for _, p := range profiles {
		if p["name"] == name {
			cores, _ = p["vcpu_count"].(object)["value"].(int)
			memory, _ = p["memory"].(object)["value"].(int)
			return cores, memory, true
		}
	}
	return 0, 0, false
}

func (c *Cloud) vpc() object { return c.common("vpc", "r010-vpc", VPC, "rg-default") }

// firstSubnets are one in each of two zones, ci-de-1 and ci-de-2, and one in another VPC.
func (c *Cloud) firstSubnets() map[string]object {
	out := map[string]object{}
	for n, in := range []object{c.vpc(), c.vpc(), {"id": "r010-other", "name": "other"}} {
		id := fmt.Sprintf("02b7-subnet-%d", n)
		s := c.common("subnet", id, fmt.Sprintf("ci-de-%d", n%2+1), "rg-default")
		s["zone"], s["vpc"] = object{"name": fmt.Sprintf("%s-%d", Region, n%2+1)}, refer(in)
		out[id] = s
	}
	return out
}

func (c *Cloud) firstKeys() map[string]object {
	return map[string]object{
		"r010-key-0": c.common("key", "r010-key-0", "other-key", "rg-default"),
		"r010-key-1": c.common("key", "r010-key-1", "ci-key", "rg-default"),
		"r010-key-2": c.common("key", "r010-key-2", "last-key", "rg-default"),
	}
}

// firstImages are Ubuntu for amd64 and two for s390x, the newer one of a user's, and images that cannot boot.
func (c *Cloud) firstImages() map[string]object {
	out := map[string]object{}
	for _, i := range []struct{ id, name, status, created, visibility, architecture, vendor string }{
		{"r010-image-0", "ibm-ubuntu-24-04-minimal-amd64-1", "deprecated", "2026-01-01T00:00:00Z", "public", "amd64", "Canonical"},
		{"r010-image-1", "ibm-ubuntu-24-04-minimal-s390x-1", "available", "2026-01-02T00:00:00Z", "public", "s390x", "Canonical"},
		{"r010-image-2", "ibm-ubuntu-24-04-minimal-s390x-2", "available", "2026-02-02T00:00:00.5Z", "public", "s390x", "Canonical"},
		{"r010-image-3", "mine", "available", "2026-03-01T00:00:00Z", "private", "s390x", "Canonical"},
		{"r010-image-4", "half", "pending", "2026-04-01T00:00:00Z", "private", "s390x", "Canonical"},
		{"r010-image-5", "rhel", "obsolete", "2026-05-01T00:00:00Z", "public", "s390x", "Red Hat"},
	} {
		o := c.common("image", i.id, i.name, "rg-default")
		o["status"], o["created_at"], o["visibility"] = i.status, i.created, i.visibility
		o["operating_system"] = object{
			"name": "os-" + i.architecture, "architecture": i.architecture, "vendor": i.vendor, "family": i.vendor + " Linux", "version": "24.04",
			"display_name": i.vendor + " " + i.architecture, "dedicated_host_only": false, "href": c.server.URL + "/v1/operating_systems/os-" + i.architecture,
		}
		out[i.id] = o
	}
	return out
}
