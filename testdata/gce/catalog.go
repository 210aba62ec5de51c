package gce

import (
	"net/http"
	"slices"
	"strconv"
)

// What there is to make instances of, in every cloud here.
var (
	machineTypes = map[string][2]int{"e2-small": {2, 2048}, "e2-standard-4": {4, 16384}, "n2-standard-2": {2, 8192}} // cores, MiB
	diskTypes    = []string{"pd-standard", "pd-balanced", "pd-ssd"}
	images       = []image{
		{"debian-cloud", "debian-12-bookworm-v20260101", "debian-12"}, {"debian-cloud", "debian-12-bookworm-v20260401", "debian-12"},
		{"debian-cloud", "debian-11-bullseye-v20250101", ""}, {"", "hardened-2025-06", ""},
	}
)

// imageSize is that of all images, in GiB.
const imageSize = 10

// image is one of a project's, "" for that of the cloud; of a family the last one is the newest.
type image struct{ project, name, family string }

// Publish adds an image, the newest of its family.
func (c *Cloud) Publish(project, name, family string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.images = append(c.images, image{project, name, family})
}

func isZone(name string) bool { return slices.Contains(zones, name) }

func (c *Cloud) getZone(r *http.Request) (any, *refused) {
	name := r.PathValue("zone")
	return map[string]any{"kind": "compute#zone", "name": name, "status": "UP", "region": c.link("regions/%s", Region), "selfLink": c.link("zones/%s", name)}, nil
}

func (c *Cloud) getRegion(r *http.Request) (any, *refused) {
	if r.PathValue("region") != Region {
		return nil, notFound(r)
	}
	cpus, machines := c.used()
	quotas := []any{
		map[string]any{"metric": "SNAPSHOTS", "limit": 1000, "usage": 0},
		map[string]any{"metric": "CPUS", "limit": unlimited(c.CPUs), "usage": cpus},
		map[string]any{"metric": "INSTANCES", "limit": unlimited(c.Machines), "usage": machines},
	}
	return map[string]any{"kind": "compute#region", "name": Region, "quotas": quotas}, nil
}

// unlimited is a very large number in the API.
func unlimited(n int) float64 {
	if n == 0 {
		return 9.223372036854776e+18
	}
	return float64(n)
}

// used is what counts against the quotas.
func (c *Cloud) used() (cpus, machines int) {
	for _, i := range c.instances {
		cpus += machineTypes[i.MachineType][0]
		machines++
	}
	return cpus, machines
}

func (c *Cloud) getMachineType(r *http.Request) (any, *refused) {
	name := r.PathValue("name")
	size, ok := machineTypes[name]
	if !ok {
		return nil, notFound(r)
	}
	return map[string]any{"kind": "compute#machineType", "name": name, "guestCpus": size[0], "memoryMb": size[1]}, nil
}

// find is an image by project and what is asked of it, the last that fits.
func (c *Cloud) find(project string, fits func(image) bool) (image, bool) {
	all := append(slices.Clone(images), c.images...)
	for _, i := range slices.Backward(all) {
		if i.project == "" {
			i.project = c.Project
		}
		if i.project == project && fits(i) {
			return i, true
		}
	}
	return image{}, false
}

func (c *Cloud) getFamily(r *http.Request) (any, *refused) {
	i, ok := c.find(r.PathValue("project"), func(i image) bool { return i.family == r.PathValue("name") })
	if !ok {
		return nil, notFound(r)
	}
	return map[string]any{
		"kind": "compute#image", "name": i.name, "family": i.family, "status": "READY", "diskSizeGb": strconv.Itoa(imageSize),
		"selfLink": "https://www.googleapis.com" + base + "projects/" + i.project + "/global/images/" + i.name,
	}, nil
}
