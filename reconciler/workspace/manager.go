package workspace

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sort"
	"sync"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/warm"
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
	// MaxMemory bounds what the runs of all providers are believed to take together, in bytes; 0 is no bound.
	MaxMemory int64
	// ProviderMemory gives a provider's own bound in bytes, 0 for none. It is asked at each dispatch.
	ProviderMemory func(provider string) int64
	// Providers are those for which room is kept from the start; others are met as they come.
	Providers []string
	// ProviderConfig gives a provider's provider-config as configured now, nil when there is none. It holds secrets.
	ProviderConfig func(provider string) map[string]any
	// ColdPlugins has Terraform start its provider plugins at each run (terraform.warm-plugins: false).
	ColdPlugins bool
	// PluginBudget bounds the life of a running plugin; zero values mean warm.DefaultBudget's.
	PluginBudget warm.Budget
	// Batch bounds the nodes of one create run. 0 means 25, from where on a larger one makes a node no cheaper (BenchmarkBatch
	// has the figures), and 1 with OpenTofu: it writes its local state every
	// 20 seconds at most, so no node could be handed over before its slowest neighbour is done, and a kill would lose
	// more than one.
	Batch int
	// Keep says that workspaces are copied to a keeper (see Attach): no run starts without one.
	Keep bool
	// Backend is where the states of those workspaces are copied to, nil for the keeper itself.
	Backend *modules.Backend
	// Ran is told each run that ended. It must not block.
	Ran func(provider string, kind execute.Kind, failed bool, took time.Duration)
	// Notify is told each outcome as it happens. It must not block and must not call the manager.
	Notify func(Outcome)
}

// Manager runs the workspaces of a state directory. One manager per directory (it takes the directory's lock). Its
// methods never wait for a file or a run.
type Manager struct {
	opts    Options
	bases   *execute.Bases
	plugins *warm.Pool
	lock    *os.File
	ctx     context.Context
	stop    context.CancelFunc
	wg      sync.WaitGroup

	mu         sync.Mutex
	notify     func(Outcome)
	keeper     Keeper                   // of the present session, nil between sessions
	session    context.Context          // that session's
	endSession context.CancelFunc       // nil between sessions
	remote     remote                   // how the backend does
	shared     map[string]sharing       // bases, in this session
	fetching   map[string]bool          // workspaces that are being restored
	behind     map[*workspace]time.Time // copies that failed: when they are tried again
	refetch    map[string]absent        // workspaces that are ours and could not be restored
	taken      map[string]bool          // nodes whose workspaces another launcher has taken over
	draining   bool
	workspaces map[string]*workspace
	byNode     map[string][]place // slots of a node, one per attempt still there
	waiting    map[string]*item   // by node: orders not yet running
	lanes      map[string]*lane   // by provider
	turn       []*lane            // the same, in the order they are served
	later      []*item            // orders in no queue until they are due, see goAgain
	configured map[string]bool    // by base: its modules configure their providers themselves
	runs       runs               // of all providers
	young      int                // runs, see born
	last       map[string]Outcome // by node: the newest outcome
	minFree    uint64             // bytes, see leastFree
	lowDisk    time.Time          // last warning
	seq        int                // of the newest order
	upkeep     upkeep
	collecting collecting
	progress   map[*workspace]*Run // of the runs under way
}

type place struct {
	ws   *workspace
	slot string
}

type workspace struct {
	rec      *Record
	dir      string
	busy     bool // a goroutine owns the folder
	again    bool // a slot was doomed while the owner worked: it must look once more
	queued   bool // in its lane's destroys
	failures int  // destroy runs that failed in a row
	notAgain time.Time
	left     *execute.Run // what an earlier daemon left, until Recover
	kept     string       // digest of the newest copy, "" when it is not known
	unkept   bool         // the copy may be older than the folder
	asked    bool         // State held something back until it is not
	lost     bool         // another launcher owns it now
	due      time.Time    // of its next refresh, zero before that was thought of
	place    atPlace      // its state in the backend
}

// Open takes the state directory and reads the workspaces in it. Runs that an earlier daemon left are followed again
// once Recover is called. Errors name the directory and what to do.
func Open(o Options) (*Manager, error) {
	if o.Batch <= 0 {
		o.Batch = batchSize(o.Engine.Product)
	}
	if o.MaxApplies <= 0 {
		o.MaxApplies = defaultApplies
	}
	if o.ProviderLimit == nil {
		o.ProviderLimit = func(string) int { return 0 }
	}
	if o.ProviderMemory == nil {
		o.ProviderMemory = func(string) int64 { return 0 }
	}
	if o.ProviderConfig == nil {
		o.ProviderConfig = func(string) map[string]any { return nil }
	}
	if o.Ran == nil {
		o.Ran = func(string, execute.Kind, bool, time.Duration) {}
	}
	dir, err := filepath.Abs(o.Dir) // workers have their own working folder
	if err != nil {
		return nil, err
	}
	o.Dir = dir
	for _, d := range []string{o.Dir, filepath.Join(o.Dir, "workspaces"), filepath.Join(o.Dir, "bases"), filepath.Join(o.Dir, "modules")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("state directory %s cannot be made: %w (set terraform.state-dir to a folder that the daemon may write)", o.Dir, err)
		}
		if d != o.Dir { // what is in them is nobody else's to read, whatever the folder around them allows
			if err := os.Chmod(d, 0o700); err != nil {
				return nil, fmt.Errorf("state directory %s: %w", o.Dir, err)
			}
		}
	}
	lock, err := lockDir(o.Dir)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	m := &Manager{
		opts: o, lock: lock, ctx: ctx, stop: stop, notify: o.Notify,
		workspaces: map[string]*workspace{}, byNode: map[string][]place{}, waiting: map[string]*item{},
		lanes: map[string]*lane{}, last: map[string]Outcome{}, configured: map[string]bool{}, minFree: leastFree,
		fetching: map[string]bool{}, behind: map[*workspace]time.Time{}, taken: map[string]bool{}, progress: map[*workspace]*Run{},
		refetch: map[string]absent{}, remote: newRemote(),
	}
	if m.notify == nil {
		m.notify = func(Outcome) {}
	}
	for _, name := range o.Providers {
		m.lane(name)
	}
	if err := errors.Join(m.loadTaken(), m.load()); err != nil {
		stop()
		lock.Close()
		return nil, err
	}
	m.plugins, err = warm.Open(warm.Options{Dir: o.Dir, Env: execute.Environ(), Log: o.Log, Off: o.ColdPlugins, Budget: o.PluginBudget})
	if err != nil {
		stop()
		lock.Close()
		return nil, err
	}
	m.bases = execute.NewBases(o.Engine, o.Dir, o.Log)
	m.collect(m.basesInUse(), execute.UnusedFor, time.Now())
	return m, nil
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

// Prepare initialises a module and starts its provider plugins ahead of its first launch.
func (m *Manager) Prepare(ctx context.Context, o Order) error {
	base, err := m.bases.Get(ctx, o.Spec)
	if err == nil {
		m.prepared(base.Name)
		m.plugins.Prepare(base.Name, base.Dir())
	}
	return err
}

// Plugins counts what became of running provider plugins.
func (m *Manager) Plugins() warm.Stats { return m.plugins.Stats() }

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

// Waiting reports whether a node's order waits for its module or for a free run.
func (m *Manager) Waiting(node string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.waiting[node] != nil
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
		n := m.runs.total()
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

// Close stops following runs and frees the state directory. Workers go on.
func (m *Manager) Close() {
	m.mu.Lock()
	m.stop()
	m.mu.Unlock()
	m.bases.Close()
	m.wg.Wait()
	m.lock.Close()
	m.plugins.Close() // last: workers that end now and find no daemon end their plugins themselves
}

// goes starts a goroutine that Close waits for, unless the manager is closed. Callers hold mu.
func (m *Manager) goes(f func()) bool {
	if m.ctx.Err() != nil {
		return false
	}
	m.wg.Go(f)
	return true
}
