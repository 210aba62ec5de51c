package books

import (
	"maps"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// Delete accepts the end of an instance, and returns what is left of it: nil when it is gone already.
func (b *Books) Delete(name, id string, fault *api.Fault) (*api.Instance, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.tick()
	i, err := b.find(name, id)
	if err != nil {
		return nil, err
	}
	changed := *i
	if changed.Asked == 0 {
		changed.Asked = now
	}
	p := b.project(name)
	switch {
	case fault != nil && fault.Kind == api.Stuck:
		changed.Ends = 0
	case i.Asked == 0 || i.Ends == 0:
		changed.Ends = now + int64(b.roll(p, name+".shutdown", p.settings.Pace.Shutdown))
	}
	changed.Vanishes = false
	if err := b.keep(&changed); err != nil {
		return nil, err
	}
	if now = b.tick(); b.instances[id] == nil {
		return nil, nil
	}
	left := changed.show(now)
	return &left, nil
}

// Vanish makes an instance disappear behind everybody's back.
func (b *Books) Vanish(name, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.tick()
	i, err := b.find(name, id)
	if err != nil {
		return err
	}
	changed := *i
	changed.Ends, changed.Vanishes = now, true
	err = b.keep(&changed)
	b.tick()
	return err
}

// Retag replaces an instance's tags.
func (b *Books) Retag(name, id string, tags map[string]string) (api.Instance, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.tick()
	i, err := b.find(name, id)
	if err != nil {
		return api.Instance{}, err
	}
	changed := *i
	changed.Tags = maps.Clone(tags)
	if err := b.keep(&changed); err != nil {
		return api.Instance{}, err
	}
	return changed.show(now), nil
}
