package gce

import (
	"crypto/rsa"
	"maps"
	"net/http/httptest"
	"slices"
	"sync"
	"time"
)

// Settings are what a cloud is like. Its one region is Region, of three zones.
type Settings struct {
	Project string
	// CPUs and Machines are the region's quotas CPUS and INSTANCES, 0 for none.
	CPUs, Machines int
	// Delay is how long an operation takes.
	Delay time.Duration
	// Page is how many instances a page of a list has at most, 0 for all.
	Page int
}

// Region and its zones are those of every cloud here.
const Region = "europe-west1"

var zones = []string{Region + "-b", Region + "-c", Region + "-d"}

// Cloud is a running Compute Engine.
type Cloud struct {
	Settings
	server *httptest.Server

	mu         sync.Mutex
	key        *rsa.PrivateKey // the service account's; another one makes what is known of it worthless
	token      string
	instances  map[string]*instance
	operations map[string]*operation
	calls      map[string]int // by method and kind
	refusals   []Refusal
	images     []image // beside those of every cloud
	serial     uint64
	created    int
}

// Start starts a cloud. Stop it.
func Start(s Settings) (*Cloud, error) {
	c := &Cloud{Settings: s, instances: map[string]*instance{}, operations: map[string]*operation{}, calls: map[string]int{}}
	if err := c.NewKey(); err != nil {
		return nil, err
	}
	c.server = httptest.NewServer(c.routes())
	return c, nil
}

// Stop ends the server.
func (c *Cloud) Stop() { c.server.Close() }

// Endpoint is the URL of the API, as GOOGLE_COMPUTE_CUSTOM_ENDPOINT has it.
func (c *Cloud) Endpoint() string { return c.server.URL + base }

// Instance is what the books say of an instance.
type Instance struct {
	Name, Zone, MachineType, Image, DiskType, Status string
	Subnetwork                                       string // default, or ci
	DiskSize                                         int    // GiB
	Metadata                                         map[string]string
	PublicIPv4, PrivateIPv4                          string
}

// Instances are those that are there, by name.
func (c *Cloud) Instances() map[string]Instance {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	out := map[string]Instance{}
	for name, i := range c.instances {
		there := i.Instance
		there.Metadata = maps.Clone(i.Metadata)
		out[name] = there
	}
	return out
}

// Created is how many instances were ever made.
func (c *Cloud) Created() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.created
}

// Calls are how often something was asked for, by "METHOD kind"; they begin anew.
func (c *Cloud) Calls() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := maps.Clone(c.calls)
	clear(c.calls)
	return out
}

// Add makes an instance beside the API, as somebody else would.
func (c *Cloud) Add(name, zone, machineType string, metadata map[string]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.serial++
	c.instances[name] = &instance{
		Instance: Instance{Name: name, Zone: zone, MachineType: machineType, Status: running, Metadata: maps.Clone(metadata), DiskSize: 10, DiskType: "pd-standard", Subnetwork: "default"},
		id:       c.serial, since: time.Now(),
	}
}

// sorted are the instances of a zone, by name.
func (c *Cloud) sorted(zone string) (out []*instance) {
	for _, name := range slices.Sorted(maps.Keys(c.instances)) {
		if i := c.instances[name]; i.Zone == zone {
			out = append(out, i)
		}
	}
	return out
}
