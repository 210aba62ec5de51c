package ibmvpc

import (
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Pool is a part of a provider: a resource group.
type Pool struct {
	driver.Pool
	Provider *Provider
	Network  Network
	Labels   option.Set[*Label]
}

func (p *Provider) newPool() *Pool { return &Pool{Pool: driver.Pool{Scope: p.Scope}, Provider: p} }

// Options is the table of a pool.
func (p *Pool) Options() option.Table {
	return option.Join(
		p.Head(option.Always, "ibm_resource_group name"),
		option.Table{p.Servers(nil, "")},
		p.Network.options(p.Provider.Defaults, "provider", option.OneLevel),
		option.Table{
			option.NamedEntries("labels", &p.Labels, "W-DUP-LABEL", "label", p.newLabel).Need(option.Validated).Maps("ibm_is_instance"),
		},
	)
}

// Check asks for a zone and a subnet.
func (p *Pool) Check(m *schema.Mapping) {
	p.WantServers(m, "E-IBM-MAX")
	f, _ := m.Get("name")
	switch {
	case strings.HasPrefix(p.Name, "_"): // upstream's validator sees this one
		f.SchemaError("E-IBM-NAME", "no underscores: resource groups are named np_<provider>_<pool>")
	case strings.Contains(p.Name, "_"):
		f.LoadError("E-IBM-NAME", "no underscores: resource groups are named np_<provider>_<pool>")
	}
	if p.Network.Zone == "" {
		m.Absent("zone").LoadError("E-IBM-ZONE", "zone is needed, here or in the provider")
	}
	if p.Network.Subnet == "" {
		m.Absent("subnet").LoadError("E-IBM-SUBNET", "subnet is needed, here or in the provider")
	}
	p.UseInternalIP, p.HostKeyChecking = p.Network.UseInternalIP, p.Network.HostKeyChecking
	for _, l := range p.Labels.List {
		l.HostKeyChecking = p.HostKeyChecking
	}
}

// Label is how a pool makes a node: one ibm_is_instance.
type Label struct {
	driver.Label
	Pool *Pool
	// At most one of the images is set; none where the reference does not hold.
	CloudImage        *CloudImage
	DiskImage         *DiskImage
	Profile, UserData string
}

func (p *Pool) newLabel() *Label { return &Label{Label: driver.Label{Scope: p.Scope}, Pool: p} }

// Options is the table of a label.
func (l *Label) Options() option.Table {
	return option.Join(
		option.Table{l.Named(driver.Launcher)},
		l.Images(option.OneOf, "image", "image"),
		option.Table{
			option.Str("profile", &l.Profile, "").Need(option.Always).Maps("profile"),
			option.Str("user-data", &l.UserData, "").Maps("user_data"),
		},
	)
}

// Check finds the image.
func (l *Label) Check(m *schema.Mapping) {
	l.Defined(m)
	l.OneImage(m)
	l.CloudImage, _ = driver.UseCloudImage(&l.Label, m, &l.Pool.Provider.CloudImages)
	if disk, ok := driver.UseDiskImage(&l.Label, m, &l.Pool.Provider.DiskImages); ok {
		l.CloudImage, l.DiskImage = nil, disk
	}
	if l.CloudImage != nil {
		l.ImageID = l.CloudImage.ID()
	}
}
