package workspace

import (
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// Recover takes up what an earlier daemon left: runs still under way are followed, runs that ended meanwhile are
// settled, doomed slots are destroyed. Outcomes come through Notify; State gives those of nodes that were complete
// before. Call it once, after Open.
func (m *Manager) Recover() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, ws := range m.workspaces {
		run, ok := execute.Adopt(ws.dir)
		switch {
		case !ok:
			// The daemon died between the record and the run: nothing was created.
			for _, s := range ws.rec.Slots {
				if !s.Created {
					s.Created = true
				}
			}
			m.settle(ws)
		case ended(ws, run):
			m.settle(ws)
		default:
			m.adopt(ws, run)
		}
	}
	m.dispatch()
}

// ended tells a run that was settled before from one whose end nobody has seen: the slots of a create run are marked.
func ended(ws *workspace, run *execute.Run) bool {
	if run.Job.Kind != execute.Create {
		return false
	}
	for _, name := range run.Job.Slots {
		if s := ws.rec.Slots[name]; s != nil && !s.Created {
			return false
		}
	}
	return true
}

// adopt follows a run that another daemon started. Callers hold mu.
func (m *Manager) adopt(ws *workspace, run *execute.Run) {
	m.opts.Log.Info("run of an earlier daemon taken up", "workspace", ws.rec.ID, "kind", run.Job.Kind, "nodes", len(run.Job.Slots))
	ws.busy = true
	count := &m.creating
	if run.Job.Kind == execute.Destroy {
		count = &m.destroying
	}
	*count++
	m.running[ws.rec.Provider]++
	m.wg.Add(1)
	go func() {
		defer m.wg.Done()
		handed, seen := map[string]bool{}, &runLog{}
		rep, err := m.follow(ws, run, handed, seen)
		m.mu.Lock()
		defer m.mu.Unlock()
		*count--
		m.running[ws.rec.Provider]--
		if m.ctx.Err() != nil {
			return
		}
		if run.Job.Kind == execute.Create {
			m.createEnded(ws, rep, err, handed, seen, nil)
		} else {
			m.destroyEnded(ws, run.Job.Slots, rep, err, seen)
		}
		m.dispatch()
	}()
}
