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
