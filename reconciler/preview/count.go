package preview

// Summary counts a plan.
type Summary struct {
	Launch     int `json:"launch"`
	Assign     int `json:"assign"`
	Keep       int `json:"keep"`
	Replace    int `json:"replace"`
	Delete     int `json:"delete"`
	InProgress int `json:"in_progress"`
	Declined   int `json:"requests_declined"` // failed ones included
	Waiting    int `json:"requests_waiting"`
	Add        int `json:"terraform_add"`
	Change     int `json:"terraform_change"`
	Remove     int `json:"terraform_remove"`
	Drift      int `json:"resources_drifted"`
	Problems   int `json:"problems"` // plans of Terraform's that are missing or failed
}

// Summary counts nodes, requests and what Terraform says.
func (p *Plan) Summary() Summary {
	var s Summary
	for _, prov := range p.Providers {
		s.nodes(prov.Elsewhere)
		for _, ws := range prov.Workspaces {
			s.nodes(ws.Nodes)
			if ws.Problem != "" {
				s.Problems++
			}
			for _, r := range ws.Runs {
				s.run(r)
			}
		}
	}
	for _, r := range p.Requests {
		switch {
		case r.Predicted: // min-ready, tried again and again: no news for who waits for an exit code
		case r.Outcome == Declined, r.Outcome == Failed:
			s.Declined++
		case r.Outcome == Waits:
			s.Waiting++
		}
	}
	return s
}

func (s *Summary) nodes(nodes []*Node) {
	for _, n := range nodes {
		switch n.Action {
		case Launch:
			s.Launch++
		case Assign:
			s.Assign++
		case Keep:
			s.Keep++
		case Replace:
			s.Replace++
		case Delete:
			s.Delete++
		case InProgress:
			s.InProgress++
		}
	}
}

func (s *Summary) run(r *Run) {
	s.Add, s.Change, s.Remove = s.Add+r.Add, s.Change+r.Change, s.Remove+r.Remove
	for _, c := range r.Changes {
		if c.Drift {
			s.Drift++
		}
	}
	if r.Failed() {
		s.Problems++
	}
}

// Failed reports whether Terraform could not make its plan.
func (r *Run) Failed() bool {
	for _, d := range r.Diagnostics {
		if d.Severity == "error" {
			return true
		}
	}
	return false
}

// Changes reports whether anything would be done; in mode refresh-only, whether anything has changed outside.
func (s Summary) Changes() bool {
	return s.Launch+s.Assign+s.Replace+s.Delete+s.Declined+s.Drift > 0
}
