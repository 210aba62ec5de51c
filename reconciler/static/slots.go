package static

import (
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Node is a record of the provider as last seen.
type Node struct {
	*record.Node
	// Free is unset while something is done with the node or somebody has its lock.
	Free bool
}

// idle reports whether a node may be rewritten or deleted: nobody has it or was given it.
func (n *Node) idle() bool { return n.unused() && n.Free }

func (n *Node) unused() bool { return n.State == record.NodeReady && n.AllocatedTo == "" }

// occupies reports whether a record in the state has its slot (protocol.md 4.11). A node on its way out has not: its
// successor may be registered at once.
func occupies(s record.NodeState) bool {
	return s != record.NodeBuilding && s != record.NodeDeleting && s != record.NodeDeleted
}

// assign gives a machine's records their slots: those that name a slot first, the others (before Nodepool 8 records had
// none) and those that share one fill what is free; of two the older stays. Nodes in use go before unused ones, which
// alone can be deregistered, so that the machine does not get more jobs than it is to have. The rest is surplus.
func assign(n int, nodes []*Node) (slots, surplus []*Node) {
	slots = make([]*Node, n)
	slices.SortFunc(nodes, func(a, b *Node) int { return strings.Compare(a.ID, b.ID) })
	for _, unused := range []bool{false, true} {
		var without []*Node
		for _, node := range nodes {
			switch s := node.Slot; {
			case node.unused() != unused:
			case s != nil && *s >= 0 && *s < int64(n) && slots[*s] == nil:
				slots[*s] = node
			default:
				without = append(without, node)
			}
		}
		surplus = append(surplus, fill(slots, without)...)
	}
	return slots, surplus
}

// fill puts nodes into free slots and returns those that found none.
func fill(slots, nodes []*Node) []*Node {
	free := 0
	for i, node := range nodes {
		for free < len(slots) && slots[free] != nil {
			free++
		}
		if free == len(slots) {
			return nodes[i:]
		}
		slots[free] = node
	}
	return nil
}
