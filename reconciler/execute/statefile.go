package execute

import (
	"encoding/json"
	"fmt"
	"regexp"
)

// StateView is what the daemon reads of a workspace's Terraform state: which slots hold resources, and the outputs
// of those whose result resource is complete.
type StateView struct {
	Serial  uint64
	Lineage string
	// Resources counts the resource instances of each slot (module block name); Other counts those of no slot.
	Resources map[string]int
	Other     int
	// Here counts those of each slot that are not at a cloud (see here).
	Here map[string]int
	// Results holds, per slot, the module's outputs as terraform_data keeps them: cty JSON value and type.
	Results map[string]Result
	// Restored names the file from which ReadState had to restore a lost or torn state, "" when it was whole.
	Restored string
}

// Result is the value and type of one slot's outputs, in cty's JSON encoding.
type Result struct{ Value, Type json.RawMessage }

// Empty reports whether the state holds no resource of the slot.
func (v StateView) Empty(slot string) bool { return v.Resources[slot] == 0 }

// AtCloud counts the resources of a slot that only the cloud can lose.
func (v StateView) AtCloud(slot string) int { return v.Resources[slot] - v.Here[slot] }

// Total counts resources of all slots together.
func (v StateView) Total() int {
	n := v.Other
	for _, c := range v.Resources {
		n += c
	}
	return n
}

// stateV4 is the part of Terraform's state format 4 that is read here (terraform/internal/states/statefile/version4.go).
type stateV4 struct {
	Version   int    `json:"version"`
	Serial    uint64 `json:"serial"`
	Lineage   string `json:"lineage"`
	Resources []struct {
		Module    string `json:"module"`
		Mode      string `json:"mode"`
		Type      string `json:"type"`
		Name      string `json:"name"`
		Provider  string `json:"provider"`
		Instances []struct {
			Status     string                     `json:"status"`
			Deposed    string                     `json:"deposed"`
			Attributes map[string]json.RawMessage `json:"attributes"`
		} `json:"instances"`
	} `json:"resources"`
}

// ParseState reads a Terraform state of format 4. The local backend rewrites the file in place, so a reader can see
// it torn: an error here means "try again" while Terraform runs.
func ParseState(data []byte) (StateView, error) {
	var raw stateV4
	if err := json.Unmarshal(data, &raw); err != nil {
		return StateView{}, fmt.Errorf("read terraform state: %w", err)
	}
	if raw.Version != 4 {
		return StateView{}, fmt.Errorf("read terraform state: format %d is not known, only 4 is", raw.Version)
	}
	v := noState()
	v.Serial, v.Lineage = raw.Serial, raw.Lineage
	for _, r := range raw.Resources {
		if r.Mode != "managed" {
			continue
		}
		slot := slotOf(r.Module)
		if r.Module == "" && r.Type == resultType {
			slot = r.Name
			for _, in := range r.Instances {
				var out struct{ Value, Type json.RawMessage }
				if in.Status != "tainted" && in.Deposed == "" && json.Unmarshal(in.Attributes["output"], &out) == nil && len(out.Value) > 0 {
					v.Results[slot] = Result(out)
				}
			}
		}
		if slot == "" {
			v.Other += len(r.Instances)
			continue
		}
		v.Resources[slot] += len(r.Instances)
		if here(r.Provider) {
			v.Here[slot] += len(r.Instances)
		}
	}
	return v, nil
}

// ofHost are providers whose resources are files of this host, clocks and dice, as a state names providers.
var ofHost = regexp.MustCompile(`/hashicorp/(local|archive|time|random|null|tls)"\]`)

// here reports whether a provider's resources say nothing of the cloud. A file is gone from the state when a neighbour has
// written another in its place, or when this is another host; a clock when its time has come. The node is none the worse.
func here(provider string) bool { return ofHost.MatchString(provider) }

func noState() StateView {
	return StateView{Resources: map[string]int{}, Here: map[string]int{}, Results: map[string]Result{}}
}
