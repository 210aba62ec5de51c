package status

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Unserved is a provider that nodes name and that no launcher serves: they are left alone, whatever becomes of them.
type Unserved struct {
	Provider     string
	Nodes, InUse int
}

// UnservedBy looks for nodes whose provider is neither in a configuration nor registered by any launcher. The cost grows
// with the number of nodes.
func UnservedBy(nodes iter.Seq[*record.Node], registered iter.Seq[*record.Pool], configured []Provider) []Unserved {
	served := map[string]bool{"": true} // no launcher wrote that
	for p := range registered {
		served[p.ProviderName] = true
	}
	for _, p := range configured {
		served[p.Name] = true
	}
	var out []Unserved
	at := map[string]int{}
	for n := range nodes {
		if served[n.Provider] {
			continue
		}
		if _, known := at[n.Provider]; !known {
			at[n.Provider] = len(out)
			out = append(out, Unserved{Provider: n.Provider})
		}
		u := &out[at[n.Provider]]
		u.Nodes++
		if n.State == record.NodeInUse {
			u.InUse++
		}
	}
	slices.SortFunc(out, func(a, b Unserved) int { return cmp.Compare(a.Provider, b.Provider) })
	return out
}

// Do says what to do about it.
func (u Unserved) Do() string {
	return fmt.Sprintf("configure provider %s again, with max-servers: 0, and delete its ready nodes, until all are gone; or nodepool-tf erase %s", u.Provider, u.Provider)
}

// Stuck is a workspace of a launcher that is gone which this one cannot take over. Until somebody does, records of its
// provider whose resources are known to nobody stay, because they may be in it.
type Stuck struct {
	Workspace, Launcher string
	Provider            string // "" where that cannot be read either
	Why                 string
}

// Warning is something that an operator should look at, though the launcher works.
type Warning struct {
	Title string // a few words
	Text  string // what it is and what to do
}

// Warnings of a snapshot, the gravest first.
func (s *Snapshot) Warnings() (all []Warning) {
	if w := s.Workspaces; w.DiskFull {
		all = append(all, Warning{"No room for new nodes", fmt.Sprintf("The state directory %s has %d MiB left and needs %d: requests are left to other launchers until there is room.", w.Dir, w.DiskFree>>20, w.DiskNeed>>20)})
	}
	for _, u := range s.Unserved {
		all = append(all, Warning{
			"Nodes that nobody deletes",
			fmt.Sprintf("%d of provider %s (%d in use), which no launcher serves. To do: %s.", u.Nodes, u.Provider, u.InUse, u.Do()),
		})
	}
	if ids := slices.Sorted(maps.Keys(s.Workspaces.Absent)); len(ids) > 0 {
		all = append(all, Warning{
			"Workspaces of this launcher that are not here",
			fmt.Sprintf("%d, the first %s: %s. It is tried again within a minute. Until then nodes that nobody knows are not deleted, because they may be in them.", len(ids), ids[0], s.Workspaces.Absent[ids[0]]),
		})
	}
	if n := len(s.Stuck); n > 0 {
		first := s.Stuck[0]
		all = append(all, Warning{
			"Workspaces of a lost launcher that nobody takes over",
			fmt.Sprintf("%d, the first %s of launcher %s, provider %s: %s. Their nodes are not deleted until a launcher can read and serve them.", n, first.Workspace, first.Launcher, cmp.Or(first.Provider, "not readable"), first.Why),
		})
	}
	for _, w := range s.Config.Warnings {
		all = append(all, Warning{"The configuration is in force, but", w})
	}
	return all
}
