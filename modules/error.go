package modules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/hashicorp/hcl/v2"
)

// Error is a template or expression an operator has to correct.
type Error struct {
	Pos     string // where it is written, as given to ParseInput or ParseExpr; may be ""
	Path    string // place inside a nested input: .labels["team"][2]; may be ""
	Problem string // what is wrong, and what is allowed
	Hint    string // what to write instead; may be ""
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.Pos != "" {
		b.WriteString(e.Pos + ": ")
	}
	if e.Path != "" {
		b.WriteString("at " + e.Path + ": ")
	}
	b.WriteString(e.Problem)
	if e.Hint != "" {
		b.WriteString(" (" + e.Hint + ")")
	}
	return b.String()
}

// describe puts the first error of diags in one line. Positions are within the
// text that was parsed, not within the file that holds it.
func describe(diags hcl.Diagnostics) string {
	for _, d := range diags {
		if d.Severity != hcl.DiagError {
			continue
		}
		msg := d.Summary
		if d.Detail != "" {
			msg += ": " + strings.TrimRight(strings.Join(strings.Fields(d.Detail), " "), ".")
		}
		if d.Subject != nil {
			msg += fmt.Sprintf(", at line %d column %d of the text", d.Subject.Start.Line, d.Subject.Start.Column)
		}
		return msg
	}
	return "unknown problem"
}

// nearest suggests the allowed name that was probably meant, or "".
func nearest(name string, allowed []string) string {
	best, least := "", 3
	for _, a := range allowed {
		if d := levenshtein.Distance(name, a, nil); d < least {
			best, least = a, d
		}
	}
	return best
}

// oneOf lists what is allowed, with a suggestion for what was written.
func oneOf(name string, allowed []string) string {
	allowed = slices.Sorted(slices.Values(allowed))
	msg := "allowed: " + strings.Join(allowed, ", ")
	if n := nearest(name, allowed); n != "" {
		msg += "; did you mean " + n + "?"
	}
	return msg
}
