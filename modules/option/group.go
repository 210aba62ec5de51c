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
// winner says what holds then.
func Exclude(m *schema.Mapping, winner string, keys ...string) {
	if found := given(m, keys); len(found) > 1 {
		m.SchemaError("E-XOR", "%s exclude each other; %s", strings.Join(found, " and "), winner)
	}
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
