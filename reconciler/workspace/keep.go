package workspace

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/state/store"
)

// Keeper keeps copies of workspaces where another launcher finds them. It is good for one ZooKeeper session; state/store
// is the real one. Errors: store.ErrLost when the workspace (or everything) belongs to another launcher now, any other
// when it cannot be told.
type Keeper interface {
	Put(ctx context.Context, id string, d store.Document) error
	Get(ctx context.Context, id string) (store.Document, error)
	Remove(ctx context.Context, id string) error
	PutBlob(ctx context.Context, kind, name string, data []byte) error
	HasBlob(ctx context.Context, kind, name string) (bool, error)
	GetBlob(ctx context.Context, kind, name string) ([]byte, error)
	// KeyID names the key that copies are encrypted with, "" for none.
	KeyID() string
}

// Files of a document beside the blocks.
const (
	copyFile      = "copied"         // in the folder: see copiedLast
	providersName = "providers.json" // in the document: the names of the configured providers, without their secrets
)

// runMargin is added to the time after which a run has ended for sure: clocks and schedulers are not perfect.
const runMargin = 15 * time.Second

// errAway says that there is no session to keep copies with.
var errAway = errors.New("no ZooKeeper session: the workspace cannot be copied")

// Attach gives the manager a new session's keeper, with the ids of the workspaces that it keeps for us. From now on runs
// are started. Workspaces that are kept but lie not here (a lost disk) are fetched. Those that lie here but are not kept
// are copied, or given up when another launcher has them; taken says that one may have taken some over, and be done with
// them already.
func (m *Manager) Attach(k Keeper, own []string, taken bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.endSession != nil {
		m.endSession()
	}
	m.session, m.endSession = context.WithCancel(m.ctx)
	m.keeper, m.shared = k, map[string]sharing{}
	kept := map[string]bool{}
	for _, id := range own {
		kept[id] = true
		if m.workspaces[id] == nil && !m.fetching[id] {
			m.fetch(id)
		}
	}
	var behind []*workspace
	for id, ws := range m.workspaces {
		if !kept[id] {
			ws.lost = ws.lost || taken && ws.kept != ""
			ws.kept, ws.unkept = "", true
		}
		if ws.unkept {
			behind = append(behind, ws)
		}
	}
	m.goes(func() { m.lookAll(behind) })
	m.dispatch()
}

// atOnce bounds the workspaces that are looked at together.
const atOnce = 4

// lookAll looks at many workspaces, a few at a time.
func (m *Manager) lookAll(list []*workspace) {
	var wg sync.WaitGroup
	defer wg.Wait()
	slots := make(chan struct{}, atOnce)
	for _, ws := range list {
		slots <- struct{}{}
		m.mu.Lock()
		mine := m.ctx.Err() == nil && m.workspaces[ws.rec.ID] == ws && !ws.busy && !ws.queued
		if mine {
			ws.busy = true
		} else if ws.busy {
			ws.again = true
		}
		m.mu.Unlock()
		if !mine {
			<-slots
			continue
		}
		wg.Go(func() {
			defer func() { <-slots }()
			m.settle(ws)
		})
	}
}

// Detach ends that: nothing is started and nothing is copied until the next Attach. Runs under way go on.
func (m *Manager) Detach() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keeper = nil
	if m.endSession != nil {
		m.endSession()
		m.endSession = nil
	}
}

// away reports whether runs must wait for a session. Callers hold mu.
func (m *Manager) away() bool { return m.opts.Keep && m.keeper == nil }

// keep copies a workspace, unless the newest copy says the same. run tells a taker what may be under way, nil for
// nothing. Callers own ws and do not hold mu.
func (m *Manager) keep(ws *workspace, run *store.Run) error {
	if !m.opts.Keep {
		return nil
	}
	state, view, ok := execute.NewestState(ws.dir)
	if !ok && m.made(ws) {
		return errNoState
	}
	return m.keepState(ws, run, state, view)
}

// errNoState keeps a copy that may have the state from being replaced by one without.
var errNoState = errors.New("the workspace's state is lost or cannot be read: its copy is left as it is")

// keepState is keep for a state in hand, nil for none.
func (m *Manager) keepState(ws *workspace, run *store.Run, state []byte, view execute.StateView) error {
	if !m.opts.Keep {
		return nil
	}
	d, err := m.document(ws, run)
	if errors.Is(err, errTorn) {
		if err = m.mend(ws); err == nil {
			if d, err = m.document(ws, run); errors.Is(err, errTorn) {
				err = nil // the copy has no better
			}
		}
	}
	if err != nil {
		return m.notKept(ws, err)
	}
	if err := m.addState(ws, &d, state, view); err != nil {
		return m.notKept(ws, err)
	}
	return m.put(ws, d, view, false)
}

// put is keep for a document in hand. A workspace of which nothing is made yet is not kept without what another launcher
// needs to destroy it.
func (m *Manager) put(ws *workspace, d store.Document, view execute.StateView, isNew bool) error {
	m.mu.Lock()
	k, before := m.keeper, ws.kept
	m.mu.Unlock()
	if k == nil {
		return m.notKept(ws, errAway)
	}
	sum := digest(d, k.KeyID())
	same := before == sum
	m.mu.Lock()
	if same {
		ws.unkept = false
		delete(m.behind, ws)
	}
	m.mu.Unlock()
	if same {
		return nil
	}
	err := m.shareBase(k, d.Base)
	if errors.Is(err, errUnshared) {
		if isNew {
			return err // an attempt that fails: to wait would mend nothing
		}
		err = nil
	}
	if err == nil {
		err = k.Put(m.ctx, ws.rec.ID, d)
	}
	if err != nil {
		return m.notKept(ws, err)
	}
	// Not synced: a lost one costs a copy more.
	_ = execute.WriteFile(filepath.Join(ws.dir, copyFile), copiedLast{sum, view.Resources}.encode())
	m.mu.Lock()
	defer m.mu.Unlock()
	ws.kept, ws.unkept = sum, false
	delete(m.behind, ws)
	return nil
}

// copyRetry is how long a copy that failed waits before it is tried again.
const copyRetry = 5 * time.Second

// notKept notes that a copy is older than the workspace: the next Attach or Tick brings it up to date.
func (m *Manager) notKept(ws *workspace, err error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	ws.unkept = true
	if !errors.Is(err, errAway) {
		ws.kept = "" // it may have been done all the same
	}
	m.behind[ws] = time.Now().Add(copyRetry)
	if errors.Is(err, store.ErrLost) && !errors.Is(err, store.ErrLease) {
		ws.lost = true
	} else if !errors.Is(err, errAway) && !errors.Is(err, errBackend) && m.ctx.Err() == nil {
		m.opts.Log.Warn("a workspace could not be copied; it is tried again", "workspace", ws.rec.ID, "err", err)
	}
	return fmt.Errorf("%w: %w", errNotKept, err)
}

// errNotKept begins what went wrong before a run was begun.
var errNotKept = errors.New("workspace could not be copied")

// retryCopies brings copies up to date that failed a while ago. Callers hold mu.
func (m *Manager) retryCopies() {
	if m.keeper == nil || m.backendDown() {
		return
	}
	for ws, at := range m.behind {
		if m.workspaces[ws.rec.ID] != ws {
			delete(m.behind, ws)
		} else if !ws.busy && !time.Now().Before(at) {
			m.behind[ws] = time.Now().Add(copyRetry)
			m.look(ws)
		}
	}
}

// unkeep removes a workspace's copy.
func (m *Manager) unkeep(ws *workspace) error {
	if !m.opts.Keep {
		return nil
	}
	m.mu.Lock()
	k := m.keeper
	m.mu.Unlock()
	if k == nil {
		return m.notKept(ws, errAway)
	}
	if err := m.emptyBackend(ws); err != nil {
		return m.notKept(ws, err)
	}
	if err := k.Remove(m.ctx, ws.rec.ID); err != nil {
		return m.notKept(ws, err)
	}
	return nil
}

// document is a workspace as another launcher needs it, but for its state: record, blocks. It reads the folder. With an
// errTorn it lacks what the folder has lost. Callers own ws.
func (m *Manager) document(ws *workspace, run *store.Run) (store.Document, error) {
	m.mu.Lock()
	d := m.newDocument(ws, ws.rec.encode(), run)
	slots := ws.rec.names()
	m.mu.Unlock()
	var torn error
	for _, name := range slots {
		data, err := wholeBlock(ws.dir, name)
		switch {
		case errors.Is(err, errTorn):
			torn = err
		case err != nil:
			return d, err
		case data != nil:
			d.Files[name+".tf"] = data
		}
	}
	data, err := wholeProviders(ws.dir)
	if errors.Is(err, errTorn) {
		torn = err
	} else if err != nil {
		return d, err
	}
	if d.Files[providersName], err = configured(data); err != nil {
		return d, err
	}
	return d, torn
}

func (m *Manager) newDocument(ws *workspace, record []byte, run *store.Run) store.Document {
	return store.Document{
		Provider: ws.rec.Provider, Engine: m.opts.Engine.Product, Base: ws.rec.Base, Run: run,
		Files: map[string][]byte{recordFile: record},
	}
}

// digest tells documents apart, and what they are encrypted with: with a new key all are copied again.
func digest(d store.Document, key string) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n", key)
	if d.Run != nil {
		fmt.Fprintf(sum, "%s\x00%d\n", d.Run.Kind, d.Run.Within)
	}
	for _, name := range slices.Sorted(maps.Keys(d.Files)) {
		fmt.Fprintf(sum, "%s\x00%d\n", name, len(d.Files[name]))
		sum.Write(d.Files[name])
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// configured lists the providers that a providers file configures, as JSON.
func configured(file []byte) ([]byte, error) {
	names, err := configuredNames(file)
	if err != nil {
		return nil, err
	}
	return json.Marshal(names)
}

func configuredNames(file []byte) ([]string, error) {
	var had struct {
		Provider map[string]json.RawMessage `json:"provider"`
	}
	if len(file) > 0 {
		if err := json.Unmarshal(file, &had); err != nil {
			return nil, fmt.Errorf("read provider configuration: %w", err)
		}
	}
	return slices.Sorted(maps.Keys(had.Provider)), nil
}

// mayRun tells a taker of a job that may be under way, and how long after the loss of this launcher.
func mayRun(job execute.Job) *store.Run {
	return &store.Run{Kind: string(job.Kind), Within: min(job.Timeout+grace(job.Timeout), execute.LeaseLimit+execute.LeaseGrace) + runMargin}
}
