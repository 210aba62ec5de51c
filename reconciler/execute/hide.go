package execute

import (
	"bytes"
	"encoding/json"
	"strings"
)

// wholeResult marks all that a result resource keeps.
const wholeResult = `[[{"type":"get_attr","value":"input"}],[{"type":"get_attr","value":"output"}]]`

// HideResults marks as sensitive, in a state, what nodes keep of their module's outputs: Terraform (1.11) forgets there
// which of them the module calls sensitive, and shows all in clear. A state that cannot be read stays as it is: Terraform
// cannot read it either.
func HideResults(state []byte) []byte {
	var doc map[string]json.RawMessage
	var resources []map[string]json.RawMessage
	if json.Unmarshal(state, &doc) != nil || json.Unmarshal(doc["resources"], &resources) != nil {
		return state
	}
	for _, r := range resources {
		var kind string
		var instances []map[string]json.RawMessage
		if json.Unmarshal(r["type"], &kind) != nil || kind != resultType || r["module"] != nil || json.Unmarshal(r["instances"], &instances) != nil {
			continue
		}
		for _, in := range instances {
			in["sensitive_attributes"] = json.RawMessage(wholeResult)
		}
		r["instances"] = encode(instances)
	}
	doc["resources"] = encode(resources)
	return encode(doc)
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

// withoutResults leaves the same out of Terraform's text of a plan: from the comment that names a result resource to the
// end of its block.
func withoutResults(text string) string {
	var out strings.Builder
	inside, blank := false, false
	for line := range strings.Lines(text) {
		switch bare := strings.TrimRight(line, "\n"); {
		case strings.HasPrefix(bare, "  # "+resultType+"."):
			inside = true
		case inside:
			inside = bare != "    }"
			blank = !inside
		case blank && bare == "": // the one behind the block
			blank = false
		default:
			blank = false
			out.WriteString(line)
		}
	}
	return out.String()
}
