package config

import (
	"maps"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// poolLabel reads one label of a pool of a terraform provider and adds it,
// replacing an earlier one of the same name.
func (l *loader) poolLabel(m *schema.Mapping, pool *Pool, provider specParts, checkHostKeys bool) {
	name, named := m.Name("name", "E-REQ", "a label needs a name")
	label := &PoolLabel{
		Name:            name,
		Pool:            pool,
		Resources:       needs(m),
		HostKeyChecking: m.Bool("host-key-checking", checkHostKeys),
	}
	var own Image
	login(m, &own)
	l.labelImage(m, label)
	label.resolve(own)
	label.Spec = l.labelSpec(m, provider)
	label.Alternatives = allOver(label.Spec, l.alternatives(m))
	m.Done()
	if !named {
		return
	}
	f, _ := m.Get("name")
	if l.cfg.Labels[name] == nil {
		f.Error("E-LBL-UNDEF", "label %s of provider %s is not a global label%s", name, pool.Provider.Name, hint(name, l.cfg.LabelNames))
	}
	if pool.Labels[name] != nil {
		f.Warn("W-DUP-LABEL", "label %s is in the pool twice; the last one is used", name)
	} else {
		pool.LabelNames = append(pool.LabelNames, name)
	}
	pool.Labels[name] = label
}

// needs is what one node counts for in quotas.
func needs(m *schema.Mapping) map[string]float64 {
	out := amounts(m, "resources")
	if n, ok := out["instances"]; ok && n != 1 {
		f, _ := m.Get("resources")
		f.Error("E-RANGE", "a node is always one instance; leave instances out")
	}
	out["instances"] = 1
	return out
}

// labelImage finds the image a label names. With both kinds given the diskimage
// is used, as upstream does where it accepts both.
func (l *loader) labelImage(m *schema.Mapping, label *PoolLabel) {
	p := label.Pool.Provider
	label.CloudImage, label.DiskImage = m.Str("cloud-image", ""), m.Str("diskimage", "")
	if label.CloudImage != "" && label.DiskImage != "" {
		m.SchemaError("E-XOR", "cloud-image and diskimage exclude each other; diskimage is used")
		label.CloudImage = ""
	}
	if name := label.CloudImage; name != "" {
		if label.Image = p.CloudImages[name]; label.Image == nil {
			f, _ := m.Get("cloud-image")
			f.Error("E-CI-UNDEF", "cloud image %s is not defined in provider %s%s", name, p.Name, hint(name, keys(p.CloudImages)))
		}
	}
	if name := label.DiskImage; name != "" {
		if label.Image = p.DiskImages[name]; label.Image == nil {
			f, _ := m.Get("diskimage")
			f.Error("E-LBL-IMG", "label uses image %s, which is not among the diskimages of provider %s%s", name, p.Name, hint(name, keys(p.DiskImages)))
		}
	}
}

// resolve decides how to get into a node: the label's own word, else the
// image's, else the default.
func (pl *PoolLabel) resolve(own Image) {
	var image Image
	if pl.Image != nil {
		image = *pl.Image
	}
	pl.Username = firstOf(own.Username, image.Username)
	pl.PythonPath = firstOf(own.PythonPath, image.PythonPath, "auto")
	pl.ShellType = firstOf(own.ShellType, image.ShellType)
	pl.ConnectionType = firstOf(own.ConnectionType, image.ConnectionType, "ssh")
	standard := 22
	if pl.ConnectionType == "winrm" {
		standard = 5986
	}
	pl.ConnectionPort = firstOf(own.ConnectionPort, image.ConnectionPort, standard)
}

// keys returns the sorted keys of a map.
func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
