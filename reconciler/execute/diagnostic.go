package execute

import (
	"regexp"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

// Diagnostic is an error or warning of Terraform. Its text may quote values, so it is shown to operators only.
type Diagnostic struct {
	Severity string
	Summary  string
	Detail   string
	Address  string
	File     string // file in the workspace the diagnostic points into, e.g. n0000000042.tf
}

// Text is the summary and detail on one line, without the credentials of addresses in it.
func (d Diagnostic) Text() string {
	s := strings.Join(strings.Fields(d.Summary), " ")
	if det := strings.Join(strings.Fields(d.Detail), " "); det != "" {
		s = strings.TrimSuffix(s, ".") + ": " + det
	}
	return clip(modules.Public(s), 1000)
}

// clip bounds a text without breaking a character.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// commandText is the text of a local-exec command within a diagnostic: what a script says is no sign of what went wrong.
var commandText = regexp.MustCompile(`(?s)Error running command '.*?': (exit status|signal|context|fork|exec)`)

// Class of the failure that the diagnostic describes.
func (d Diagnostic) Class() Class {
	return classify(d.Summary + "\n" + commandText.ReplaceAllString(d.Detail, "$1"))
}

// Slot is the name of the module block that a diagnostic belongs to, "" when it names none.
func (d Diagnostic) Slot() string {
	if s := slotOf(d.Address); s != "" {
		return s
	}
	if strings.HasPrefix(d.File, "n") && strings.HasSuffix(d.File, ".tf") && !strings.Contains(d.File, "/") {
		return strings.TrimSuffix(d.File, ".tf")
	}
	return ""
}

// slotOf names the module block (or result resource) that a resource address lies in, "" when it lies in none.
func slotOf(addr string) string {
	for _, p := range []string{"module.", resultType + "."} {
		if rest, ok := strings.CutPrefix(addr, p); ok {
			name, _, _ := strings.Cut(rest, ".")
			name, _, _ = strings.Cut(name, "[")
			return name
		}
	}
	return ""
}

// resultType is the resource that carries a node's outputs into the state (see templates.RenderSlot).
const resultType = "terraform_data"
