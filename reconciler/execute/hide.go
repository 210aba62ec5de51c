package execute

import (
	"bytes"
	"encoding/json"
)

// HideResults marks as sensitive, in a state, the results that nodes keep of their module's sensitive outputs. Terraform
// marks the input of the resource that keeps them, and what it computes of it, output, it shows in clear (Terraform 1.11).
// A state that cannot be read stays as it is: Terraform cannot read it either.
func HideResults(state []byte) []byte {
	var doc map[string]json.RawMessage
	var resources []map[string]json.RawMessage
	if json.Unmarshal(state, &doc) != nil || json.Unmarshal(doc["resources"], &resources) != nil {
		return state
	}
	changed := false
	for _, r := range resources {
		var kind string
		var instances []map[string]json.RawMessage
		if json.Unmarshal(r["type"], &kind) != nil || kind != resultType || json.Unmarshal(r["instances"], &instances) != nil {
			continue
		}
		for _, in := range instances {
			var paths [][]json.RawMessage
			if json.Unmarshal(in["sensitive_attributes"], &paths) != nil || len(paths) == 0 {
				continue
			}
			in["sensitive_attributes"] = encode(withOutputs(paths))
			changed = true
		}
		r["instances"] = encode(instances)
	}
	if !changed {
		return state
	}
	doc["resources"] = encode(resources)
	return encode(doc)
}

// withOutputs adds to each path into input the same into output.
func withOutputs(paths [][]json.RawMessage) [][]json.RawMessage {
	out := paths
	for _, p := range paths {
		var step struct{ Type, Value string }
		if len(p) == 0 || json.Unmarshal(p[0], &step) != nil || step.Value != "input" {
			continue
		}
		more := append([]json.RawMessage{encode(map[string]string{"type": step.Type, "value": "output"})}, p[1:]...)
		out = append(out, more)
	}
	return out
}

// encode is for what was decoded before: it cannot fail.
func encode(v any) json.RawMessage {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
	return b.Bytes()
}
