package config

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// HalfOfMemory stands for a max-apply-memory that is not set: half of what the machine, or the daemon's control group,
// has. What that is depends on where the daemon runs, so a configuration does not say it.
const HalfOfMemory = -1

// leastMemory is what a max-apply-memory must be at least, in bytes: one run of Terraform needs more.
const leastMemory = 64 << 20

var sizePattern = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) *([KMGT]i?B|B)?$`)

var sizeUnits = map[string]float64{
	"": 1, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
}

// memory reads a bound on memory in bytes: a size with or without a unit; 0, as "unlimited", is none.
func memory(m *schema.Mapping, key string, def int64) int64 {
	const want = "a size such as 512MiB, 2GiB or 1073741824, or unlimited"
	f, ok := m.Some(key, want)
	if !ok {
		return def
	}
	text, ok := f.Text()
	if !ok {
		return def
	}
	n, ok := parseSize(text)
	switch {
	case text == "unlimited":
		return 0
	case !ok:
		f.Error("E-SIZE", "expected %s", want)
	case n > 0 && n < leastMemory:
		f.Error("E-RANGE", "expected at least 64MiB, for Terraform needs more, or 0 for no limit")
	default:
		return n
	}
	return def
}

func parseSize(text string) (int64, bool) {
	parts := sizePattern.FindStringSubmatch(strings.TrimSpace(text))
	if parts == nil {
		return 0, false
	}
	n, err := strconv.ParseFloat(parts[1], 64)
	n *= sizeUnits[parts[2]]
	return int64(math.Ceil(n)), err == nil && n < math.MaxInt64/2
}
