package workspace

import (
	"slices"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// Vanished is a node of which the cloud has lost something.
type Vanished struct {
	Node      string
	Provider  string
	Workspace string
	Had, Has  int // resources
}

// Vanished lists, by id, the nodes whose workspace holds less of them at the cloud than their launch made: something of them
// went behind our back. A node stays in the list until it is destroyed.
func (m *Manager) Vanished() []Vanished {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Vanished
	for node, v := range m.upkeep.vanished {
		if len(m.byNode[node]) == 0 {
			delete(m.upkeep.vanished, node)
			continue
		}
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b Vanished) int {
		if a.Node < b.Node {
			return -1
		}
		return 1
	})
	return out
}

// findVanished compares what a state holds of each launched node with what its launch made. It asks the state and not
// the refresh that changed it: a daemon that died in between finds the same. Callers own ws and hold mu.
func (m *Manager) findVanished(ws *workspace, view execute.StateView) {
	for name, s := range ws.rec.Slots {
		if !s.vanished(view.AtCloud(name)) {
			continue
		}
		if m.upkeep.vanished == nil {
			m.upkeep.vanished = map[string]Vanished{}
		}
		m.upkeep.vanished[s.Node] = Vanished{Node: s.Node, Provider: ws.rec.Provider, Workspace: ws.rec.ID, Had: s.AtCloud, Has: view.AtCloud(name)}
	}
}

// vanished reports whether so many resources at the cloud are fewer than what the slot's launch made.
func (s *Slot) vanished(has int) bool {
	return s.Created && !s.Doomed && s.Error == "" && has < s.AtCloud
}
