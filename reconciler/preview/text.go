package preview

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
)

// Style of the text.
type Style struct {
	Colour bool
	// Detail also lists what stays as it is.
	Detail bool
}

// signs by action, with the colour of each.
var signs = map[Action]struct{ sign, colour string }{
	Launch:     {"+", "\x1b[32m"},
	Assign:     {">", "\x1b[36m"},
	Keep:       {"=", ""},
	Replace:    {"-/+", "\x1b[33m"},
	Delete:     {"-", "\x1b[31m"},
	InProgress: {"...", "\x1b[2m"},
}

// texter writes lines.
type texter struct {
	*bufio.Writer
	Style
	mode Mode
}

// Text writes the plan for people.
func (p *Plan) Text(w io.Writer, s Style) error {
	t := &texter{bufio.NewWriter(w), s, p.Mode}
	as := "as a launcher would see it that serves what is configured; none does"
	if p.Launcher != "" {
		as = "as launcher " + p.Launcher + " sees it"
	}
	t.line("", "Plan for %s, %s", p.Config, as)
	for _, prov := range p.Providers {
		t.provider(prov)
	}
	t.requests(p.Requests)
	for _, w := range p.Warnings {
		t.line("\x1b[33m", "\nWarning: %s", w)
	}
	t.summary(p.Summary())
	return t.Flush()
}

// line writes a line. What comes from elsewhere is made harmless; only line ends and our own colours are not.
func (t *texter) line(colour, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = status.Printable(lines[i])
	}
	text = strings.Join(lines, "\n")
	if t.Colour && colour != "" {
		text = colour + text + "\x1b[0m"
	}
	t.WriteString(text + "\n")
}

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

// changeSigns are Terraform's.
var changeSigns = map[string]struct{ sign, colour string }{
	"create": {"+", "\x1b[32m"}, "delete": {"-", "\x1b[31m"}, "update": {"~", "\x1b[33m"}, "replace": {"-/+", "\x1b[33m"}, "read": {"<=", ""},
}

func (t *texter) run(r *Run) {
	switch {
	case r.Failed():
		t.line("\x1b[31m", "    Terraform (%s): no plan", r.Kind)
	case r.Kind == string(RefreshOnly) && len(r.Changes) == 0:
		t.line("", "    Terraform (refresh-only): as it was made")
	case r.Kind == string(RefreshOnly):
		t.line("\x1b[33m", "    Terraform (refresh-only): changed outside")
	default:
		t.line("", "    Terraform (%s): %d to add, %d to change, %d to destroy", r.Kind, r.Add, r.Change, r.Remove)
	}
	for _, c := range r.Changes {
		s := changeSigns[c.Action]
		word := ""
		if c.Drift {
			word = map[string]string{"delete": "  has vanished", "update": "  was changed"}[c.Action]
		}
		t.line(s.colour, "      %-3s %s%s", s.sign, c.Address, word)
	}
	for _, d := range r.Diagnostics {
		t.line("\x1b[31m", "      %s: %s", d.Severity, d.Text)
	}
	for line := range strings.Lines(r.Text) {
		t.line("", "      | %s", strings.TrimRight(line, "\n"))
	}
}

func (t *texter) requests(requests []*Request) {
	begun := false
	for _, r := range requests {
		if t.mode == RefreshOnly || !t.Detail && (r.Outcome == Done || r.Predicted && r.Outcome == Served) {
			continue
		}
		if !begun {
			begun = true
			t.line("\x1b[1m", "\nRequests")
		}
		words := string(r.Outcome)
		if r.Pool != "" {
			words += " by " + r.Provider + "/" + r.Pool
		}
		if len(r.Nodes) > 0 {
			words += ", " + plural(len(r.Nodes), "node")
		}
		if r.Reason != "" {
			words += " (" + r.Reason + ")"
		}
		t.line("", "    %s  %s  %s", predicted(r.ID, r.Predicted), strings.Join(r.Labels, ","), words)
	}
}

func (t *texter) summary(s Summary) {
	if t.mode == RefreshOnly {
		t.line("\x1b[1m", "\nDrift: %s changed or vanished outside.", plural(s.Drift, "resource"))
	} else {
		t.line("\x1b[1m", "\nPlan: %d to launch, %d to assign, %d to replace, %d to delete, %d to keep, %d in progress. Requests: %d waiting, %d declined.",
			s.Launch, s.Assign, s.Replace, s.Delete, s.Keep, s.InProgress, s.Waiting, s.Declined)
		t.line("", "Terraform: %d to add, %d to change, %d to destroy.", s.Add, s.Change, s.Remove)
	}
	if s.Problems > 0 {
		t.line("\x1b[31m", "%s of Terraform's could not be made.", plural(s.Problems, "plan"))
	}
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
