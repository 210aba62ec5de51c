package books

import "github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"

// AddObject makes an image or a network.
func (b *Books) AddObject(name string, o api.Object) (api.Object, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tick()
	seq := b.head.Seq + 1
	o = o.Clone()
	o.ID, o.Project, o.Created = id(o.Kind[:3], b.head.Salt, seq), name, b.now().UTC()
	if err := b.write(entry{Object: &o}); err != nil {
		return api.Object{}, err
	}
	b.enterObject(&o)
	return o.Clone(), nil
}

func (b *Books) enterObject(o *api.Object) {
	b.project(o.Project).objects[o.ID] = o
	if seq, ok := seqOf(o.ID); ok {
		b.head.Seq = max(b.head.Seq, seq)
	}
}

// Object is one of a project's images or networks.
func (b *Books) Object(name, kind, id string) (api.Object, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.object(name, kind, id)
}

func (b *Books) object(name, kind, id string) (api.Object, error) {
	o := b.project(name).objects[id]
	if o == nil || o.Kind != kind {
		return api.Object{}, refuse(404, "NotFound", "There is no %s among the %s.", id, kind)
	}
	return o.Clone(), nil
}

// RetagObject replaces the tags of an image or a network.
func (b *Books) RetagObject(name, kind, id string, tags map[string]string) (api.Object, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, err := b.object(name, kind, id)
	if err != nil {
		return api.Object{}, err
	}
	o.Tags = tags
	if err := b.write(entry{Object: &o}); err != nil {
		return api.Object{}, err
	}
	b.enterObject(&o)
	return o.Clone(), nil
}

// DropObject removes an image or a network.
func (b *Books) DropObject(name, kind, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, err := b.object(name, kind, id); err != nil {
		return err
	}
	if err := b.write(entry{Drop: &dropped{name, id}}); err != nil {
		return err
	}
	delete(b.project(name).objects, id)
	return nil
}
