package option

import (
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Demand reports that none of keys is there, of which upstream's validator wants
// one (E-ONEOF).
func Demand(m *schema.Mapping, keys ...string) {
	if len(given(m, keys)) == 0 {
		m.SchemaError("E-ONEOF", "one of %s is needed", strings.Join(keys, ", "))
	}
}

// Exclude reports that several of keys are there, where one is allowed (E-XOR).
// It returns the first one given, which is used.
func Exclude(m *schema.Mapping, keys ...string) string {
	found := given(m, keys)
	if len(found) == 0 {
		return ""
	}
	if len(found) > 1 {
		m.SchemaError("E-XOR", "%s exclude each other; %s is used", strings.Join(found, " and "), found[0])
	}
	return found[0]
}

func given(m *schema.Mapping, keys []string) []string {
	var out []string
	for _, key := range keys {
		if m.Has(key) {
			out = append(out, key)
		}
	}
	return out
}
