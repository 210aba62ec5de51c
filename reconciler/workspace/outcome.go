package workspace

import (
	"errors"
	"slices"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// tell records and passes on an outcome. Callers hold mu.
func (m *Manager) tell(o Outcome) {
	if o.Kind == Destroyed || o.Kind == Taken {
		delete(m.last, o.Node)
	} else {
		m.last[o.Node] = o
	}
	m.notify(o)
}

func sortPlaces(places []place) {
	slices.SortStableFunc(places, func(a, b place) int {
		return a.ws.rec.Slots[a.slot].Attempt - b.ws.rec.Slots[b.slot].Attempt
	})
}

var errDoomed = errors.New("what the attempt made is to be destroyed")

// answer tells the outcomes that State held back until the workspace was copied. Callers own ws.
func (m *Manager) answer(ws *workspace) {
	m.mu.Lock()
	asked := ws.asked
	ws.asked = false
	var nodes []string
	for _, name := range ws.rec.names() {
		nodes = append(nodes, ws.rec.Slots[name].Node)
	}
	m.mu.Unlock()
	if !asked {
		return
	}
	for _, node := range nodes {
		if o, ok := m.State(node); ok && o.Kind == Created {
			m.mu.Lock()
			m.tell(o)
			m.mu.Unlock()
		}
	}
}

// peek reads a state that a run may be rewriting: a node's neighbour is destroyed, or its workspace compared with the
// cloud.
func peek(dir string) (view execute.StateView, err error) {
	for range 5 {
		if view, err = execute.PeekState(dir); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	return view, err
}

// State is the newest outcome of a node, false when nothing is known of it. After a restart it is worked out from the
// node's workspace. A node of which something is being destroyed is never Created, nor is one whose workspace is not
// copied yet: its machine would be forgotten with this host. It is told later.
func (m *Manager) State(node string) (Outcome, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.waiting[node] != nil {
		return m.last[node], true
	}
	places := m.byNode[node]
	if len(places) == 0 {
		o, ok := m.last[node]
		return o, ok
	}
	p := places[len(places)-1]
	s := p.ws.rec.Slots[p.slot]
	o, told := m.last[node]
	switch {
	case m.opts.Keep && p.ws.unkept && !s.Doomed && s.Error == "" && (!told || o.Kind == Created):
		p.ws.asked = true
		return s.outcome(p.ws, Applying), true
	case s.Doomed:
		if told && o.Kind == DestroyFailed {
			return o, true
		}
		o = s.outcome(p.ws, DestroyFailed)
		o.Err = errDoomed
		return o, true
	case told:
		return o, true
	case !s.Created:
		return s.outcome(p.ws, Applying), true
	case s.Error != "":
		o = s.outcome(p.ws, Failed)
		o.Err = &execute.Error{Class: s.Class, Op: "apply workspace " + p.ws.rec.ID, Err: errors.New(s.Error)}
	default:
		m.mu.Unlock()
		view, err := peek(p.ws.dir)
		o = result(p.ws, p.slot, s, view, err, nil)
		m.mu.Lock()
	}
	return o, true
}
