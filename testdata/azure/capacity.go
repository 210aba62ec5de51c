package azure

import (
	"fmt"
	"net/http"
	"strings"
)

// Fail has machines fail from now on: SkuNotAvailable, AllocationFailed (which leaves the machine there), "" for no longer.
func (s *Server) Fail(code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = code
}

// Limit sets the subscription's quota of cores.
func (s *Server) Limit(cores int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = cores
}

// skus are the sizes that the location has, as the list of all resource SKUs has them, and a disk among them.
var skus = []map[string]any{
	{"resourceType": "disks", "name": "Premium_LRS", "locations": []string{Location}},
	sku("Standard_D2s_v5", 2, 8), sku("Standard_D4s_v5", 4, 16), sku("Standard_D8s_v5", 8, 32), sku("Standard_B1ls", 1, 0.5),
	barred("Standard_HB120rs_v3", 120, 456),
}

func sku(name string, cores int, memory float64) map[string]any {
	capability := func(name, value string) map[string]any { return map[string]any{"name": name, "value": value} }
	return map[string]any{
		"resourceType": "virtualMachines", "name": name, "locations": []string{Location},
		"capabilities": []map[string]any{capability("vCPUs", fmt.Sprint(cores)), capability("MemoryGB", fmt.Sprint(memory)), capability("HyperVGenerations", "V1,V2")},
		"restrictions": []map[string]any{{"type": "Zone", "reasonCode": "NotAvailableForSubscription"}},
	}
}

func barred(name string, cores int, memory float64) map[string]any {
	s := sku(name, cores, memory)
	s["restrictions"] = []map[string]any{{"type": "Location", "reasonCode": "NotAvailableForSubscription"}}
	return s
}

// coresOf a size, 0 for one that is not there.
func coresOf(size string) (n int) {
	for _, s := range skus {
		if c, ok := s["capabilities"].([]map[string]any); ok && strings.EqualFold(fmt.Sprint(s["name"]), size) {
			_, _ = fmt.Sscan(fmt.Sprint(c[0]["value"]), &n)
		}
	}
	return n
}

// used is how many machines there are, and their cores.
func (s *Server) used(without string) (count, cores int) {
	for _, r := range s.resources {
		if kind(r.path) == machines && r.path != without {
			size, _ := child(properties(r.doc), "hardwareProfile")["vmSize"].(string)
			count, cores = count+1, cores+coresOf(size)
		}
	}
	return count, cores
}

func (s *Server) usages() []map[string]any {
	count, cores := s.used("")
	usage := func(name string, current, limit int) map[string]any {
		return map[string]any{"name": map[string]any{"value": name}, "currentValue": current, "limit": limit, "unit": "Count"}
	}
	// One machine with four cores is in another resource group.
	return []map[string]any{usage("availabilitySets", 0, 2500), usage("cores", cores+4, s.limit+4), usage("virtualMachines", count+1, 25000)}
}

// full is why there is no room for a machine, nil when there is.
func (s *Server) full(size, path string) *refusal {
	_, cores := s.used(path)
	need := coresOf(size)
	switch {
	case cores+need > s.limit:
		return &refusal{http.StatusConflict, "OperationNotAllowed", fmt.Sprintf("Operation could not be completed as it results in exceeding approved Total Regional Cores quota. "+
			"Additional details - Deployment Model: Resource Manager, Location: %s, Current Limit: %d, Current Usage: %d, Additional Required: %d, (Minimum) New Limit Required: %d. "+
			"Submit a request for Quota increase.", Location, s.limit, cores, need, cores+need), false}
	case s.failure == "SkuNotAvailable":
		return &refusal{http.StatusConflict, s.failure, fmt.Sprintf("The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: %s' is currently not available in location '%s'. "+
			"Please try another size or deploy to a different location or different zone.", size, Location), false}
	}
	return nil
}
