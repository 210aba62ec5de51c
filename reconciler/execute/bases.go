package execute

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

// Bases makes and remembers initialised siblings below a state directory:
//
//	bases/<name>     the siblings
//	modules/<hash>   frozen copies of local modules, shared by siblings and workspaces
//	providers/<hash> copies of providers that init only linked to
//
// Siblings and workspaces lie at the same depth, so that a relative module source means the same in both.
type Bases struct {
	engine Engine
	dir    string
	lender string // another's state directory, see Borrow
	log    *slog.Logger
	ctx    context.Context
	stop   context.CancelFunc
	wg     sync.WaitGroup
	slots  chan struct{} // bounds the inits at one time

	caching sync.Mutex // held by the one init, where the operator has a plugin cache

	mu    sync.Mutex
	made  map[string]*call[*Base]  // by Base.Name
	trees map[string]*call[frozen] // by local module folder

	folders sync.Map     // sibling folders being made: *sync.Mutex by name
	making  sync.RWMutex // read-locked by all who make folders or ask for them; Collect, which only tries to, locks it
}

// FailedFor is how long the answer of a failed init stands: it is for those that ask together (do not hammer a registry
// that is down), and gone when a launch that waited for the registry makes its next attempt.
const FailedFor = 2 * time.Second

// freshFor is how long a module folder is not looked at again for changes.
const freshFor = time.Second

// call is one piece of work that all who need its answer wait for.
type call[T any] struct {
	done  chan struct{} // closed at its end
	value T
	err   error
	ended time.Time
}

// frozen is a module folder's copy, as last seen.
type frozen struct {
	tree tree
	hash string // name of the copy below modules/
}

// NewBases keeps siblings for an engine below the state directory dir, which the caller owns alone. Close ends it.
func NewBases(engine Engine, dir string, log *slog.Logger) *Bases {
	ctx, stop := context.WithCancel(context.Background())
	halves, _ := filepath.Glob(filepath.Join(dir, "*", copyPrefix+"*"))
	for _, h := range halves {
		_ = os.RemoveAll(h) // of a daemon killed while it copied
	}
	return &Bases{engine: engine, dir: dir, log: log, ctx: ctx, stop: stop, slots: make(chan struct{}, 8), made: map[string]*call[*Base]{}, trees: map[string]*call[frozen]{}}
}

// Close stops inits that run and waits for them.
func (b *Bases) Close() {
	b.mu.Lock()
	b.stop()
	b.mu.Unlock()
	b.wg.Wait()
}

// Get returns the sibling for a module, initialising it when there is none yet. Errors are of class Config when init
// says that the module or a provider cannot be had as configured; see initClass. An init goes on when ctx ends: others may wait for it.
func (b *Bases) Get(ctx context.Context, spec *modules.Spec) (*Base, error) {
	b.making.RLock()
	defer b.making.RUnlock()
	name, source, err := b.identify(ctx, spec)
	if err != nil {
		return nil, err
	}
	base, err := share(ctx, b, b.made, name, func(c *call[*Base]) bool {
		return c.err == nil || time.Since(c.ended) < FailedFor
	}, func(*Base) (*Base, error) { //nolint:contextcheck // it outlives whoever asks first
		select {
		case b.slots <- struct{}{}:
			defer func() { <-b.slots }()
			return b.make(name, source, spec)
		case <-b.ctx.Done():
			return nil, b.ctx.Err()
		}
	})
	return b.touched(base), err
}

// touched notes that a sibling, nil for none, is in use.
func (b *Bases) touched(base *Base) *Base {
	if base != nil && !base.lent {
		used(base.dir, time.Now())
	}
	return base
}

// identify gives a sibling's name and its module's source as rendered.
func (b *Bases) identify(ctx context.Context, spec *modules.Spec) (name, source string, err error) {
	if source, err = b.source(ctx, spec.Module); err != nil {
		return "", "", err
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{spec.Key(), source, b.engine.Product, b.engine.Version}, "\x00")))
	return hex.EncodeToString(sum[:8]), source, nil
}

// source is the module source as rendered: local modules are frozen first.
func (b *Bases) source(ctx context.Context, m modules.Module) (string, error) {
	if m.Shipped != nil {
		return b.shipped(ctx, m)
	}
	abs, local := m.Local()
	if !local {
		return m.Source, nil
	}
	f, err := share(ctx, b, b.trees, abs, func(c *call[frozen]) bool {
		return c.err == nil && time.Since(c.ended) < freshFor
	}, func(last frozen) (frozen, error) {
		return freeze(abs, filepath.Join(b.dir, "modules"), last)
	})
	if err != nil {
		if ctx.Err() != nil || b.ctx.Err() != nil {
			return "", err
		}
		return "", &Error{Class: folderClass(err), Op: "read module " + m.Source, Err: err, Hint: "check module.source; a local one is relative to the configuration file"}
	}
	return f.source(), nil
}

// source is how a workspace names the copy.
func (f frozen) source() string {
	return filepath.ToSlash(filepath.Join("..", "..", "modules", f.hash, f.tree.sub))
}

// share answers from the newest call of that key while it is good, else by a new one, for which everybody who asks
// meanwhile waits. work gets the last value.
func share[T any](ctx context.Context, b *Bases, calls map[string]*call[T], key string, good func(*call[T]) bool, work func(last T) (T, error)) (T, error) {
	var none T
	b.mu.Lock()
	c := calls[key]
	if c == nil || c.over() && !good(c) {
		if err := b.ctx.Err(); err != nil {
			b.mu.Unlock()
			return none, err
		}
		var last T
		if c != nil {
			last = c.value
		}
		c = &call[T]{done: make(chan struct{})}
		calls[key] = c
		b.wg.Go(func() {
			b.making.RLock() // whoever asked may be gone before it ends
			defer b.making.RUnlock()
			c.value, c.err = work(last)
			if c.err != nil {
				c.value = last
			}
			c.ended = time.Now()
			close(c.done)
		})
	}
	b.mu.Unlock()
	select {
	case <-c.done:
		if c.err != nil {
			return none, c.err
		}
		return c.value, nil
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

func (c *call[T]) over() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// alone makes the caller the only one at work in a sibling's folder until it calls what it is given.
func (b *Bases) alone(name string) (end func()) {
	m, _ := b.folders.LoadOrStore(name, &sync.Mutex{})
	mu := m.(*sync.Mutex)
	mu.Lock()
	return mu.Unlock
}
