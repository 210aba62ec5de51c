package execute

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// StateFile is the name of the local backend's state in a workspace folder.
const StateFile = "terraform.tfstate"

// StateView is what the daemon reads of a workspace's Terraform state: which slots hold resources, and the outputs
// of those whose result resource is complete.
type StateView struct {
	Serial  uint64
	Lineage string
	// Resources counts the resource instances of each slot (module block name); Other counts those of no slot.
	Resources map[string]int
	Other     int
	// Results holds, per slot, the module's outputs as terraform_data keeps them: cty JSON value and type.
	Results map[string]Result
}

// Result is the value and type of one slot's outputs, in cty's JSON encoding.
type Result struct{ Value, Type json.RawMessage }

// ParseState reads a Terraform state of format 4. The local backend rewrites the file in place, so a reader can see
// it torn: an error here means "try again" while Terraform runs.
func ParseState(data []byte) (StateView, error) {
	var raw struct {
		Version   int    `json:"version"`
		Serial    uint64 `json:"serial"`
		Lineage   string `json:"lineage"`
		Resources []struct {
			Module    string `json:"module"`
			Mode      string `json:"mode"`
			Type      string `json:"type"`
			Name      string `json:"name"`
			Instances []struct {
				Status     string                     `json:"status"`
				Attributes map[string]json.RawMessage `json:"attributes"`
			} `json:"instances"`
		} `json:"resources"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return StateView{}, fmt.Errorf("read terraform state: %w", err)
	}
	if raw.Version != 4 {
		return StateView{}, fmt.Errorf("read terraform state: format %d is not known, only 4 is", raw.Version)
	}
	v := StateView{Serial: raw.Serial, Lineage: raw.Lineage, Resources: map[string]int{}, Results: map[string]Result{}}
	for _, r := range raw.Resources {
		if r.Mode != "managed" {
			continue
		}
		slot := slotOf(r.Module)
		if r.Module == "" && r.Type == resultType {
			slot = r.Name
			for _, in := range r.Instances {
				var out struct{ Value, Type json.RawMessage }
				if in.Status != "tainted" && json.Unmarshal(in.Attributes["output"], &out) == nil && len(out.Value) > 0 {
					v.Results[slot] = Result(out)
				}
			}
		}
		if slot == "" {
			v.Other += len(r.Instances)
			continue
		}
		v.Resources[slot] += len(r.Instances)
	}
	return v, nil
}

// ReadState reads the state of a workspace folder. A folder without state is an empty view. A state that Terraform
// could not write where it belongs and left in errored.tfstate is put in its place first: another apply would fork
// it (field-notes.md A3). Call that only while no Terraform runs in the folder.
func ReadState(dir string) (StateView, error) {
	if err := adoptErrored(dir); err != nil {
		return StateView{}, err
	}
	return PeekState(dir)
}

// PeekState is ReadState without putting anything right: it may be called while Terraform runs, and fails then when it
// finds the file torn.
func PeekState(dir string) (StateView, error) {
	data, err := os.ReadFile(filepath.Join(dir, StateFile))
	if os.IsNotExist(err) {
		return StateView{Resources: map[string]int{}, Results: map[string]Result{}}, nil
	}
	if err != nil {
		return StateView{}, err
	}
	return ParseState(data)
}

func adoptErrored(dir string) error {
	errored := filepath.Join(dir, "errored.tfstate")
	data, err := os.ReadFile(errored)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := ParseState(data); err != nil {
		// Terraform failed to write even that; what it holds is lost, the last good state stands.
		return os.Rename(errored, errored+".unreadable")
	}
	if err := os.Chmod(errored, 0o600); err != nil {
		return err
	}
	return os.Rename(errored, filepath.Join(dir, StateFile))
}

// Empty reports whether the state holds no resource of the slot.
func (v StateView) Empty(slot string) bool { return v.Resources[slot] == 0 }

// Slots counts resources of all slots together.
func (v StateView) Total() int {
	n := v.Other
	for _, c := range v.Resources {
		n += c
	}
	return n
}

// moduleAddress is the address of a slot's module block.
func moduleAddress(slot string) string { return "module." + strings.TrimSpace(slot) }
