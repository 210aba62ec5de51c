package driver

import (
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Label is what every pool label has.
type Label struct {
	*Scope
	Name string
	// CloudImageName and DiskImageName are those of the image in the provider; at most one is set.
	CloudImageName, DiskImageName string
	// ImageID is the cloud's id of the cloud image, "" where the configuration does not say it.
	ImageID string
	// Login is the image's, where there is one.
	Login
	HostKeyChecking bool
	// ConsoleLog asks for the machine's console in the log when it does not boot, where the cloud has it.
	ConsoleLog bool
	// Resources is what a node counts for in quotas, as far as the configuration
	// tells; always has instances: 1.
	Resources map[string]float64
}

// EntryName is the label's name.
func (l *Label) EntryName() string { return l.Name }

// Extend reads what every driver's labels have beside the driver's own options.
func (l *Label) Extend(m *schema.Mapping) {
	if l.Scope.Extend != nil {
		l.Scope.Extend(l, m)
	}
}

// Named is the name's row.
func (l *Label) Named(maps string) option.Row {
	return option.Name("name", &l.Name, "label").Need(option.Always).Maps(maps)
}

// Images are cloud-image and diskimage.
func (l *Label) Images(need option.Need, cloud, disk string) option.Table {
	return option.Table{
		option.Str("cloud-image", &l.CloudImageName, "").Need(need).Maps(cloud),
		option.Str("diskimage", &l.DiskImageName, "").Need(need).Maps(disk),
	}
}

// Defined checks that the label is a global one, and begins what an image or the
// driver completes: its resources and how to get into its nodes.
func (l *Label) Defined(m *schema.Mapping) {
	l.Resources = map[string]float64{"instances": 1}
	l.ConnectionType, l.ConnectionPort = "ssh", 22
	if l.PythonPath == "" {
		l.PythonPath = "auto"
	}
	if f, _ := m.Get("name"); l.Name != "" && !l.IsLabel(l.Name) {
		l.refer(f, "E-LBL-UNDEF", "label %s of provider %s is not a global label%s", l.Name, l.Provider, Hint(l.Name, l.Labels))
	}
}

// OneImage warns about a label with both kinds of image, or none, where upstream
// looks for neither (azure, ibmvpc; config-reference D46).
func (l *Label) OneImage(m *schema.Mapping) {
	switch cloud, disk := m.Has("cloud-image"), m.Has("diskimage"); {
	case cloud && disk:
		m.Warn("E-XOR", "diskimage and cloud-image exclude each other; diskimage is used")
	case !cloud && !disk:
		m.Warn("W-LBL-IMG", "the label can never start: it has neither cloud-image nor diskimage")
	}
}

// based is an image of a driver.
type based interface {
	option.Named
	Base() *Image
}

// UseCloudImage finds the cloud image the label names, if it names one, and takes
// its login over.
func UseCloudImage[E based](l *Label, m *schema.Mapping, images *option.Set[E]) (E, bool) {
	image, ok := images.Get(l.CloudImageName)
	if ok {
		l.Login = image.Base().Login
	} else if l.CloudImageName != "" {
		f, _ := m.Get("cloud-image")
		f.LoadError("E-CI-UNDEF", "cloud image %s is not defined in provider %s%s", l.CloudImageName, l.Provider, Hint(l.CloudImageName, images.Names()))
	}
	return image, ok
}

// UseDiskImage is UseCloudImage for a disk image, which wins over a cloud image.
// Openstack looks it up among the global ones (config-reference D28).
func UseDiskImage[E based](l *Label, m *schema.Mapping, images *option.Set[E]) (E, bool) {
	image, ok := images.Get(l.DiskImageName)
	f, _ := m.Get("diskimage")
	_, global := l.Scope.Images[l.DiskImageName]
	openstack := l.Driver == "openstack" || l.Driver == "fake"
	switch {
	case ok:
		l.Login = image.Base().Login
	case l.DiskImageName == "":
	case openstack && global:
		f.Warn("W-LBL-IMG", "the label can never start: image %s is not among the diskimages of provider %s", l.DiskImageName, l.Provider)
	default:
		l.refer(f, "E-LBL-IMG", "label %s uses unknown image %s%s", l.Name, l.DiskImageName, Hint(l.DiskImageName, images.Names()))
	}
	if l.DiskImageName != "" {
		l.CloudImageName = ""
	}
	return image, ok
}
