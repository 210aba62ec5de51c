package workspace

import (
	"errors"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// destroyTimeout bounds one try (protocol.md 4.8). Tries go on for ever.
const destroyTimeout = 600 * time.Second

// Back-off between tries of a destroy that fails: doubling from the first to the last of these.
const (
	firstRetry = 2 * time.Second
	lastRetry  = time.Minute
)

// Destroy removes everything of a node: a waiting order, and the resources of all its attempts. It may be called again
// and again; the answer is an outcome, Destroyed at once when there is nothing.
func (m *Manager) Destroy(node string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if it := m.waiting[node]; it != nil {
		it.dead = true
		delete(m.waiting, node)
	}
	places := m.byNode[node]
	if len(places) == 0 {
		m.tell(Outcome{Kind: Destroyed, Node: node})
		return
	}
	for _, p := range places {
		p.ws.rec.Slots[p.slot].Doomed = true
		m.look(p.ws)
	}
	m.dispatch()
}

// look has a workspace settled: by its owner when it has one. Callers hold mu.
func (m *Manager) look(ws *workspace) {
	switch {
	case ws.busy:
		ws.again = true
	case !ws.queued:
		ws.busy = m.goes(func() { m.settle(ws) })
	}
}

// destroy runs Terraform on a workspace's doomed slots. Callers hold mu.
func (m *Manager) destroy(ws *workspace) bool {
	var slots []string
	all := ws.rec.names()
	for _, name := range all {
		if ws.rec.Slots[name].Doomed {
			slots = append(slots, name)
		}
	}
	job := execute.Job{Kind: execute.Destroy, Slots: slots, Whole: len(slots) == len(ws.rec.Slots), Timeout: destroyTimeout}
	ws.busy = true
	m.count(ws.rec.Provider, execute.Destroy, 1)
	grown := m.born()
	return m.goes(func() {
		defer grown()
		var run *execute.Run
		// To Terraform a lost state is an empty one: it would "destroy" it with success and everything be forgotten.
		_, err := m.readState(ws)
		if err == nil {
			err = m.furnish(ws)
		}
		if err == nil {
			if err := m.refreshProviders(ws); err != nil {
				m.opts.Log.Warn("nodes are destroyed with the provider configuration of their launch", "workspace", ws.rec.ID, "err", err)
			}
			err = m.keep(ws, mayRun(job))
		}
		if err == nil {
			err = showBlocks(ws.dir, all, needed(all, slots, func() bool { return m.configures(ws) }))
		}
		if err == nil {
			run, err = m.start(ws, job)
		}
		m.destroyRun(ws, run, err, slots, grown)
	})
}

// destroyRun follows a destroy run to its end and settles it: what the state no longer holds is gone, the rest is tried
// again later; grown may be nil. Callers own ws.
func (m *Manager) destroyRun(ws *workspace, run *execute.Run, err error, slots []string, grown func()) {
	e := ending{err: err, seen: newRunLog()}
	if err == nil {
		e.rep, e.seen, e.err = m.follow(ws, run, grown)
	}
	if m.ctx.Err() != nil {
		return
	}
	m.judge(run, e.rep)
	m.logEnd(ws, execute.Destroy, e.rep, e.err)
	m.showAll(ws)
	e.view, e.stateErr = m.readState(ws)
	m.warnInFlight(ws, e)
	m.destroyEnded(ws, e, slots)
	m.settle(ws)
}

// showAll ends what destroy hid: whoever else runs Terraform in the folder must not find nodes without their blocks, which
// it would destroy. Callers own ws.
func (m *Manager) showAll(ws *workspace) {
	m.mu.Lock()
	all := ws.rec.names()
	m.mu.Unlock()
	if err := showBlocks(ws.dir, all, all); err != nil {
		m.opts.Log.Warn("show blocks", "workspace", ws.rec.ID, "err", err)
	}
}

func (m *Manager) destroyEnded(ws *workspace, e ending, slots []string) {
	blocks := map[string]string{}
	for _, name := range slots {
		if e.stateErr != nil || !e.view.Empty(name) {
			blocks[name] = shownBlock(ws.dir, name)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count(ws.rec.Provider, execute.Destroy, -1)
	left := len(slots) == 0 && (e.stateErr != nil || e.view.Total() > 0)
	for _, name := range slots {
		if s := ws.rec.Slots[name]; s != nil && (e.stateErr != nil || !e.view.Empty(name)) {
			left = true
			out := s.outcome(ws, DestroyFailed)
			out.Err, out.Block = e.failure(ws, name), blocks[name]
			if e.rep.Error == "" && e.err == nil && e.stateErr == nil {
				out.Err = &execute.Error{Class: execute.Unknown, Op: "destroy in workspace " + ws.rec.ID, Err: errors.New("the run ended without an error, but the state still holds resources"), Hint: "look into " + ws.dir}
			}
			m.tell(out)
		}
	}
	if !left {
		ws.failures, ws.notAgain = 0, time.Time{}
		return
	}
	ws.notAgain = time.Now().Add(min(firstRetry<<min(ws.failures, 10), lastRetry))
	ws.failures++
}
