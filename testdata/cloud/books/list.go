package books

import (
	"maps"
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

func (b *Books) find(name, id string) (*instance, error) {
	i := b.instances[id]
	if i == nil || i.Project != name {
		return nil, refuse(404, "NotFound", "Instance %s could not be found.", id)
	}
	return i, nil
}

// Instance is one of a project's.
func (b *Books) Instance(name, id string) (api.Instance, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.tick()
	i, err := b.find(name, id)
	if err != nil {
		return api.Instance{}, err
	}
	return i.show(now), nil
}

// List is a page of a project's instances in the order of their creation.
func (b *Books) List(name, marker string, limit int, tags map[string]string) (api.Page[api.Instance], error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.tick()
	p := b.project(name)
	var after uint32
	if marker != "" {
		var ok bool
		if after, ok = seqOf(marker); !ok {
			return api.Page[api.Instance]{}, refuse(400, "InvalidMarker", "Marker %q could not be found.", marker)
		}
	}
	from, found := slices.BinarySearchFunc(p.order, after, func(i *instance, seq uint32) int { return int(i.Seq) - int(seq) })
	if found {
		from++
	}
	page := api.Page[api.Instance]{Items: []api.Instance{}}
	for _, i := range p.order[from:] {
		if i.state(now) == api.Gone || !api.HasTags(i.Tags, tags) {
			continue
		}
		if len(page.Items) == limit {
			page.Next = page.Items[limit-1].ID
			break
		}
		page.Items = append(page.Items, i.show(now))
	}
	return page, nil
}

// History are the newest of a project's instances that are gone, oldest first.
func (b *Books) History(name string, tags map[string]string) []api.Instance {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.tick()
	out := []api.Instance{}
	for _, i := range b.past {
		if i.Project == name && api.HasTags(i.Tags, tags) {
			out = append(out, i.show(now))
		}
	}
	return out
}

// Objects is a page of a project's images or networks.
func (b *Books) Objects(name, kind, marker string, limit int, tags map[string]string) api.Page[api.Object] {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := slices.Collect(maps.Values(b.project(name).objects))
	page := api.Page[api.Object]{Items: []api.Object{}}
	slices.SortFunc(all, func(x, y *api.Object) int { return strings.Compare(x.ID, y.ID) })
	for _, o := range all {
		if o.Kind != kind || o.ID <= marker || !api.HasTags(o.Tags, tags) {
			continue
		}
		if len(page.Items) == limit {
			page.Next = page.Items[limit-1].ID
			break
		}
		page.Items = append(page.Items, o.Clone())
	}
	return page
}
