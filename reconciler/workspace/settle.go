package workspace

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// settle puts a workspace where it belongs and lets go of it: doomed slots that hold nothing are dropped, others wait
// for a destroy run, and an empty workspace is removed. Callers own ws and do not hold mu.
func (m *Manager) settle(ws *workspace) {
	for m.settleOnce(ws) {
	}
}

// settleOnce reports whether something was doomed meanwhile, so that it must be done again.
func (m *Manager) settleOnce(ws *workspace) (again bool) {
	if m.isLost(ws) {
		m.giveUp(ws)
		return false
	}
	view, err := m.readState(ws)
	if err != nil {
		m.opts.Log.Error("the state of a workspace cannot be read; its nodes are not forgotten, but cannot be destroyed before it is repaired", "workspace", ws.rec.ID, "err", err,
			"hint", "put a whole copy in place of "+filepath.Join(ws.dir, execute.StateFile)+"; or, once nothing of the nodes is left at the provider, stop the launcher and remove the folder")
	}
	m.mu.Lock()
	ws.again = false
	var gone []string
	for _, name := range ws.rec.names() {
		if ws.rec.Slots[name].Doomed && err == nil && view.Empty(name) {
			gone = append(gone, name)
		}
	}
	left := ws.rec.without(gone)
	if err == nil {
		m.findVanished(ws, view)
	}
	empty := len(left.Slots) == 0 && err == nil && view.Total() == 0
	record := left.encode()
	m.mu.Unlock()
	m.save(ws, record, gone)
	m.mu.Lock()
	for _, name := range gone {
		m.drop(ws, name, Destroyed)
	}
	m.mu.Unlock()
	removed := m.bringUp(ws, empty)

	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case ws.lost:
		m.goes(func() { m.giveUp(ws) }) // still ours alone
		return false
	case removed:
		delete(m.workspaces, ws.rec.ID)
		ws.again = false // all that could be doomed is gone
	case ws.again:
		return true
	}
	ws.busy = false
	if !empty && m.unwanted(ws) {
		ws.queued = true
		l := m.lane(ws.rec.Provider)
		l.destroys = append(l.destroys, ws)
	}
	m.dispatch()
	return false
}

// bringUp brings a workspace's copy up to date, or removes an empty one, copy first: a folder without a copy is copied
// again, a copy without a folder would come back.
func (m *Manager) bringUp(ws *workspace, empty bool) (removed bool) {
	if empty {
		if m.unkeep(ws) != nil {
			return false
		}
		m.removeFolder(ws)
		return true
	}
	if m.keep(ws, nil) == nil {
		m.answer(ws)
	}
	m.forgetTold(ws)
	return false
}

// forgetTold drops what was told of nodes that are complete: of a fleet there are many, and State works it out again.
func (m *Manager) forgetTold(ws *workspace) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range ws.rec.Slots {
		if o := m.last[s.Node]; o.Kind == Created && o.Attempt == s.Attempt {
			delete(m.last, s.Node)
		}
	}
}

// unwanted reports whether a workspace holds something that is to be destroyed.
func (m *Manager) unwanted(ws *workspace) bool {
	if len(ws.rec.Slots) == 0 {
		return true // resources of no slot
	}
	for _, s := range ws.rec.Slots {
		if s.Doomed {
			return true
		}
	}
	return false
}

// save writes the record and removes the blocks of slots no longer in it. The record goes first: a block without a slot
// does no harm. Callers own ws.
func (m *Manager) save(ws *workspace, record []byte, gone []string) {
	// After a start all are looked at, and few have changed: a read is far cheaper than a write that lasts.
	if old, err := os.ReadFile(filepath.Join(ws.dir, recordFile)); err == nil && len(gone) == 0 && bytes.Equal(old, record) {
		return
	}
	if err := saveRecord(ws.dir, record); err != nil {
		m.opts.Log.Warn("record workspace", "workspace", ws.rec.ID, "err", err)
	}
	for _, name := range gone {
		if err := removeBlock(ws.dir, name); err != nil {
			m.opts.Log.Warn("remove block", "workspace", ws.rec.ID, "slot", name, "err", err)
		}
	}
}

// drop forgets a slot and tells why: it holds no resources, or is another launcher's. Callers hold mu.
func (m *Manager) drop(ws *workspace, name string, why Kind) {
	s := ws.rec.Slots[name]
	delete(ws.rec.Slots, name)
	places := slices.DeleteFunc(m.byNode[s.Node], func(p place) bool { return p.ws == ws && p.slot == name })
	if len(places) > 0 {
		m.byNode[s.Node] = places
		return
	}
	delete(m.byNode, s.Node)
	if m.waiting[s.Node] == nil {
		m.tell(s.outcome(ws, why))
	}
}

// removeFolder deletes an empty workspace's folder. It is renamed first: after a crash half-way it must not look like a
// workspace that has lost its record. Callers own ws.
func (m *Manager) removeFolder(ws *workspace) {
	ws.place.Lock()
	defer ws.place.Unlock()
	ws.place.gone = true
	err := os.Rename(ws.dir, aside(ws.dir))
	if err == nil {
		err = os.RemoveAll(aside(ws.dir))
	}
	if err != nil && !os.IsNotExist(err) {
		m.opts.Log.Warn("remove workspace folder", "workspace", ws.rec.ID, "err", err)
	}
}
