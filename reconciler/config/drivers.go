package config

import (
	"cmp"
	"maps"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/aws"
	"github.com/nodepool-tf/nodepool-tf/modules/azure"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/gce"
	"github.com/nodepool-tf/nodepool-tf/modules/ibmvpc"
	"github.com/nodepool-tf/nodepool-tf/modules/kubernetes"
	"github.com/nodepool-tf/nodepool-tf/modules/metastatic"
	"github.com/nodepool-tf/nodepool-tf/modules/openstack"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/pyformat"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// drivers are Nodepool's drivers that have a table of options.
var drivers = map[string]driver.Driver{
	"openstack":      openstack.Driver,
	"fake":           openstack.Fake,
	"aws":            aws.Driver,
	"azure":          azure.Driver,
	"gce":            gce.Driver,
	"ibmvpc":         ibmvpc.Driver,
	driverMetastatic: metastatic.Driver,
	"kubernetes":     kubernetes.Driver,
	"openshift":      kubernetes.OpenShift,
	"openshiftpods":  kubernetes.OpenShiftPods,
}

// driverProvider reads a provider by its driver's table. Without a Terraform
// module for the driver it is left alone.
func (l *loader) driverProvider(m *schema.Mapping, p *Provider, d driver.Driver) {
	scope := l.scope(p)
	var ext *extension
	switch {
	case p.Metastatic():
	case d.Spec == nil:
		m.Warn("W-NOT-DRIVEN", "%s providers are not driven: they are for Nodepool's own tests; provider %s is left out", p.Driver, p.Name)
	default:
		p.applyOptions(m)
		ext = l.extend(m)
		scope.Extend = ext.label(l)
	}
	o := d.New(scope)
	m.Elsewhere(elsewhere(func() option.Entry { return d.New(scope) }))
	option.Read(o, m)
	m.Elsewhere(nil)
	p.Options = o
	common := o.Common()
	p.take(common)
	if o, ok := o.(*metastatic.Provider); ok {
		p.takeBacking(o)
	}
	if d.Spec != nil {
		l.specs = append(l.specs, func() { p.specify(m, d, common, ext) })
	}
}

// specify completes the labels of providers whose drivers have a module. Default
// validation lets files through whose references do not hold: nothing to ask a
// driver about.
func (l *loader) specify(rep *schema.Report) {
	if l.mode == schema.Validate || HasErrors(rep.Issues()) {
		return
	}
	for _, complete := range l.specs {
		complete()
	}
}

// specify asks the driver how nodes of each label are made, and lays over it what
// the configuration says itself.
func (p *Provider) specify(m *schema.Mapping, d driver.Driver, common driver.Common, ext *extension) {
	for _, pool := range common.Pools {
		for _, l := range pool.Labels {
			label := p.Pool(pool.Name).Labels[l.Name]
			spec, err := d.Spec(p.Options, pool.Name, l.Name)
			if err != nil {
				m.Error("E-SPEC", "pool %s, label %s: %v", pool.Name, l.Name, err)
				continue
			}
			if spec.Module.Source == "" {
				spec.Module = modules.Module{Source: p.Driver, Shipped: d.Shipped}
			}
			for _, key := range slices.Sorted(maps.Keys(spec.Dynamic)) {
				if err := pyformat.Check(spec.Dynamic[key]); err != nil {
					m.Warn("W-FORMAT", "pool %s, label %s: the dynamic value of %s is left out of every node: %v", pool.Name, l.Name, key, err)
				}
			}
			label.Spec, label.Alternatives = ext.over(spec, l)
		}
	}
}

// scope is what a driver sees of the rest of the configuration.
func (l *loader) scope(p *Provider) *driver.Scope {
	labels := l.cfg.Labels // not l, which would keep the whole file in memory
	return &driver.Scope{
		Provider: p.Name, Driver: p.Driver, Priority: p.Priority,
		Labels:  l.cfg.LabelNames,
		IsLabel: func(name string) bool { return labels[name] != nil },
		Images:  l.globalImages(),
		Getenv:  l.getenv,
	}
}

// globalImages are the global images as drivers see them.
func (l *loader) globalImages() map[string]driver.Global {
	if l.global == nil {
		l.global = map[string]driver.Global{}
		for name, def := range l.images {
			l.global[name] = driver.Global{Abstract: def.abstract}
		}
		for name, image := range l.cfg.DiskImages {
			l.global[name] = driver.Global{Username: image.Username, PythonPath: image.PythonPath, ShellType: image.ShellType}
		}
	}
	return l.global
}

// take fills in what every provider has from what its driver read.
func (p *Provider) take(c driver.Common) {
	p.LaunchRetries, p.LaunchTimeout, p.BootTimeout = max(1, c.LaunchRetries), c.LaunchTimeout, c.BootTimeout
	if c.ZeroIsNone {
		p.LaunchRetries = max(0, c.LaunchRetries)
	}
	for _, from := range c.Pools {
		pool := &Pool{
			Name: from.Name, Provider: p,
			MaxServers: from.MaxServers, Limits: from.ByResource(),
			Priority: from.Priority, UseInternalIP: from.UseInternalIP,
			IgnoreProviderQuota: from.IgnoreProviderQuota,
			NodeAttributes:      jsonObject(from.NodeAttributes),
			Labels:              map[string]*PoolLabel{},
		}
		for _, label := range from.Labels {
			pool.LabelNames = append(pool.LabelNames, label.Name)
			pool.Labels[label.Name] = takeLabel(label, pool)
		}
		p.Pools = append(p.Pools, pool)
	}
}

func takeLabel(from *driver.Label, pool *Pool) *PoolLabel {
	label := &PoolLabel{
		Name: from.Name, Pool: pool, Resources: from.Resources,
		CloudImage: from.CloudImageName, DiskImage: from.DiskImageName,
		Username: from.Username, PythonPath: cmp.Or(from.PythonPath, "auto"), ShellType: from.ShellType,
		ConnectionType: cmp.Or(from.ConnectionType, "ssh"), ConnectionPort: cmp.Or(from.ConnectionPort, 22),
		HostKeyChecking: from.HostKeyChecking, ConsoleLog: from.ConsoleLog,
	}
	if name := cmp.Or(from.DiskImageName, from.CloudImageName); name != "" {
		label.Image = &Image{Name: name, ImageID: from.ImageID}
	}
	return label
}
