package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Changes is what a new configuration changes of one that is in force. All lists are sorted.
type Changes struct {
	Providers Delta // by name
	Pools     Delta // provider/pool; changed: its labels or its priority, which others see
	Labels    Delta // provider/pool/label; changed labels are part of a changed provider
	// Options are the options outside providers that change and take effect at once, such as labels or max-hold-age.
	Options []string
	// NeedRestart are those that differ but stay as they are until a restart.
	NeedRestart []string
	// ZooKeeper says that another session is needed: other servers, TLS files or timeout.
	ZooKeeper bool
}

// Delta names what is new, gone, and different.
type Delta struct{ Added, Removed, Changed []string }

// String is for a log: +added -removed ~changed.
func (d Delta) String() string {
	var out []string
	for _, part := range []struct {
		sign  string
		names []string
	}{{"+", d.Added}, {"-", d.Removed}, {"~", d.Changed}} {
		for _, name := range part.names {
			out = append(out, part.sign+name)
		}
	}
	return strings.Join(out, " ")
}

// None reports whether nothing changes.
func (c Changes) None() bool {
	return reflect.DeepEqual(c, Changes{})
}

// Compare tells what changes when next follows running. It looks at values alone.
func Compare(running, next *Config) Changes {
	var c Changes
	c.Providers = delta(providers(running), providers(next))
	c.Pools = delta(pools(running), pools(next))
	c.Labels = delta(labels(running), labels(next))
	for _, o := range settings {
		if reflect.DeepEqual(o.at(running), o.at(next)) {
			continue
		}
		if o.restart {
			c.NeedRestart = append(c.NeedRestart, o.name)
		} else {
			c.Options = append(c.Options, o.name)
		}
	}
	c.ZooKeeper = !reflect.DeepEqual(running.ZooKeeper, next.ZooKeeper)
	slices.Sort(c.Options)
	slices.Sort(c.NeedRestart)
	return c
}

// Follow makes c, just loaded, ready to follow a configuration that is in force: what only a restart changes stays as it
// is, and so do unchanged providers, the very values, with their pools and labels: whoever holds one of them holds what is
// in force, and two that differ tell a change.
func (c *Config) Follow(running *Config) {
	for _, o := range settings {
		if o.restart {
			reflect.ValueOf(o.at(c)).Elem().Set(reflect.ValueOf(o.at(running)).Elem())
		}
	}
	for i, p := range c.Providers {
		if was := running.Provider(p.Name); was != nil && was.Hash == p.Hash {
			c.Providers[i] = was
		}
	}
}

// settings are all that is not part of a provider. at points to the value in a configuration.
var settings = []struct {
	name    string
	restart bool
	at      func(*Config) any
}{
	{"labels", false, func(c *Config) any { return &c.Labels }},
	{"max-hold-age", false, func(c *Config) any { return &c.MaxHoldAge }},
	{"tenant-resource-limits", false, func(c *Config) any { return &c.TenantLimits }},
	{"zookeeper-servers", false, func(c *Config) any { return &c.ZooKeeper.Servers }},
	{"zookeeper-tls", false, func(c *Config) any { return &c.ZooKeeper.TLS }},
	{"zookeeper-timeout", false, func(c *Config) any { return &c.ZooKeeper.Timeout }},
	{"terraform.max-concurrent-applies", false, func(c *Config) any { return &c.Terraform.MaxConcurrentApplies }},
	{"terraform.max-apply-memory", false, func(c *Config) any { return &c.Terraform.MaxApplyMemory }},
	{"terraform.list-interval", false, func(c *Config) any { return &c.Terraform.ListInterval }},
	{"terraform.refresh-interval", false, func(c *Config) any { return &c.Terraform.RefreshInterval }},
	{"terraform.exec-path", true, func(c *Config) any { return &c.Terraform.ExecPath }},
	{"terraform.version", true, func(c *Config) any { return &c.Terraform.Version }},
	{"terraform.product", true, func(c *Config) any { return &c.Terraform.Product }},
	{"terraform.state-dir", true, func(c *Config) any { return &c.Terraform.StateDir }},
	{"terraform.backend", true, func(c *Config) any { return &c.Terraform.Backend }},
	{"terraform.warm-plugins", true, func(c *Config) any { return &c.Terraform.WarmPlugins }},
	{"terraform.state-key", true, func(c *Config) any { return &c.Terraform.StateKey }},
	{"webapp", true, func(c *Config) any { return &c.WebApp }},
}

func providers(c *Config) map[string]string {
	out := map[string]string{}
	for _, p := range c.Providers {
		out[p.Name] = p.Hash
	}
	return out
}

func pools(c *Config) map[string]string {
	out := map[string]string{}
	for _, p := range c.Providers {
		for _, pool := range p.Pools {
			labels := slices.Sorted(slices.Values(pool.LabelNames))
			out[p.Name+"/"+pool.Name] = fmt.Sprintf("%d %q", pool.Priority, labels)
		}
	}
	return out
}

func labels(c *Config) map[string]string {
	out := map[string]string{}
	for _, p := range c.Providers {
		for _, pool := range p.Pools {
			for _, name := range pool.LabelNames {
				out[p.Name+"/"+pool.Name+"/"+name] = ""
			}
		}
	}
	return out
}

// delta compares what things are by name.
func delta(before, after map[string]string) (d Delta) {
	for name, is := range after {
		switch was, known := before[name]; {
		case !known:
			d.Added = append(d.Added, name)
		case was != is:
			d.Changed = append(d.Changed, name)
		}
	}
	for name := range before {
		if _, stays := after[name]; !stays {
			d.Removed = append(d.Removed, name)
		}
	}
	slices.Sort(d.Added)
	slices.Sort(d.Removed)
	slices.Sort(d.Changed)
	return d
}
