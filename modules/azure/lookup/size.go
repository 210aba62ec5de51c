package lookup

import (
	"strconv"
	"strings"
)

// size is one of virtual machines, or another kind of SKU.
type size struct {
	Kind         string       `json:"resourceType"`
	Name         string       `json:"name"`
	Capabilities []capability `json:"capabilities"`
	Restrictions []struct {
		Kind   string `json:"type"`
		Reason string `json:"reasonCode"`
	} `json:"restrictions"`
}

// capability is one of a size; its value is a text whatever it tells.
type capability struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// most is more than any size has, of vCPUs as of GiB: an answer beyond it, or one that is no number, is none.
const most = 1 << 20

// key is what a size is found by: Azure takes its name in any case of letters.
func key(name string) string { return strings.ToLower(name) }

// need is what a machine of a size counts for in quotas: vCPUs and MiB where they are known.
func (z size) need() map[string]float64 {
	out := map[string]float64{"instances": 1}
	for _, c := range z.Capabilities {
		n, err := strconv.ParseFloat(c.Value, 64)
		switch {
		case err != nil, !(n >= 0 && n <= most):
		case c.Name == "vCPUs":
			out["cores"] = n
		case c.Name == "MemoryGB":
			out["ram"] = n * 1024
		}
	}
	return out
}

// barred tells whether the subscription may not use a size anywhere in the location. Zones do not count: nodes are in none.
func (z size) barred() bool {
	for _, r := range z.Restrictions {
		if r.Kind == "Location" && r.Reason == "NotAvailableForSubscription" {
			return true
		}
	}
	return false
}
