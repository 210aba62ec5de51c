package preview

// Redact replaces what may hold values of variables that the configuration substitutes: addresses of modules, and what
// others have to say.
func (p *Plan) Redact(hide func(string) string) {
	for i := range p.Warnings {
		p.Warnings[i] = hide(p.Warnings[i])
	}
	for _, r := range p.Requests {
		r.Reason = hide(r.Reason)
	}
	for _, prov := range p.Providers {
		redact(prov.Elsewhere, hide)
		for _, ws := range prov.Workspaces {
			redact(ws.Nodes, hide)
			ws.Problem = hide(ws.Problem)
			for _, r := range ws.Runs {
				r.Text = hide(r.Text)
				for i := range r.Diagnostics {
					r.Diagnostics[i].Text = hide(r.Diagnostics[i].Text)
				}
			}
		}
	}
}

func redact(nodes []*Node, hide func(string) string) {
	for _, n := range nodes {
		n.Module, n.Reason = hide(n.Module), hide(n.Reason)
	}
}
