package preview

import (
	"strings"
)

func (t *texter) provider(p *Provider) {
	t.line("\x1b[1m", "\nProvider %s", p.Name)
	for _, pool := range p.Pools {
		by, paused := "no launcher serves it now", ""
		if pool.Launcher != "" {
			by = "served by " + pool.Launcher
		}
		if pool.Paused {
			paused = ", waits for quota"
		}
		t.line("", "  pool %s: %s%s", pool.Name, by, paused)
	}
	quiet := 0
	for _, ws := range p.Workspaces {
		if !t.Detail && ws.quiet() {
			quiet += len(ws.Nodes)
			continue
		}
		t.workspace(ws)
	}
	var kept int
	if !t.Detail {
		kept = count(p.Elsewhere, Keep)
	}
	if len(p.Elsewhere) > kept {
		title := "In no workspace that can be read here"
		if p.Static {
			title = "Machines"
		}
		t.line("", "\n  %s", title)
		t.nodes(p.Elsewhere)
	}
	if n := quiet + kept; n > 0 {
		t.line("", "\n  %s as %s (--detail lists them)", plural(n, "more node"), map[bool]string{true: "it is", false: "they are"}[n == 1])
	}
}

// quiet reports whether nothing happens in a workspace.
func (ws *Workspace) quiet() bool {
	return ws.InFlight == "" && ws.Problem == "" && len(ws.Runs) == 0 && count(ws.Nodes, Keep) == len(ws.Nodes)
}

func count(nodes []*Node, a Action) (n int) {
	for _, node := range nodes {
		if node.Action == a {
			n++
		}
	}
	return n
}

func (t *texter) workspace(ws *Workspace) {
	switch {
	case ws.New:
		t.line("", "\n  New workspace (%s)", ws.ID)
	case ws.InFlight != "":
		t.line("", "\n  Workspace %s: a run is in flight (%s); this is its last whole state", ws.ID, ws.InFlight)
	default:
		t.line("", "\n  Workspace %s", ws.ID)
	}
	t.nodes(ws.Nodes)
	for _, r := range ws.Runs {
		t.run(r)
	}
	if ws.Problem != "" {
		t.line("\x1b[31m", "    Terraform: no plan: %s", ws.Problem)
	}
}

func (t *texter) nodes(nodes []*Node) {
	for _, n := range nodes {
		if n.Action == Keep && !t.Detail && t.mode == Normal {
			continue
		}
		s := signs[n.Action]
		t.line(s.colour, "    %-3s node %s  %s", s.sign, n.name(), n.words())
	}
}

// name marks an id that ZooKeeper has not given yet.
func (n *Node) name() string { return predicted(n.ID, n.Predicted) }

func predicted(id string, yes bool) string {
	if yes {
		return "~" + id
	}
	return id
}

func (n *Node) words() string {
	parts := []string{"label " + n.Label, "pool " + n.Pool}
	if n.Request != "" && n.Reason != "request "+n.Request {
		parts = append(parts, "request "+n.Request)
	}
	if n.Module != "" {
		parts = append(parts, "module "+n.Module)
	}
	why := n.Reason
	if n.ReplacedBy != "" {
		why += "; replaced by ~" + n.ReplacedBy
	}
	return strings.Join(parts, "  ") + "  (" + why + ")"
}
