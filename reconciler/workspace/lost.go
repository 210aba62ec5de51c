package workspace

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// takenFile lists, in the state directory, the nodes whose workspaces another launcher has taken over.
const takenFile = "taken.json"

func (m *Manager) isLost(ws *workspace) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return ws.lost
}

// giveUp forgets a workspace that another launcher has taken over. Callers own ws and do not hold mu.
func (m *Manager) giveUp(ws *workspace) {
	m.opts.Log.Warn("another launcher has taken a workspace over; it is forgotten here", "workspace", ws.rec.ID, "nodes", len(ws.rec.Slots))
	m.mu.Lock()
	for _, name := range ws.rec.names() {
		m.taken[ws.rec.Slots[name].Node] = true
	}
	taken := slices.Sorted(maps.Keys(m.taken))
	m.mu.Unlock()
	m.saveTaken(taken) // before the folder goes: a node must not look like one that was never begun
	m.salvage(ws)
	m.removeFolder(ws)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range ws.rec.names() {
		m.drop(ws, name, Taken)
	}
	delete(m.workspaces, ws.rec.ID)
	ws.busy, ws.again = false, false
	m.dispatch()
}

// Taken reports whether another launcher has taken over the workspace of a node that was ours.
func (m *Manager) Taken(node string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.taken[node]
}

// ForgetTaken drops what is remembered of nodes that are gone.
func (m *Manager) ForgetTaken(gone func(node string) bool) {
	m.mu.Lock()
	before := len(m.taken)
	maps.DeleteFunc(m.taken, func(node string, _ bool) bool { return gone(node) })
	taken := slices.Sorted(maps.Keys(m.taken))
	m.mu.Unlock()
	if len(taken) != before {
		m.saveTaken(taken)
	}
}

func (m *Manager) saveTaken(nodes []string) {
	data, err := json.Marshal(nodes)
	if err == nil {
		err = execute.WriteDurable(filepath.Join(m.opts.Dir, takenFile), data)
	}
	if err != nil {
		m.opts.Log.Warn("note which nodes another launcher has taken over", "err", err)
	}
}

func (m *Manager) loadTaken() error {
	data, err := os.ReadFile(filepath.Join(m.opts.Dir, takenFile))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	var nodes []string
	if err := json.Unmarshal(data, &nodes); err != nil {
		m.opts.Log.Warn("the list of nodes that another launcher has taken over cannot be read", "file", takenFile, "err", err)
		return nil
	}
	for _, n := range nodes {
		m.taken[n] = true
	}
	return nil
}
