package execute

import (
	"encoding/json"
	"strings"
)

// Event is one line of Terraform's machine-readable output (`-json`) that matters to a workspace.
type Event struct {
	Type       string      // apply_start, apply_progress, apply_complete, apply_errored, diagnostic, ...
	Address    string      // resource address, e.g. module.n0000000042.terraform_data.vm
	Action     string      // create, update, delete, replace, read
	Diagnostic *Diagnostic // for Type diagnostic
}

// Diagnostic is an error or warning of Terraform. Its text may quote values, so it is shown to operators only.
type Diagnostic struct {
	Severity string
	Summary  string
	Detail   string
	Address  string
	File     string // file in the workspace the diagnostic points into, e.g. n0000000042.tf
}

// Text is the summary and detail on one line.
func (d Diagnostic) Text() string {
	s := strings.TrimSpace(d.Summary)
	if det := strings.Join(strings.Fields(d.Detail), " "); det != "" {
		s += ": " + det
	}
	const most = 1000
	if len(s) > most {
		s = s[:most] + "..."
	}
	return s
}

// Class of the failure that the diagnostic describes.
func (d Diagnostic) Class() Class { return classify(d.Summary + "\n" + d.Detail) }

// Slot is the name of the module block that a diagnostic belongs to, "" when it names none.
func (d Diagnostic) Slot() string {
	if s := slotOf(d.Address); s != "" {
		return s
	}
	if strings.HasPrefix(d.File, "n") && strings.HasSuffix(d.File, ".tf") {
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

// ParseEvent reads one line. A line that is not JSON, or of a kind that nobody here uses, gives ok == false.
func ParseEvent(line []byte) (e Event, ok bool) {
	var raw struct {
		Type string `json:"type"`
		Hook struct {
			Resource struct {
				Addr string `json:"addr"`
			} `json:"resource"`
			Action string `json:"action"`
		} `json:"hook"`
		Change struct {
			Resource struct {
				Addr string `json:"addr"`
			} `json:"resource"`
			Action string `json:"action"`
		} `json:"change"`
		Diagnostic *struct {
			Severity string `json:"severity"`
			Summary  string `json:"summary"`
			Detail   string `json:"detail"`
			Address  string `json:"address"`
			Range    *struct {
				Filename string `json:"filename"`
			} `json:"range"`
		} `json:"diagnostic"`
	}
	if json.Unmarshal(line, &raw) != nil {
		return Event{}, false
	}
	switch raw.Type {
	case "apply_start", "apply_progress", "apply_complete", "apply_errored":
		return Event{Type: raw.Type, Address: raw.Hook.Resource.Addr, Action: raw.Hook.Action}, true
	case "planned_change":
		return Event{Type: raw.Type, Address: raw.Change.Resource.Addr, Action: raw.Change.Action}, true
	case "diagnostic":
		if raw.Diagnostic == nil {
			return Event{}, false
		}
		d := &Diagnostic{Severity: raw.Diagnostic.Severity, Summary: raw.Diagnostic.Summary, Detail: raw.Diagnostic.Detail, Address: raw.Diagnostic.Address}
		if raw.Diagnostic.Range != nil {
			d.File = raw.Diagnostic.Range.Filename
		}
		return Event{Type: raw.Type, Diagnostic: d}, true
	}
	return Event{}, false
}
