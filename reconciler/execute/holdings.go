package execute

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

// Holding is one resource instance that a state holds.
type Holding struct {
	Slot    string // module block, "" for none
	Address string
	Type    string
	ID      string // its attribute `id`, "" where it has none that is text
	Here    bool   // it is at no cloud (see here)
}

// Holdings reads what the state of a workspace folder holds: managed resources only, in the order of the state. It may
// be called while Terraform runs, and fails then when it finds the file torn.
func Holdings(dir string) ([]Holding, error) {
	raw, err := readDetails(dir)
	if err != nil {
		return nil, err
	}
	return raw.holdings(), nil
}

// HoldingsOf is Holdings for a state in hand.
func HoldingsOf(state []byte) ([]Holding, error) {
	raw, err := parseDetails(state)
	if err != nil {
		return nil, err
	}
	return raw.holdings(), nil
}

// IsResult tells of the resource that carries a slot's outputs: it is nothing at the provider.
func (h Holding) IsResult() bool {
	return h.Type == resultType && !strings.HasPrefix(h.Address, "module.")
}

func (raw details) holdings() []Holding {
	var out []Holding
	for _, r := range raw.Resources {
		if r.Mode != "managed" {
			continue
		}
		slot := slotOf(r.Module)
		if r.Module == "" && r.Type == resultType {
			slot = r.Name
		}
		for _, in := range r.Instances {
			h := Holding{Slot: slot, Address: r.address(in.Key), Type: r.Type, Here: here(r.Provider)}
			_ = json.Unmarshal(in.Attributes["id"], &h.ID) // another type than text is no id
			out = append(out, h)
		}
	}
	return out
}

// ReadOutput gives a root output of type text out of a workspace folder's state. An error says that there is none.
func ReadOutput(dir, name string) (string, error) {
	var raw struct { // and no more: a list of ten thousand things is in the state twice
		Outputs map[string]struct {
			Value any `json:"value"`
		} `json:"outputs"`
	}
	if err := readJSON(filepath.Join(dir, StateFile), &raw); err != nil {
		return "", err
	}
	text, ok := raw.Outputs[name].Value.(string)
	if !ok {
		return "", fmt.Errorf("%s has no output %q that is text", filepath.Join(dir, StateFile), name)
	}
	return text, nil
}

// HasTags reports whether an attribute of the state's only managed resource has all the tags, wherever its type keeps
// them: in a map (tags, labels, metadata, ...), in a list of blocks with key and value, in a list of texts key:value, or
// as marks in its description (modules.Marks); all but the last at any depth. An error says that the state holds something else than one resource.
func HasTags(dir string, want map[string]string) (bool, error) {
	raw, err := readDetails(dir)
	if err != nil {
		return false, err
	}
	if len(raw.Resources) != 1 || raw.Resources[0].Mode != "managed" || len(raw.Resources[0].Instances) != 1 {
		return false, fmt.Errorf("%s holds something else than one resource", filepath.Join(dir, StateFile))
	}
	for _, name := range slices.Sorted(maps.Keys(raw.Resources[0].Instances[0].Attributes)) {
		var v any
		if json.Unmarshal(raw.Resources[0].Instances[0].Attributes[name], &v) != nil {
			continue
		}
		if text, ok := v.(string); ok && name == "description" {
			v = marks(text)
		}
		if tagged(v, want) {
			return true, nil
		}
	}
	return false, nil
}

func marks(text string) map[string]any {
	out := map[string]any{}
	for key, value := range modules.Marks(text) {
		out[key] = value
	}
	return out
}

func tagged(v any, want map[string]string) bool {
	switch v := v.(type) {
	case map[string]any:
		if hasAll(v, want) {
			return true
		}
		for _, inner := range v {
			if tagged(inner, want) {
				return true
			}
		}
	case []any:
		pairs, texts := map[string]any{}, map[string]any{}
		for _, inner := range v {
			if tagged(inner, want) {
				return true
			}
			switch inner := inner.(type) {
			case map[string]any:
				if key, ok := inner["key"].(string); ok {
					pairs[key] = inner["value"]
				}
			case string:
				if key, value, ok := strings.Cut(strings.ToLower(inner), ":"); ok { // such tags lose their capitals
					texts[key] = value
				}
			}
		}
		return hasAll(pairs, want) || hasAll(texts, lowered(want))
	}
	return false
}

func lowered(tags map[string]string) map[string]string {
	out := make(map[string]string, len(tags))
	for key, value := range tags {
		out[strings.ToLower(key)] = strings.ToLower(value)
	}
	return out
}

func hasAll(tags map[string]any, want map[string]string) bool {
	for key, value := range want {
		if text, ok := tags[key].(string); !ok || text != value {
			return false
		}
	}
	return len(want) > 0
}

// details is more of the state format than stateV4: what only few ask for.
type details struct {
	Version   int          `json:"version"`
	Resources []resourceV4 `json:"resources"`
}

type resourceV4 struct {
	Module    string `json:"module"`
	Mode      string `json:"mode"`
	Type      string `json:"type"`
	Name      string `json:"name"`
	Provider  string `json:"provider"`
	Instances []struct {
		Key        any                        `json:"index_key"`
		Attributes map[string]json.RawMessage `json:"attributes"`
	} `json:"instances"`
}

func (r resourceV4) address(key any) string {
	a := r.Type + "." + r.Name
	if r.Module != "" {
		a = r.Module + "." + a
	}
	switch key := key.(type) {
	case string:
		a += "[" + strconv.Quote(key) + "]"
	case float64:
		a += "[" + strconv.Itoa(int(key)) + "]"
	}
	return a
}

func readDetails(dir string) (details, error) {
	path := filepath.Join(dir, StateFile)
	data, err := os.ReadFile(path)
	if err != nil {
		return details{}, err
	}
	raw, err := parseDetails(data)
	if err != nil {
		return details{}, fmt.Errorf("%s: %w", path, err)
	}
	return raw, nil
}

func parseDetails(state []byte) (raw details, err error) {
	if err := json.Unmarshal(state, &raw); err != nil {
		return details{}, err
	}
	if raw.Version != 4 {
		return details{}, fmt.Errorf("format %d is not known, only 4 is", raw.Version)
	}
	return raw, nil
}
