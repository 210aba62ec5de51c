package workspace

import (
	"maps"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// Recover takes up what an earlier daemon left: runs still under way are followed, runs that ended meanwhile are
// settled, doomed slots are destroyed. Outcomes come through Notify; State gives those of nodes that were complete
// before. Call it once, after Open.
func (m *Manager) Recover() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(m.workspaces)) {
		ws := m.workspaces[id]
		run := ws.left
		ws.left = nil
		switch {
		case run == nil:
			// The daemon died between the record and the run: nothing was begun, and the launcher may begin it.
			for _, name := range ws.rec.pending() {
				ws.rec.Slots[name].Doomed = true
			}
			m.lookLater(ws)
		case run.Job.Kind == execute.Refresh:
			m.adoptRefresh(ws, run)
		case settled(ws, run):
			m.lookLater(ws)
		default:
			m.adopt(ws, run)
		}
	}
}

// lookLater leaves a workspace to Attach where that looks at all of them.
func (m *Manager) lookLater(ws *workspace) {
	if !m.opts.Keep {
		m.look(ws)
	}
}

// settled tells a run that was settled before from one whose end nobody has seen: the slots of a create run are marked,
// those of a destroy run are gone.
func settled(ws *workspace, run *execute.Run) bool {
	for _, name := range run.Job.Slots {
		s := ws.rec.Slots[name]
		if s != nil && (run.Job.Kind == execute.Destroy || !s.Created) {
			return false
		}
	}
	return true
}

// adopt follows a run that another daemon started. Callers hold mu.
func (m *Manager) adopt(ws *workspace, run *execute.Run) {
	m.opts.Log.Info("run of an earlier daemon taken up", "workspace", ws.rec.ID, "kind", run.Job.Kind, "nodes", len(run.Job.Slots))
	ws.busy = true
	m.count(ws.rec.Provider, run.Job.Kind, 1)
	if run.Job.Kind == execute.Create {
		m.goes(func() { m.createRun(ws, run, nil, nil, nil) })
		return
	}
	for _, name := range run.Job.Slots {
		if s := ws.rec.Slots[name]; s != nil {
			s.Doomed = true // the record may be older than the run
		}
	}
	m.goes(func() { m.destroyRun(ws, run, nil, run.Job.Slots, nil) })
}
