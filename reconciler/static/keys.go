package static

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
)

// CheckKeys compares what a machine showed with what is configured for it: all of that must be there.
func CheckKeys(m *config.StaticNode, seen []string) error {
	for _, key := range m.HostKeys {
		if !slices.Contains(seen, key) {
			return fmt.Errorf("host key mismatch: the machine does not show %q; it shows %s. Is it the machine that is meant? Then correct host-key", key, shown(seen))
		}
	}
	return nil
}

func shown(keys []string) string {
	if len(keys) == 0 {
		return "none"
	}
	return `"` + strings.Join(keys, `", "`) + `"`
}
