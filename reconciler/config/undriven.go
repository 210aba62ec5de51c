package config

import (
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// undriven reads what all drivers have in common of a provider that this release
// leaves to somebody else, and checks its references: what upstream refuses to
// load, we do not load either. Its other options are not looked at.
func (l *loader) undriven(m *schema.Mapping, p *Provider) {
	m.Warn("W-NOT-DRIVEN", "this release does not drive %s providers yet; provider %s is left out", p.Driver, p.Name)
	if p.Driver == "test" || p.Driver == "example" {
		return
	}
	u := undrivenProvider{l: l, p: p}
	if p.Driver != "metastatic" {
		u.disk = l.imageNames(m, "diskimages", u.reference)
		u.cloud = l.imageNames(m, "cloud-images", nil)
	}
	for _, f := range m.List("pools") {
		if pool, ok := f.Mapping(); ok {
			u.pool(pool)
		}
	}
}

// undrivenProvider is one such provider with its image names.
type undrivenProvider struct {
	l           *loader
	p           *Provider
	disk, cloud map[string]bool
}

// reference reports a reference that does not hold. Upstream's validator sees
// only those of openstack, its loader all of them.
func (u *undrivenProvider) reference(f schema.Field, code, format string, args ...any) {
	if u.p.Driver == "openstack" {
		f.Error(code, format, args...)
	} else {
		f.LoadError(code, format, args...)
	}
}

func (u *undrivenProvider) pool(m *schema.Mapping) {
	name, ok := m.Get("name")
	if !ok {
		m.LoadError("E-REQ", "a pool needs a name")
		return
	}
	pool := &Pool{Provider: u.p, Priority: m.Int("priority", u.p.Priority), Labels: map[string]*PoolLabel{}}
	pool.Name, _ = name.Str()
	for _, f := range m.List("labels") {
		if label, ok := f.Mapping(); ok {
			u.label(label, pool)
		}
	}
	u.p.Pools = append(u.p.Pools, pool)
}

func (u *undrivenProvider) label(m *schema.Mapping, pool *Pool) {
	f, ok := m.Get("name")
	if !ok {
		m.LoadError("E-REQ", "a label needs a name")
		return
	}
	if name, ok := f.Str(); ok {
		u.addLabel(f, name, pool)
		u.images(m, name)
	}
}

// images checks the image references of a label. Openstack looks its diskimage
// up among the global ones, the others among their own.
func (u *undrivenProvider) images(m *schema.Mapping, label string) {
	if u.disk == nil {
		return
	}
	if f, ok := m.Some("diskimage", "string"); ok {
		image, _ := f.Str()
		switch openstack := u.p.Driver == "openstack" || u.p.Driver == "fake"; {
		case u.disk[image]:
		case openstack && u.l.images[image] != nil:
			f.Warn("W-LBL-IMG", "label %s can never start: image %s is not among the diskimages of provider %s", label, image, u.p.Name)
		default:
			u.reference(f, "E-LBL-IMG", "label %s uses unknown image %s%s", label, image, u.l.imageHint(image))
		}
	}
	if f, ok := m.Some("cloud-image", "string"); ok {
		if image, _ := f.Str(); !u.cloud[image] {
			f.LoadError("E-CI-UNDEF", "cloud image %s is not defined in provider %s%s", image, u.p.Name, hint(image, keys(u.cloud)))
		}
	}
}

func (u *undrivenProvider) addLabel(f schema.Field, name string, pool *Pool) {
	if u.l.cfg.Labels[name] == nil {
		u.reference(f, "E-LBL-UNDEF", "label %s of provider %s is not a global label%s", name, u.p.Name, hint(name, u.l.cfg.LabelNames))
		return
	}
	if pool.Labels[name] == nil {
		pool.LabelNames = append(pool.LabelNames, name)
	}
	pool.Labels[name] = &PoolLabel{Name: name, Pool: pool}
}

// imageNames reads the names in a provider's list of images; reference, if
// given, says what to do about one that is no buildable global image.
func (l *loader) imageNames(m *schema.Mapping, key string, reference report) map[string]bool {
	names := map[string]bool{}
	for _, f := range m.List(key) {
		entry, ok := f.Mapping()
		if !ok {
			continue
		}
		f, ok := entry.Get("name")
		if !ok {
			entry.LoadError("E-REQ", "an image needs a name")
			continue
		}
		name, ok := f.Str()
		if !ok {
			continue
		}
		names[name] = true
		if reference != nil {
			l.checkBuildable(f, name, reference, schema.Field.LoadError)
		}
	}
	return names
}

// report is one of the ways to report an issue, such as schema.Field.Error.
type report = func(f schema.Field, code, format string, args ...any)

// checkBuildable reports an image that is not global, or abstract.
func (l *loader) checkBuildable(f schema.Field, name string, undefined, abstract report) {
	switch def := l.images[name]; {
	case def == nil:
		undefined(f, "E-IMG-UNDEF", "image %s is not defined in the global diskimages%s", name, l.imageHint(name))
	case def.abstract:
		abstract(f, "E-IMG-ABSTRACT", "image %s is abstract; name an image made from it", name)
	}
}
