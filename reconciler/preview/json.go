package preview

import (
	"encoding/json"
	"io"
)

// JSON writes the plan with its summary as one object. Lists are never null.
func (p *Plan) JSON(w io.Writer) error {
	p.fill()
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(struct {
		*Plan
		Summary Summary `json:"summary"`
		Changes bool    `json:"changes"`
	}{p, p.Summary(), p.Summary().Changes()})
}

// fill makes empty lists of those that are nil.
func (p *Plan) fill() {
	p.Format = Format
	fill(&p.Providers)
	fill(&p.Requests)
	fill(&p.Warnings)
	for _, prov := range p.Providers {
		fill(&prov.Pools)
		fill(&prov.Workspaces)
		fill(&prov.Elsewhere)
		for _, ws := range prov.Workspaces {
			fill(&ws.Nodes)
			fill(&ws.Runs)
			for _, r := range ws.Runs {
				fill(&r.Changes)
			}
		}
	}
	for _, r := range p.Requests {
		fill(&r.Labels)
		fill(&r.Nodes)
	}
}

func fill[T any](list *[]T) {
	if *list == nil {
		*list = []T{}
	}
}
