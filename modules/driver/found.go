package driver

// What a driver finds out about a cloud for the launcher, once a provider and not once a node: values, which the launcher
// keeps and uses until newer ones come. What a node was launched with stays.

// LabelKey names a label of a provider's pool.
type LabelKey struct{ Pool, Label string }

// Findings are what a cloud says of a provider's labels.
type Findings struct {
	Labels map[LabelKey]Found
	// Zones are those that a node of a pool may be put into, by pool; none leaves it to the cloud.
	Zones map[string][]string
}

// Found is what nodes of a label are made of.
type Found struct {
	// Missing says what the cloud lacks; then no node can be made. "" for nothing.
	Missing string
	// ImageID is the id of a cloud image that the configuration knows by name, "" for other images.
	ImageID string
	// Resources is what a node counts for in quotas, all of it; nil is what the configuration tells.
	Resources map[string]float64
	// Given is for the module: modules.NodeVars.Given.
	Given map[string]any
}

// Quota is what a cloud grants and what is in use of it.
type Quota struct {
	// Limits by resource, as those of a pool; one that is missing is infinite.
	Limits map[string]float64
	// Machines are all that count against it, whoever made them.
	Machines []Machine
}

// Machine is something that counts against a quota.
type Machine struct {
	// Provider and Node are from its marks, "" for none.
	Provider, Node string
	Resources      map[string]float64
}

// Unmanaged sums what counts against the quota of a provider and is none of its nodes: a leaked one is not either
// (protocol.md 4.5).
func (q Quota) Unmanaged(provider string, isNode func(id string) bool) map[string]float64 {
	sum := map[string]float64{}
	for _, m := range q.Machines {
		if m.Node != "" && m.Provider == provider && isNode(m.Node) {
			continue
		}
		for res, n := range m.Resources {
			sum[res] += n
		}
	}
	return sum
}

// Refused is an answer that no other try mends: the cloud, or the file with its credentials, says no.
type Refused struct{ Err error }

func (e *Refused) Error() string { return e.Err.Error() }
func (e *Refused) Unwrap() error { return e.Err }
