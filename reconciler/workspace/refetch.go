package workspace

import (
	"errors"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/store"
)

// absent is a workspace that is ours and lies not here.
type absent struct {
	due   time.Time // when it is tried again to restore it
	why   error     // it could not be
	tries int
}

// again is what is known after one more try that failed.
func (a absent) again(err error) absent {
	return absent{time.Now().Add(min(firstRetry<<min(a.tries, 10), lastRetry)), err, a.tries + 1}
}

// TakeIn makes a workspace of ours from a document that was another launcher's until now, and returns the nodes in it. One
// that cannot be written here is ours all the same, and is tried again: see Missing.
func (m *Manager) TakeIn(id string, d store.Document) ([]string, error) {
	nodes, err := m.takeIn(id, d)
	if err != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.refetch[id] = m.refetch[id].again(err)
	}
	return nodes, err
}

// Missing reports whether there are workspaces that are ours and lie not here yet. Which nodes they hold is not known.
func (m *Manager) Missing() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.fetching)+len(m.refetch) > 0
}

// fetch takes in a workspace that is kept for us but lies not here. Callers hold mu.
func (m *Manager) fetch(id string) {
	m.fetching[id] = true
	k := m.keeper
	m.goes(func() {
		nodes, err := m.restore(k, id)
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.fetching, id)
		was := m.refetch[id]
		delete(m.refetch, id)
		switch {
		case errors.Is(err, errNoCopy):
			m.opts.Log.Warn("a workspace that is missing here is forgotten: it has no copy, because its first one was never completed or somebody deleted it", "workspace", id)
		case err != nil:
			m.refetch[id] = was.again(err)
			m.opts.Log.Error("a workspace that is missing here could not be restored from its copy; it is tried again", "workspace", id, "err", err)
		default:
			m.opts.Log.Warn("a workspace that was missing here was restored from its copy", "workspace", id, "nodes", nodes)
		}
	})
}

// errNoCopy says that there was nothing to restore, and that the workspace is not kept for us any more.
var errNoCopy = errors.New("it has no copy")

func (m *Manager) restore(k Keeper, id string) ([]string, error) {
	d, err := k.Get(m.ctx, id)
	if errors.Is(err, zk.ErrNoNode) {
		if err := k.Remove(m.ctx, id); err != nil {
			return nil, err
		}
		return nil, errNoCopy
	}
	if err != nil {
		return nil, err
	}
	return m.takeIn(id, d)
}

// retryFetches tries again to restore what is ours and lies not here. Callers hold mu.
func (m *Manager) retryFetches() {
	for id, a := range m.refetch {
		switch {
		case m.keeper == nil || m.workspaces[id] != nil:
			delete(m.refetch, id) // the next session lists what is ours
		case !m.fetching[id] && !time.Now().Before(a.due):
			m.fetch(id)
		}
	}
}
