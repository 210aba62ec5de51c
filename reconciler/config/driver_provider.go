package config

import (
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// terraformProvider reads a provider of driver terraform (design.md, Config).
// Upstream has no such driver, so what is wrong is an Error in every mode.
func (l *loader) terraformProvider(m *schema.Mapping, p *Provider) {
	p.LaunchRetries = max(1, atLeast(m, "launch-retries", 3, 0))
	p.LaunchTimeout = positive(m, "launch-timeout", time.Hour)
	p.BootTimeout = positive(m, "boot-timeout", time.Minute)
	p.applyOptions(m)
	p.Region = m.Str("region", "")
	for _, f := range m.List("cloud-images") {
		addImage(p.CloudImages, f, cloudImage)
	}
	for _, f := range m.List("diskimages") {
		addImage(p.DiskImages, f, l.uploadedImage)
	}
	spec := l.providerSpec(m)
	for _, f := range m.List("pools") {
		if pool, ok := f.Mapping(); ok {
			l.pool(pool, p, spec)
		}
	}
	m.Done()
}

// applyOptions reads the options that all providers with a Terraform module have.
func (p *Provider) applyOptions(m *schema.Mapping) {
	p.MaxConcurrentApplies = atLeast(m, "max-concurrent-applies", 0, 0)
	p.MaxApplyMemory = memory(m, "max-apply-memory", 0)
	p.CleanLeaked = m.Bool("clean-leaked", false)
}

// positive reads a time limit in seconds.
func positive(m *schema.Mapping, key string, def time.Duration) time.Duration {
	d := m.Seconds(key, def)
	if f, ok := m.Get(key); ok && d <= 0 {
		f.Error("E-RANGE", "expected more than 0 seconds")
		return def
	}
	return d
}
