package desire

import (
	"slices"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// requestView is what all our pools want to know of an open request.
type requestView struct {
	labels []string // distinct, in order
	// candidates are the registered pools, ours and paused ones included, that could serve the whole request and have
	// not declined it (4.3 step 3).
	candidates []*record.Pool
}

// seen works that out once in a pass.
func (p *pass) seen(r *record.Request) requestView {
	if v, ok := p.offers[r.ID]; ok {
		return v
	}
	if p.offers == nil {
		p.offers = map[string]requestView{}
		for _, id := range sortedKeys(p.Pools) {
			p.registry = append(p.registry, p.Pools[id])
		}
	}
	v := requestView{labels: distinct(r.NodeTypes)}
	if !unreadable(r, "node_types") { // nobody can serve what nobody can read
		for _, c := range p.registry {
			if !slices.Contains(r.DeclinedBy, c.ID) && covers(c.SupportedLabels, v.labels) {
				v.candidates = append(v.candidates, c)
			}
		}
	}
	p.offers[r.ID] = v
	return v
}

func covers(have, want []string) bool {
	for _, l := range want {
		if !slices.Contains(have, l) {
			return false
		}
	}
	return true
}

func distinct(labels []string) []string {
	if len(labels) < 2 {
		return labels
	}
	seen := make(map[string]bool, len(labels))
	out := make([]string, 0, len(labels))
	for _, l := range labels {
		if !seen[l] {
			seen[l] = true
			out = append(out, l)
		}
	}
	return out
}
