package workspace

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sort"
	"sync"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// Options of a manager.
type Options struct {
	Dir    string   // state directory
	Self   []string // command line of a worker process, to which the workspace folder is added
	Engine execute.Engine
	Log    *slog.Logger
	// MaxApplies bounds the runs at one time over all providers.
	MaxApplies int
	// ProviderLimit gives a provider's own bound, 0 for none. It is asked at each dispatch.
	ProviderLimit func(provider string) int
	// Batch bounds the nodes of one create run. 10 is where creating costs least CPU per node while deleting one
	// of them later stays cheap (docs/design.md has the figures).
	Batch int
	// Notify is told each outcome as it happens. It must not block and must not call the manager.
	Notify func(Outcome)
}

// Manager runs the workspaces of a state directory. One manager per directory (it takes the directory's lock).
type Manager struct {
	opts  Options
	bases *execute.Bases
	lock  *os.File
	ctx   context.Context
	stop  context.CancelFunc
	wg    sync.WaitGroup

	mu         sync.Mutex
	notify     func(Outcome)
	draining   bool
	workspaces map[string]*workspace
	byNode     map[string][]place // slots of a node, one per attempt still there
	waiting    map[string]*item   // by node: orders not yet running
	queues     map[string][]*item // by provider, first come first served
	turn       []string           // providers with a queue, in the order they are served
	destroys   []*workspace       // workspaces with doomed slots, waiting for a run
	last       map[string]Outcome // by node: the newest outcome
	running    map[string]int     // by provider
	creating   int
	destroying int
	lowDisk    time.Time // last warning
	seq        int
}

type place struct {
	ws   *workspace
	slot string
}

// item is an order whose module is (being) initialised.
type item struct {
	Order
	base *execute.Base
	solo bool // must not share its run: a run with it failed before anything was created
	dead bool // destroyed while it waited
}

type workspace struct {
	rec      *Record
	dir      string
	busy     bool // a run is under way
	queued   bool // in destroys
	failures int  // destroy runs that failed in a row
	notAgain time.Time
}

// Open takes the state directory and reads the workspaces in it. Runs that an earlier daemon left are followed again
// once Recover is called. Errors name the directory and what to do.
func Open(o Options) (*Manager, error) {
	if o.Batch <= 0 {
		o.Batch = 10
	}
	if o.MaxApplies <= 0 {
		o.MaxApplies = 8
	}
	if o.ProviderLimit == nil {
		o.ProviderLimit = func(string) int { return 0 }
	}
	for _, d := range []string{o.Dir, filepath.Join(o.Dir, "workspaces"), filepath.Join(o.Dir, "bases"), filepath.Join(o.Dir, "modules")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("state directory %s cannot be made: %w (set terraform.state-dir to a folder that the daemon may write)", o.Dir, err)
		}
	}
	lock, err := lockDir(o.Dir)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	m := &Manager{
		opts: o, bases: execute.NewBases(o.Engine, o.Dir, o.Log), lock: lock, ctx: ctx, stop: stop, notify: o.Notify,
		workspaces: map[string]*workspace{}, byNode: map[string][]place{}, waiting: map[string]*item{},
		queues: map[string][]*item{}, last: map[string]Outcome{}, running: map[string]int{},
	}
	if m.notify == nil {
		m.notify = func(Outcome) {}
	}
	if err := m.load(); err != nil {
		stop()
		lock.Close()
		return nil, err
	}
	return m, nil
}

// load reads the records. A folder without one holds nothing: its intent was never written. A record that cannot be
// read stops the start, because what it stands for must not be forgotten.
func (m *Manager) load() error {
	entries, err := os.ReadDir(filepath.Join(m.opts.Dir, "workspaces"))
	if err != nil {
		return err
	}
	for _, e := range entries {
		dir := filepath.Join(m.opts.Dir, "workspaces", e.Name())
		rec, err := loadRecord(dir)
		if os.IsNotExist(err) {
			if _, err := os.Stat(filepath.Join(dir, execute.StateFile)); err == nil {
				return fmt.Errorf("workspace %s has a Terraform state but no %s: restore it, or destroy what the state holds and remove the folder", dir, recordFile)
			}
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("read workspace record: %w (restore it, or destroy what its state holds with `%s destroy` and remove the folder)", err, filepath.Base(m.opts.Engine.Path))
		}
		ws := &workspace{rec: rec, dir: dir}
		m.workspaces[rec.ID] = ws
		for _, name := range rec.names() {
			m.byNode[rec.Slots[name].Node] = append(m.byNode[rec.Slots[name].Node], place{ws, name})
		}
	}
	return nil
}

// SetNotify changes who is told outcomes, nil for nobody.
func (m *Manager) SetNotify(f func(Outcome)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f == nil {
		f = func(Outcome) {}
	}
	m.notify = f
}

// Prepare initialises a module ahead of its first launch.
func (m *Manager) Prepare(ctx context.Context, o Order) error {
	_, err := m.bases.Get(ctx, o.Spec)
	return err
}

// Nodes lists the ids of all nodes that a workspace or the queue knows.
func (m *Manager) Nodes() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var ids []string
	for id := range m.byNode {
		ids = append(ids, id)
	}
	for id := range m.waiting {
		if _, known := m.byNode[id]; !known {
			ids = append(ids, id)
		}
	}
	sort.Strings(ids)
	return ids
}

// Holds reports whether a workspace or the queue knows the node.
func (m *Manager) Holds(node string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.byNode[node]) > 0 || m.waiting[node] != nil
}

// State is the newest outcome of a node. After a restart it is worked out from the node's workspace.
func (m *Manager) State(node string) (Outcome, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if o, ok := m.last[node]; ok {
		return o, true
	}
	places := m.byNode[node]
	if len(places) == 0 {
		return Outcome{}, false
	}
	p := places[len(places)-1]
	s := p.ws.rec.Slots[p.slot]
	if !s.Created {
		return s.outcome(p.ws, Applying), true
	}
	o := m.result(p.ws, p.slot, s, nil)
	m.last[node] = o
	return o, true
}

// Stats is a snapshot of what the manager does now.
type Stats struct {
	Workspaces, Nodes, Waiting, Creating, Destroying, DestroysWaiting int
}

// Stats counts.
func (m *Manager) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Stats{Workspaces: len(m.workspaces), Nodes: len(m.byNode), Waiting: len(m.waiting), Creating: m.creating, Destroying: m.destroying, DestroysWaiting: len(m.destroys)}
}

// tell records and passes on an outcome. Callers hold mu.
func (m *Manager) tell(o Outcome) {
	if o.Kind == Destroyed {
		delete(m.last, o.Node)
	} else {
		m.last[o.Node] = o
	}
	m.notify(o)
}

// Drain starts no more runs and waits until those under way have ended or ctx has. Workers still running then go on by
// themselves; the next daemon follows them.
func (m *Manager) Drain(ctx context.Context) {
	m.mu.Lock()
	m.draining = true
	m.mu.Unlock()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		m.mu.Lock()
		n := m.creating + m.destroying
		m.mu.Unlock()
		if n == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Close stops following runs and frees the state directory.
func (m *Manager) Close() {
	m.stop()
	m.wg.Wait()
	m.lock.Close()
}
