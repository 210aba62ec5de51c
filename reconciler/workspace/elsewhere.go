package workspace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/state/store"
)

// whereName is, in a document, where the state is that the document does not hold.
const whereName = "backend.json"

// where says what the backend held of a workspace when its document was written.
type where struct {
	// Block is the backend as its owner had it configured, for a launcher that has it configured otherwise. It holds
	// secrets, so it is told in an encrypted document only.
	Block   *modules.BackendBlock `json:"block,omitempty"`
	Lineage string                `json:"lineage,omitempty"` // "" when nothing had been pushed
	Serial  uint64                `json:"serial,omitempty"`  // of the state; the backend counts otherwise (see execute.Place)
	Digest  string                `json:"digest,omitempty"`
}

// Names in a workspace's folder.
const (
	placeFolder = "backend"     // see execute.Place
	pushedFile  = "pushed.json" // in it: what was pushed last
	strayFile   = "stray.tfstate"
)

// atPlace is a workspace's state in the backend. Whoever uses its folder holds the mutex, also who owns the workspace.
type atPlace struct {
	sync.Mutex
	pushed *where // nil when it is not known
	gone   bool   // the workspace's folder was removed
}

func (m *Manager) placeOf(ws *workspace) (execute.Place, error) {
	block, err := m.opts.Backend.Block(modules.WorkspaceVars{ID: ws.rec.ID, Provider: ws.rec.Provider})
	return execute.Place{Dir: filepath.Join(ws.dir, placeFolder), Exec: m.opts.Engine.Path, Block: block}, err
}

// openPlace prepares the place of a new workspace: while its run begins, so that nobody waits for it, or before that when
// it is not known that the backend works.
func (m *Manager) openPlace(ws *workspace) error {
	if m.opts.Backend == nil || !m.opts.Keep {
		return nil
	}
	m.mu.Lock()
	proven := m.remote.proven
	if proven {
		m.goes(func() { _ = m.prepare(ws) }) // the push finds out
	}
	m.mu.Unlock()
	if proven {
		return nil
	}
	if err := m.prepare(ws); err != nil {
		return m.notKept(ws, err)
	}
	return nil
}

func (m *Manager) prepare(ws *workspace) error {
	p, err := m.placeOf(ws)
	if err != nil {
		return err
	}
	ws.place.Lock()
	defer ws.place.Unlock()
	if ws.place.gone {
		return nil
	}
	return m.withBackend(p.Prepare)
}

// addState puts a workspace's state, nil for none, into its document, or into the backend and where it is into the
// document. Callers own ws.
func (m *Manager) addState(ws *workspace, d *store.Document, state []byte, view execute.StateView) error {
	if m.opts.Backend == nil {
		if state != nil {
			d.Files[execute.StateFile], d.Serial = state, view.Serial
		}
		return nil
	}
	w, err := m.push(ws, state, view)
	if err != nil {
		return err
	}
	m.mu.Lock()
	k := m.keeper
	m.mu.Unlock()
	if k == nil {
		return errAway
	}
	if k.KeyID() != "" {
		block, err := m.opts.Backend.Block(modules.WorkspaceVars{ID: ws.rec.ID, Provider: ws.rec.Provider})
		if err != nil {
			return err
		}
		w.Block = &block
	}
	d.Backend, d.Serial = m.opts.Backend.Type, w.Serial
	d.Files[whereName], err = json.Marshal(w)
	return err
}

// push brings the backend up to date with a state. What it holds already costs nothing.
func (m *Manager) push(ws *workspace, state []byte, view execute.StateView) (where, error) {
	ws.place.Lock()
	defer ws.place.Unlock()
	p, err := m.placeOf(ws)
	if err != nil {
		return where{}, err
	}
	had := ws.place.last(p)
	if state == nil || had == nil && view.Total() == 0 {
		return had.orNothing(), nil
	}
	now := where{Lineage: view.Lineage, Serial: view.Serial}
	if now.Digest, err = execute.StateDigest(state); err != nil {
		return where{}, err
	}
	if had != nil && had.Lineage == now.Lineage && had.Digest == now.Digest {
		return *had, nil
	}
	err = m.withBackend(func(ctx context.Context) error {
		if err := p.Prepare(ctx); err != nil {
			return err
		}
		return p.Push(ctx, state, false)
	})
	if errors.Is(err, execute.ErrNewer) {
		err = m.pushOver(ws, p, state, now)
	}
	if err != nil {
		return where{}, err
	}
	ws.place.pushed = &now
	if data, err := json.Marshal(now); err == nil {
		_ = execute.WriteFile(filepath.Join(p.Dir, pushedFile), data) // a lost one costs a push more
	}
	return now, nil
}

// last is what was pushed to a place last, nil when that is not known.
func (a *atPlace) last(p execute.Place) *where {
	if a.pushed != nil || !p.Prepared() {
		return a.pushed
	}
	data, err := os.ReadFile(filepath.Join(p.Dir, pushedFile))
	var w where
	if err == nil && json.Unmarshal(data, &w) == nil && w.Lineage != "" {
		a.pushed = &w
	}
	return a.pushed
}

func (w *where) orNothing() where {
	if w == nil {
		return where{}
	}
	return *w
}

// pushOver deals with a push that was refused: the backend holds something newer. That is our own push whose answer was
// lost, or what an older owner of the workspace wrote when it was ours already. Only the lease tells who is right.
func (m *Manager) pushOver(ws *workspace, p execute.Place, state []byte, now where) error {
	var there []byte
	var view execute.StateView
	err := m.withBackend(func(ctx context.Context) (err error) {
		there, view, _, err = p.Pull(ctx)
		return err
	})
	if err != nil {
		return err
	}
	if sum, err := execute.StateDigest(there); err == nil && sum == now.Digest && view.Lineage == now.Lineage {
		return nil
	}
	m.mu.Lock()
	k := m.keeper
	m.mu.Unlock()
	if k == nil {
		return errAway
	}
	d, err := k.Get(m.ctx, ws.rec.ID)
	if err != nil {
		return err
	}
	var told where
	if data := d.Files[whereName]; data != nil {
		if err := json.Unmarshal(data, &told); err != nil {
			return err
		}
	}
	if told.Lineage == view.Lineage && told.Serial >= view.Serial && view.Serial > now.Serial {
		return fmt.Errorf("the state of the workspace has serial %d here, but %d was pushed from here: was the state directory restored from a backup? (stop the launcher, put what `%s state pull` gives in %s in place of %s, and start it)",
			now.Serial, view.Serial, filepath.Base(p.Exec), p.Dir, filepath.Join(ws.dir, execute.StateFile))
	}
	if err := k.Put(m.ctx, ws.rec.ID, d); err != nil { // ErrLost: it is another's
		return err
	}
	if err := execute.WriteFile(filepath.Join(p.Dir, strayFile), there); err != nil {
		return err
	}
	m.suspect(ws.rec.Provider)
	m.opts.Log.Error("somebody else wrote the state of a workspace that is this launcher's, perhaps its last owner; it is written over. What only that state knew is looked for where the module offers a list",
		"workspace", ws.rec.ID, "serial", now.Serial, "other_serial", view.Serial, "kept", filepath.Join(p.Dir, strayFile))
	return m.withBackend(func(ctx context.Context) error { return p.Push(ctx, state, true) })
}

// emptyBackend leaves an empty state where that of a workspace was that is about to be forgotten: Terraform has no way to
// remove it. Callers own ws.
func (m *Manager) emptyBackend(ws *workspace) error {
	if m.opts.Backend == nil {
		return nil
	}
	state, view, ok := execute.NewestState(ws.dir)
	if !ok || view.Total() > 0 {
		return nil
	}
	_, err := m.push(ws, state, view)
	return err
}
