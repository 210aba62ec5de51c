package config

import (
	"time"

	"github.com/hashicorp/go-version"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// terraform reads the daemon-level section of design.md.
func (l *loader) terraform(m *schema.Mapping) {
	t := &l.cfg.Terraform
	*t = Terraform{
		StateDir:             "/var/lib/nodepool-tf",
		MaxConcurrentApplies: 8, MaxApplyMemory: HalfOfMemory, WarmPlugins: true,
		ListInterval: 5 * time.Minute, RefreshInterval: 6 * time.Hour,
	}
	s := m.Map("terraform")
	if s == nil {
		return
	}
	if path := s.Str("exec-path", ""); path != "" {
		t.ExecPath = absolute(path)
	}
	t.Version = constraint(s, "version")
	if _, set := s.Get("product"); set {
		t.Product = enum(s, "product", t.Product, "terraform", "opentofu")
	}
	if dir := s.Str("state-dir", ""); dir != "" {
		t.StateDir = absolute(dir)
	}
	if b := s.Map("backend"); b != nil {
		t.Backend = backend(b)
	}
	t.MaxConcurrentApplies = atLeast(s, "max-concurrent-applies", t.MaxConcurrentApplies, 1)
	t.MaxApplyMemory = memory(s, "max-apply-memory", t.MaxApplyMemory)
	t.WarmPlugins = s.Bool("warm-plugins", t.WarmPlugins)
	t.ListInterval = notNegative(s, "list-interval", t.ListInterval)
	t.RefreshInterval = notNegative(s, "refresh-interval", t.RefreshInterval)
	s.Elsewhere(ofSecureFile)
	s.Done()
	s.Elsewhere(nil)
}

// ofSecureFile words that the key of the states stands in the wrong file.
func ofSecureFile(key string) string {
	if key == "state-key" {
		return "; it belongs into the secure file (-s), and is not in force here"
	}
	return ""
}

// notNegative reads a period in seconds, 0 for never.
func notNegative(m *schema.Mapping, key string, def time.Duration) time.Duration {
	d := m.Seconds(key, def)
	if f, ok := m.Get(key); ok && d < 0 {
		f.Error("E-RANGE", "expected seconds, or 0 for never")
		return def
	}
	return d
}

// constraint reads a version constraint such as ">= 1.6, < 2".
func constraint(m *schema.Mapping, key string) string {
	text := m.Str(key, "")
	if text == "" {
		return ""
	}
	if _, err := version.NewConstraint(text); err != nil {
		f, _ := m.Get(key)
		f.Error("E-VERSION", `expected a version constraint such as "~> 1.48" or ">= 1.6, < 2"`)
	}
	return text
}

// enum reads a string out of a closed set.
func enum(m *schema.Mapping, key, def string, allowed ...string) string {
	got := m.Str(key, def)
	for _, a := range allowed {
		if got == a {
			return got
		}
	}
	f, _ := m.Get(key)
	f.Error("E-ENUM", "expected one of %s%s", list(allowed), nearHint(got, allowed))
	return def
}

// atLeast reads an integer with a lower bound.
func atLeast(m *schema.Mapping, key string, def, low int) int {
	n := m.Int(key, def)
	if f, ok := m.Get(key); ok && n < low {
		f.Error("E-RANGE", "expected at least %d", low)
		return def
	}
	return n
}
