package warm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Options of a pool.
type Options struct {
	Dir string // state directory, which the caller owns alone
	// Env is the environment that a plugin would inherit from Terraform.
	Env map[string]string
	Log *slog.Logger
	// Off keeps no plugin: every run starts its own. What an earlier daemon left is still ended.
	Off bool
	// Tied has the plugins killed with this process, however it ends: nobody takes them over.
	Tied bool
	// Budget of a process; zero values mean DefaultBudget's.
	Budget Budget
	// Patience is how long a run waits for a plugin that is being started: about what it costs to start one, as the run
	// would do itself. 0 means 5 s.
	Patience time.Duration
	// StartTimeout is how long a plugin may take to serve. 0 means a minute, as in Terraform.
	StartTimeout time.Duration
}

// Budget bounds the life of a process. Providers leak: about 0.85 MB per apply was measured (field-notes.md, 0.11), so
// a used up process is replaced, which costs what one ordinary run costs.
type Budget struct {
	Uses   int           // runs served
	Age    time.Duration // since its start
	Idle   time.Duration // since its last run, unless it is one that Prepare asked for
	Growth int64         // bytes of memory beyond what it had when it was started
}

// DefaultBudget is 250 runs, an hour, 15 minutes without use, and 400 MiB more than at its start.
var DefaultBudget = Budget{Uses: 250, Age: time.Hour, Idle: 15 * time.Minute, Growth: 400 << 20}

// Pool is the plugins that a daemon keeps running. Its methods may be called from any goroutine; nil is a pool that is
// off.
type Pool struct {
	opts  Options
	store string
	env   []string
	ctx   context.Context
	stop  context.CancelFunc
	wg    sync.WaitGroup

	mu      sync.Mutex
	needs   map[string]*need  // by sibling and lock file
	entries map[string]*entry // by key
	retired []*process        // not given to runs any more; they end with their last run
	stats   Stats
	warned  map[string]time.Time
}

// tendEvery is how often processes are looked after.
const tendEvery = time.Second

// Open makes a pool in the state directory's folder plugins and takes over what an earlier daemon left there: processes
// that workers still use end with their last run, others at once. Close ends it.
func Open(o Options) (*Pool, error) {
	b := &o.Budget
	if b.Uses <= 0 {
		b.Uses = DefaultBudget.Uses
	}
	if b.Age <= 0 {
		b.Age = DefaultBudget.Age
	}
	if b.Idle <= 0 {
		b.Idle = DefaultBudget.Idle
	}
	if b.Growth <= 0 {
		b.Growth = DefaultBudget.Growth
	}
	if o.Patience <= 0 {
		o.Patience = 5 * time.Second
	}
	if o.StartTimeout <= 0 {
		o.StartTimeout = time.Minute
	}
	ctx, stop := context.WithCancel(context.Background())
	p := &Pool{
		opts: o, store: storeOf(o.Dir), ctx: ctx, stop: stop,
		needs: map[string]*need{}, entries: map[string]*entry{}, warned: map[string]time.Time{}, stats: Stats{Ordinary: map[Reason]int{}},
	}
	for _, name := range slices.Sorted(maps.Keys(o.Env)) {
		p.env = append(p.env, name+"="+o.Env[name])
	}
	if err := os.MkdirAll(p.store, 0o700); err != nil {
		stop()
		return nil, err
	}
	if err := os.Chmod(p.store, 0o700); err != nil { // only this keeps others from the sockets in it
		stop()
		return nil, err
	}
	p.retired = left(p.store)
	p.wg.Go(p.tendAll)
	return p, nil
}

// Close ends the plugins that no worker uses. The others are ended by the last worker that uses them, or by the next
// daemon. Free the state directory's lock before: workers look at it.
func (p *Pool) Close() {
	if p == nil {
		return
	}
	p.mu.Lock()
	p.stop()
	p.mu.Unlock()
	p.wg.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.entries {
		p.retire(e)
	}
	p.sweep()
}

func storeOf(state string) string { return filepath.Join(state, "plugins") }

// key names what a process may be shared for: the same program, configuration and environment. It is a hash, because
// two of the three hold secrets.
func (p *Pool) key(what provider, config []byte) string {
	sum := sha256.New()
	part := func(text string) { sum.Write([]byte(text + "\x00")) }
	part(what.address)
	part(what.version)
	if len(what.hashes) == 0 {
		part(what.binary)
	}
	for _, h := range slices.Sorted(slices.Values(what.hashes)) {
		part(h)
	}
	part("")
	for _, kv := range p.env {
		part(kv)
	}
	part("")
	part(string(config))
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// retire takes a process from the runs to come. Callers hold mu.
func (p *Pool) retire(e *entry) {
	if e.current != nil {
		p.retired = append(p.retired, e.current)
		e.current = nil
	}
}

// sweep ends retired processes that nobody uses. Callers hold mu.
func (p *Pool) sweep() {
	p.retired = slices.DeleteFunc(p.retired, func(old *process) bool {
		if old.alive() && !old.free() {
			return false
		}
		old.end()
		return true
	})
}
