package dashboard

import (
	"testing"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
)

// TestFailureBrief: the line begins with the cause, for on a phone there is room for some words only.
func TestFailureBrief(t *testing.T) {
	for text, want := range map[string]string{
		"apply workspace p-1: no such flavour": "no such flavour",
		"apply workspace p-2: other":           "apply workspace p-2: other",
		"no answer":                            "no answer",
	} {
		f := newFailure(&status.Failure{Workspace: "p-1", Text: text}, clock{now: noon})
		if f.Brief != want || f.Text != text {
			t.Errorf("%q: brief %q, text %q", text, f.Brief, f.Text)
		}
	}
}
