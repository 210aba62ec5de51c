package workspace

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// destroyTimeout bounds one try (protocol.md 4.8). Tries go on for ever.
const destroyTimeout = 600 * time.Second

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
	for _, p := range slices.Clone(places) {
		s := p.ws.rec.Slots[p.slot]
		if !s.Doomed {
			s.Doomed = true
			if err := p.ws.rec.save(p.ws.dir); err != nil && !p.ws.busy {
				m.opts.Log.Warn("record workspace", "workspace", p.ws.rec.ID, "err", err)
			}
		}
		m.settle(p.ws)
	}
	m.dispatch()
}

// settle puts an idle workspace where it belongs: doomed slots that hold nothing are dropped, others wait for a
// destroy run, and an empty workspace is removed. Callers hold mu.
func (m *Manager) settle(ws *workspace) {
	if ws.busy {
		return
	}
	view, err := execute.ReadState(ws.dir)
	if err != nil {
		m.opts.Log.Error("state of workspace cannot be read", "workspace", ws.rec.ID, "err", err, "hint", "restore "+filepath.Join(ws.dir, execute.StateFile)+" from its .backup")
	}
	doomed := false
	for _, name := range ws.rec.names() {
		s := ws.rec.Slots[name]
		if !s.Doomed {
			continue
		}
		if err == nil && view.Empty(name) {
			m.dropSlot(ws, name)
			if len(m.byNode[s.Node]) == 0 && m.waiting[s.Node] == nil {
				m.tell(s.outcome(ws, Destroyed))
			}
			continue
		}
		doomed = true
	}
	if len(ws.rec.Slots) == 0 && (err != nil || view.Total() == 0) {
		m.remove(ws)
		return
	}
	if err := ws.rec.save(ws.dir); err != nil {
		m.opts.Log.Warn("record workspace", "workspace", ws.rec.ID, "err", err)
	}
	if doomed && !ws.queued {
		ws.queued = true
		m.destroys = append(m.destroys, ws)
	}
}

// dropSlot forgets a slot that holds no resources. Callers hold mu and save the record.
func (m *Manager) dropSlot(ws *workspace, name string) {
	s := ws.rec.Slots[name]
	delete(ws.rec.Slots, name)
	m.byNode[s.Node] = slices.DeleteFunc(m.byNode[s.Node], func(p place) bool { return p.ws == ws && p.slot == name })
	if len(m.byNode[s.Node]) == 0 {
		delete(m.byNode, s.Node)
	}
	if err := os.Remove(filepath.Join(ws.dir, name+".tf")); err != nil && !os.IsNotExist(err) {
		m.opts.Log.Warn("remove block", "workspace", ws.rec.ID, "node", s.Node, "err", err)
	}
}

// remove deletes an empty workspace's folder, its record last: a folder half removed is removed again at the next
// start. Callers hold mu.
func (m *Manager) remove(ws *workspace) {
	delete(m.workspaces, ws.rec.ID)
	if err := os.RemoveAll(ws.dir); err != nil {
		m.opts.Log.Warn("remove workspace folder", "workspace", ws.rec.ID, "err", err)
	}
}

// destroy runs Terraform on a workspace's doomed slots. Callers hold mu.
func (m *Manager) destroy(ws *workspace) {
	var slots []string
	for _, name := range ws.rec.names() {
		if ws.rec.Slots[name].Doomed {
			slots = append(slots, name)
		}
	}
	whole := len(slots) == len(ws.rec.Slots)
	ws.busy = true
	m.destroying++
	m.running[ws.rec.Provider]++
	m.wg.Add(1)
	go func() {
		defer m.wg.Done()
		run, err := m.start(ws, execute.Job{Kind: execute.Destroy, Slots: slots, Whole: whole, Timeout: destroyTimeout})
		var rep execute.Report
		seen := &runLog{}
		if err == nil {
			rep, err = m.follow(ws, run, nil, seen)
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		m.destroying--
		m.running[ws.rec.Provider]--
		if m.ctx.Err() != nil {
			return
		}
		m.destroyEnded(ws, slots, rep, err, seen)
		m.dispatch()
	}()
}

// destroyEnded settles a destroy run: what the state no longer holds is gone, the rest is tried again later. Callers
// hold mu.
func (m *Manager) destroyEnded(ws *workspace, slots []string, rep execute.Report, err error, seen *runLog) {
	ws.busy = false
	m.logEnd(ws, execute.Destroy, rep, err)
	view, stateErr := execute.ReadState(ws.dir)
	left := false
	for _, name := range slots {
		if s := ws.rec.Slots[name]; s != nil && (stateErr != nil || !view.Empty(name)) {
			left = true
			out := s.outcome(ws, DestroyFailed)
			out.Err = failure(name, rep, err, stateErr, seen)
			m.tell(out)
		}
	}
	if !left {
		ws.failures, ws.notAgain = 0, time.Time{}
		m.settle(ws)
		return
	}
	if rep.Error == "" && err == nil && stateErr == nil {
		m.opts.Log.Warn("destroy ended without an error but left resources", "workspace", ws.rec.ID, "err", errors.New("state still holds them"))
	}
	ws.failures++
	ws.notAgain = time.Now().Add(min(time.Second<<min(ws.failures, 6), time.Minute))
	m.settle(ws)
}

// Tick dispatches what waits for time to pass: destroys to be tried again, and creates while the disk was full.
func (m *Manager) Tick() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dispatch()
}

func (m *Manager) logEnd(ws *workspace, kind execute.Kind, rep execute.Report, err error) {
	text := rep.Error
	if err != nil {
		text = err.Error()
	}
	log := m.opts.Log.With("workspace", ws.rec.ID, "kind", kind, "dur", rep.Wall.Round(time.Millisecond), "cpu", rep.CPU.Round(time.Millisecond), "rss_mib", rep.MaxRSS>>20)
	if text != "" {
		log.Warn("apply failed", "err", firstLine(text))
		return
	}
	log.Info("apply finished")
}

func firstLine(s string) string {
	for i, r := range s {
		if r == '\n' {
			return s[:i]
		}
	}
	return s
}

// Cancel removes an order that still waits for a free run. It reports false when the node's apply has begun (or
// ended): then the node must be destroyed.
func (m *Manager) Cancel(node string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	it := m.waiting[node]
	if it == nil || len(m.byNode[node]) > 0 {
		return false
	}
	it.dead = true
	delete(m.waiting, node)
	delete(m.last, node)
	return true
}
