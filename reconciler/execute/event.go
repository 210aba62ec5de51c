package execute

import (
	"encoding/json"
	"strings"
	"time"
)

// Event is one line of Terraform's machine-readable output (`-json`) that matters to a workspace.
type Event struct {
	Type       string      // apply_start, apply_progress, apply_complete, apply_errored, planned_change, diagnostic, or StateChanged
	Time       time.Time   // zero when the line has none
	Address    string      // resource address, e.g. module.n0000000042.terraform_data.vm
	Action     string      // create, update, delete, replace, read
	Diagnostic *Diagnostic // for Type diagnostic
	Reason     string      // for Types RunOverdue and RunAgain
	// Resources to add, change and remove, for Type change_summary.
	Add, Change, Remove int
}

// Events that a worker adds to Terraform's own.
const (
	// RunOverdue: the run was to end here (Reason says why, TimedOut or else) but may not be interrupted, and goes on.
	RunOverdue = "nodepool_tf_overdue"
	// RunAgain: Terraform starts anew, because it could not use the running plugins. What came before counts for
	// nothing; no operation had begun.
	RunAgain = "nodepool_tf_again"
)

// TimedOut tells why a run is overdue: because its time was up.
func (e Event) TimedOut() bool { return strings.HasPrefix(e.Reason, errTimeout.Error()) }

// Slot is the name of the module block that the event's resource lies in, "" when it lies in none.
func (e Event) Slot() string { return slotOf(e.Address) }

// line is the shape of Terraform's output lines, format version 1.x.
type line struct {
	Type   string    `json:"type"`
	Time   time.Time `json:"@timestamp"`
	Hook   action    `json:"hook"`
	Change action    `json:"change"`
	Reason string    `json:"reason"`

	Changes struct {
		Add    int `json:"add"`
		Change int `json:"change"`
		Remove int `json:"remove"`
	} `json:"changes"`

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

type action struct {
	Resource struct {
		Addr string `json:"addr"`
	} `json:"resource"`
	Action string `json:"action"`
}

// ParseEvent reads one line. A line that is not JSON, or of a kind that nobody here uses, gives ok == false.
func ParseEvent(data []byte) (e Event, ok bool) {
	var raw line
	if json.Unmarshal(data, &raw) != nil {
		return Event{}, false
	}
	e = Event{Type: raw.Type, Time: raw.Time}
	switch raw.Type {
	case RunOverdue, RunAgain:
		e.Reason = raw.Reason
		return e, true
	case "apply_start", "apply_progress", "apply_complete", "apply_errored":
		e.Address, e.Action = raw.Hook.Resource.Addr, raw.Hook.Action
		return e, true
	case "change_summary":
		e.Add, e.Change, e.Remove = raw.Changes.Add, raw.Changes.Change, raw.Changes.Remove
		return e, true
	case "planned_change", "resource_drift":
		e.Address, e.Action = raw.Change.Resource.Addr, raw.Change.Action
		return e, true
	case "diagnostic":
		if raw.Diagnostic == nil {
			return Event{}, false
		}
		d := &Diagnostic{Severity: raw.Diagnostic.Severity, Summary: plainSummary(raw.Diagnostic.Summary), Detail: raw.Diagnostic.Detail, Address: raw.Diagnostic.Address}
		if raw.Diagnostic.Range != nil {
			d.File = raw.Diagnostic.Range.Filename
		}
		e.Diagnostic = d
		return e, true
	}
	return Event{}, false
}
