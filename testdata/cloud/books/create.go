package books

import (
	"maps"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// Create accepts an instance, with the fate that the fault says, if any.
func (b *Books) Create(name string, spec api.InstanceSpec, fault *api.Fault) (api.Instance, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.tick()
	p := b.project(name)
	f, ok := flavors[spec.Flavor]
	if !ok {
		return api.Instance{}, refuse(400, "InvalidFlavor", "Flavor %q could not be found.", spec.Flavor)
	}
	image, ok := p.image(spec.Image)
	if !ok {
		return api.Instance{}, refuse(400, "InvalidImage", "Image %q could not be found.", spec.Image)
	}
	if err := p.fits(f); err != nil {
		return api.Instance{}, err
	}
	seq := b.head.Seq + 1
	i := &instance{
		ID: id("i", b.head.Salt, seq), Seq: seq, Project: name, Name: spec.Name, Image: spec.Image, ImageID: image, Flavor: f.Name,
		Tags: maps.Clone(spec.Tags), Created: now, Ready: now + int64(b.roll(p, name+".boot", p.settings.Pace.Boot)),
	}
	i.fate(fault)
	if err := b.keep(i); err != nil {
		return api.Instance{}, err
	}
	return i.show(now), nil
}

// fate is what the fault makes of an accepted instance.
func (i *instance) fate(f *api.Fault) {
	if f == nil {
		return
	}
	switch f.Kind {
	case api.Broken:
		i.Broken, i.Fault = true, f.Text
	case api.Vanish:
		i.Vanishes, i.Ends = true, i.Ready+max(int64(f.After), 1)
	case api.Stuck:
		i.Ready = 0
	}
}

// image finds one of the project's images, or a public one, by id or name.
func (p *project) image(name string) (string, bool) {
	if id, ok := images[name]; ok {
		return id, true
	}
	if o := p.objects[name]; o != nil && o.Kind == api.Images {
		return o.ID, true
	}
	for _, id := range images {
		if id == name {
			return id, true
		}
	}
	for _, o := range p.objects {
		if o.Kind == api.Images && o.Name == name {
			return o.ID, true
		}
	}
	return "", false
}
