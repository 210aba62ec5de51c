package workspace

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/state/store"
)

// copied is a workspace's copy with its state, wherever that is kept. One without files: there is none.
func (m *Manager) copied(ws *workspace) (store.Document, error) {
	m.mu.Lock()
	k := m.keeper
	m.mu.Unlock()
	if k == nil {
		return store.Document{}, errAway
	}
	d, err := k.Get(m.ctx, ws.rec.ID)
	if errors.Is(err, zk.ErrNoNode) {
		return store.Document{}, nil
	}
	if err == nil {
		d, err = m.LoadState(m.ctx, ws.rec.ID, d)
	}
	return d, err
}

// errNoneLeft says that a lost state is in no copy either.
var errNoneLeft = errors.New("no copy of it is left")

// restoreCopy puts the state from a workspace's copy in the place of one that is lost or cannot be read. Callers own ws.
func (m *Manager) restoreCopy(ws *workspace) error {
	d, err := m.copied(ws)
	if err != nil {
		return fmt.Errorf("its copy cannot be read: %w", err)
	}
	if len(d.Files[execute.StateFile]) == 0 {
		return errNoneLeft
	}
	if err := replaceState(ws, d.Files[execute.StateFile]); err != nil {
		return fmt.Errorf("restore it from its copy: %w", err)
	}
	return nil
}

// replaceState puts a copied state in the place of a workspace's own.
func replaceState(ws *workspace, state []byte) error {
	path := filepath.Join(ws.dir, execute.StateFile)
	_ = os.Rename(path, path+".torn") // kept for whoever wants to look
	return execute.WriteState(ws.dir, state)
}

// consult puts right what a killed create run left. Terraform rewrites its state in place, and what it wrote last may not
// have reached the disk, so nodes that were handed over may be in the copy alone. It waits until the copy can be read,
// because before that nobody can say what the run made. False when the run is not to be concluded: the daemon ends first,
// and the next one takes it up, or the workspace is another launcher's. Callers own ws.
func (m *Manager) consult(ws *workspace) bool {
	if !m.opts.Keep {
		return true
	}
	view, err := execute.PeekState(ws.dir)
	whole := err == nil && view.Lineage != ""
	m.addRuns(ws, -1) // it is over, and others need not wait
	for try := 0; !m.isLost(ws); {
		d, err := m.copied(ws)
		if err == nil {
			err = m.newer(ws, d.Files[execute.StateFile])
		}
		if err != nil && !errors.Is(err, errAway) {
			if try++; try == 1 {
				m.opts.Log.Error("a run was killed, and what it made cannot be taken from the workspace's copy; its nodes wait for that", "workspace", ws.rec.ID, "err", err)
			}
		}
		if err == nil || whole && try > consultTries {
			m.addRuns(ws, 1)
			return true
		}
		select {
		case <-time.After(consultEvery):
		case <-m.ctx.Done():
			return false
		}
		if m.isDraining() {
			return false
		}
	}
	m.settle(ws)
	return false
}

// How often the copy is tried, which seldom more than one workspace does, and up to when if what lies here is whole: after
// the loss of the machine's power it may be older.
const (
	consultEvery = time.Second
	consultTries = 60
)

// newer puts the copied state in the place of what lies here, unless that is as new.
func (m *Manager) newer(ws *workspace, state []byte) error {
	copied, err := execute.ParseState(state)
	if err != nil {
		return nil //nolint:nilerr // the copy has none
	}
	here, err := execute.ReadState(ws.dir)
	if err == nil && here.Lineage != "" && (here.Lineage != copied.Lineage || here.Serial >= copied.Serial) {
		m.logRestored(ws, here)
		return nil
	}
	if err := replaceState(ws, state); err != nil {
		return err
	}
	copied.Restored = fromCopy
	m.logRestored(ws, copied)
	return nil
}

// fromCopy is what a state was restored from.
const fromCopy = "its copy"

func (m *Manager) logRestored(ws *workspace, view execute.StateView) {
	if view.Restored != "" {
		m.opts.Log.Error("the state of a workspace was torn, lost or unwritable; it was restored", "workspace", ws.rec.ID, "from", view.Restored, "serial", view.Serial, "resources", view.Total())
	}
}

func (m *Manager) addRuns(ws *workspace, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count(ws.rec.Provider, execute.Create, n)
}

func (m *Manager) isDraining() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.draining
}
