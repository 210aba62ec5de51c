package status

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// AddQuota adds what the provider's cloud grants, a resource a row. Nodepool has no such table.
func (r *Report) AddQuota(q Quota) {
	t := Table{Columns: []Column{{"Resource", "resource"}, {"Limit", "limit"}, {"Used", "used"}, {"Unmanaged", "unmanaged"}}}
	for _, res := range slices.Sorted(maps.Keys(q.Limits)) {
		t.Rows = append(t.Rows, []any{res, amount(q.Limits[res]), amount(q.Used[res]), amount(q.Unmanaged[res])})
	}
	r.Sections = append(r.Sections, Section{"Quota of the cloud", "quota", t})
}

// amount is a cell for a number of resources: whole ones are written out, whatever their size.
func amount(n float64) any {
	if n == math.Trunc(n) && math.Abs(n) < 1<<53 {
		return int64(n)
	}
	return n
}

// InfoReport shows what there is of a provider: its uploads, an image's build a row, and its nodes. What belongs to
// other providers is passed over. Source: operator-surface.md 1.7 `info`.
func InfoReport(provider string, uploads []*record.ImageUpload, nodes []*record.Node) Report {
	type build struct{ image, id string }
	ids := map[build][]string{}
	for _, u := range uploads {
		if u.Provider == provider {
			b := build{u.Image, u.Build}
			ids[b] = append(ids[b], u.ID)
		}
	}
	builds := make([]build, 0, len(ids))
	for b := range ids {
		slices.Sort(ids[b])
		builds = append(builds, b)
	}
	slices.SortFunc(builds, func(a, b build) int { return cmp.Or(strings.Compare(a.image, b.image), strings.Compare(a.id, b.id)) })
	images := Table{Columns: []Column{{"Image Name", "image"}, {"Build ID", "build_id"}, {"Upload IDs", "upload_ids"}}}
	for _, b := range builds {
		images.Rows = append(images.Rows, []any{b.image, b.id, list(ids[b])})
	}
	servers := Table{Columns: []Column{{"ID", "id"}, {"Server ID", "server_id"}}}
	nodes = slices.Clone(nodes)
	slices.SortFunc(nodes, func(a, b *record.Node) int { return strings.Compare(a.ID, b.ID) })
	for _, n := range nodes {
		if n.Provider == provider {
			servers.Rows = append(servers.Rows, []any{n.ID, n.ExternalID})
		}
	}
	return Report{Title: "Provider", Key: "provider", Name: provider, Sections: []Section{
		{"Image data", "images", images}, {"Nodes", "nodes", servers},
	}}
}
