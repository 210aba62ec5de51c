package config

import (
	"slices"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// maxParallelJobs bounds the nodes of one machine: a typo must not fill ZooKeeper.
const maxParallelJobs = 10_000

// staticNode reads one machine and adds it to its pool.
func (l *loader) staticNode(m *schema.Mapping, pool *Pool) {
	n := &StaticNode{Pool: pool}
	var named, labelled bool
	n.Name, named = m.Name("name", "E-REQ", "a static node needs a name: the host name or address to connect to")
	n.Labels, labelled = l.staticLabels(m, pool)
	n.Username = m.Str("username", "zuul")
	n.Timeout = staticTimeout(m)
	n.HostKeyChecking = m.Bool("host-key-checking", true)
	n.HostKeys = hostKeys(m)
	n.ConnectionType = m.Str("connection-type", "ssh")
	n.ConnectionPort = staticPort(m, n.ConnectionType)
	n.ShellType = m.Str("shell-type", "")
	n.PythonPath = m.Str("python-path", "auto")
	n.MaxParallelJobs = max(0, m.Int("max-parallel-jobs", 1))
	if f, ok := m.Get("max-parallel-jobs"); ok && n.MaxParallelJobs > maxParallelJobs {
		f.Error("E-RANGE", "a machine is at most %d nodes", maxParallelJobs)
		n.MaxParallelJobs = maxParallelJobs
	}
	m.Done()
	if named && labelled && l.first(m, n) {
		pool.addStaticNode(n)
	}
}

// first reports whether the file names a machine of a provider for the first time. The nodes of two with one identity
// could not be told apart: the second is left out.
func (l *loader) first(m *schema.Mapping, n *StaticNode) bool {
	before, again := l.machines[n.ID()]
	if !again {
		l.machines[n.ID()] = m.Field
		return true
	}
	f, _ := m.Get("name")
	f.StrictError("E-STATIC-DUP", "machine %s with user %s and port %d is listed twice, first as %s; in one provider only the first is used", n.Name, n.Username, n.ConnectionPort, before.Path())
	same := func(o *StaticNode) bool { return o.ID() == n.ID() }
	return !slices.ContainsFunc(n.Pool.StaticNodes, same) &&
		!slices.ContainsFunc(n.Pool.Provider.Pools, func(p *Pool) bool { return p.Name != n.Pool.Name && slices.ContainsFunc(p.StaticNodes, same) })
}

// staticLabels reads a list of labels, or words in a string (D84), without repetitions.
func (l *loader) staticLabels(m *schema.Mapping, pool *Pool) (labels []string, ok bool) {
	f, ok := m.Get("labels")
	if !ok || f.Value().Kind == schema.Null {
		m.Missing("E-REQ", "labels", "a static node needs labels")
		return nil, false
	}
	add := func(at schema.Field, name string) {
		if l.cfg.Labels[name] == nil {
			at.LoadError("E-LBL-UNDEF", "label %s of provider %s is not a global label%s", name, pool.Provider.Name, hint(name, l.cfg.LabelNames))
		} else if !slices.Contains(labels, name) {
			labels = append(labels, name)
		}
	}
	if f.Value().Kind == schema.String {
		for _, name := range strings.Fields(f.Value().Text) {
			add(f, name)
		}
		return labels, true
	}
	items, ok := f.Items()
	for _, item := range items {
		if name, ok := item.Str(); ok {
			add(item, name)
		}
	}
	return labels, ok
}

// staticTimeout is how long a machine has to answer.
func staticTimeout(m *schema.Mapping) time.Duration {
	const standard = 5 * time.Second
	d := m.Seconds("timeout", standard)
	if f, ok := m.Get("timeout"); ok && d <= 0 {
		f.StrictError("E-RANGE", "no machine answers in 0 seconds; 5 are used")
		return standard
	}
	return d
}

// hostKeys reads one key or a list of them.
func hostKeys(m *schema.Mapping) []string {
	f, ok := m.Some("host-key", "string or list of strings")
	if !ok {
		return nil
	}
	var keys []string
	if f.Value().Kind == schema.List {
		keys, _ = f.Strings()
	} else if key, ok := f.Str(); ok {
		keys = []string{key}
	}
	for _, key := range keys {
		if len(strings.Fields(key)) != 2 || strings.Join(strings.Fields(key), " ") != key {
			f.Warn("W-STATIC-KEY", "a host key is its type and its base64 text with one blank between them; one with anything else never matches")
		}
	}
	return keys
}

// staticPort is connection-port, else its older name, else 22 for all connection types, though upstream's documentation
// has 5986 for winrm (D82, D83).
func staticPort(m *schema.Mapping, connectionType string) int {
	n := 22
	for _, key := range []string{"ssh-port", "connection-port"} {
		n = m.Int(key, n)
		if f, ok := m.Get(key); ok && (n < 1 || n > 65535) {
			f.LoadError("E-RANGE", "a port is between 1 and 65535")
			n = 22
		}
	}
	if !m.Has("connection-port") && !m.Has("ssh-port") && connectionType == "winrm" {
		m.Warn("W-STATIC-PORT", "the port is 22, as in Nodepool, although its documentation says 5986; set connection-port")
	}
	return n
}
