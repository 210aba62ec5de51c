package config

import (
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// The drivers that are in no table: any Terraform module, and machines that exist; and the one in it that needs no module.
const (
	driverTerraform  = "terraform"
	driverStatic     = "static"
	driverMetastatic = "metastatic"
)

// knownDrivers are valid in a file, whether we drive them yet or not.
var knownDrivers = []string{
	driverTerraform, "aws", "azure", "gce", "ibmvpc", "kubernetes", driverMetastatic,
	"openshift", "openshiftpods", "openstack", driverStatic, "fake", "test", "example",
}

// providers reads every provider. A later one of the same name wins.
func (l *loader) providers(m *schema.Mapping) {
	seen := map[string]bool{}
	for _, f := range m.List("providers") {
		entry, ok := f.Mapping()
		if !ok {
			continue
		}
		p, ok := l.provider(entry)
		if !ok {
			continue
		}
		if seen[p.Name] {
			f.Warn("W-DUP-PROVIDER", "provider %s is defined twice; the last one is used", p.Name)
			l.forget(p.Name)
		}
		seen[p.Name] = true
		if p.Driver == driverTerraform || !p.HasModules() || drivers[p.Driver].Spec != nil {
			l.cfg.Providers = append(l.cfg.Providers, p)
		} else {
			l.cfg.Undriven = append(l.cfg.Undriven, p)
		}
	}
}

func (l *loader) forget(name string) {
	named := func(p *Provider) bool { return p.Name == name }
	l.cfg.Providers = slices.DeleteFunc(l.cfg.Providers, named)
	l.cfg.Undriven = slices.DeleteFunc(l.cfg.Undriven, named)
}

// provider reads one provider: the options all drivers share, then its driver's.
func (l *loader) provider(m *schema.Mapping) (*Provider, bool) {
	name, ok := m.Name("name", "E-NONAME", "a provider needs a name")
	p := &Provider{
		Name:           name,
		Hash:           l.providerHash(m),
		Priority:       m.Int("priority", 100),
		MaxConcurrency: maxConcurrency(m),
		CloudImages:    map[string]*Image{},
		DiskImages:     map[string]*Image{},
	}
	driver, known := driverOf(m, name)
	if !known {
		return nil, false
	}
	p.Driver = driver
	d, table := drivers[driver]
	switch {
	case table:
		l.driverProvider(m, p, d)
	case driver == driverTerraform:
		l.terraformProvider(m, p)
	case driver == driverStatic:
		l.staticProvider(m, p)
	default: // test, example
		m.Warn("W-NOT-DRIVEN", "driver %s is for Nodepool's own development; provider %s is left out", p.Driver, p.Name)
	}
	return p, ok
}

// driverOf applies upstream's defaults: openstack when nothing is said, and fake
// for every name that begins with it. An explicit terraform is taken at its word:
// no file that upstream reads has it.
func driverOf(m *schema.Mapping, name string) (string, bool) {
	driver := m.Str("driver", "openstack")
	f, given := m.Get("driver")
	if !slices.Contains(knownDrivers, driver) {
		f.Error("E-DRIVER", "unknown driver %s%s", driver, hint(driver, knownDrivers))
		return "", false
	}
	if !strings.HasPrefix(name, "fake") || driver == driverTerraform || driver == "fake" {
		return driver, true
	}
	if given {
		f.Warn("W-FAKE", "a name that begins with fake forces the fake driver")
	}
	return "fake", true
}

// maxConcurrency returns -1 for no limit. Upstream documents 0 as no limit and
// then accepts nothing; we hold to the documentation (D-42).
func maxConcurrency(m *schema.Mapping) int {
	n := m.Int("max-concurrency", -1)
	if n < 0 {
		return -1
	}
	if n == 0 {
		f, _ := m.Get("max-concurrency")
		f.Warn("W-CONCURRENCY", "0 means no limit here (Nodepool would accept no request)")
		return -1
	}
	return n
}
