package preview

import (
	"strings"
)

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
