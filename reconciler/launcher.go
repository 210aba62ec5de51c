package reconciler

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/clouds"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/journal"
	"github.com/nodepool-tf/nodepool-tf/reconciler/metrics"
	"github.com/nodepool-tf/nodepool-tf/reconciler/reload"
	"github.com/nodepool-tf/nodepool-tf/reconciler/setback"
	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// Options of a launcher.
type Options struct {
	Config *config.Config
	// Files are what Config was loaded from; they are watched, and loaded again when they change.
	Files reload.Files
	// Reload has them loaded whether or not they have changed.
	Reload <-chan os.Signal
	Log    *slog.Logger
	// Worker is the command line of a worker process, to which a workspace folder is added: this binary's own hidden
	// sub-command.
	Worker []string
	// StopTimeout bounds a graceful stop.
	StopTimeout time.Duration
	// Version is written into the component records.
	Version string
	// Redact takes secrets out of texts that others wrote, for pages; nil leaves them as they are.
	Redact func(string) string
	// Meter counts what happens; nil for nobody.
	Meter *metrics.Meter
}

// Launcher serves node requests until it is told to stop.
type Launcher struct {
	opts     Options
	log      *slog.Logger
	cfg      atomic.Pointer[config.Config] // in force
	next     offer                         // to follow it
	live     context.Context               // ends with the last session; set by Run
	going    sync.WaitGroup                // what goes on beside the sessions, until live ends
	manager  *workspace.Manager
	own      map[desire.PoolKey]string // ids of pools, as long as they are configured; unique to this process (protocol.md 9.7)
	fqdn     string
	stateID  string
	engine   string // product
	draining chan struct{}
	// setbacks outlives the sessions. Only the loop of the present one touches it.
	setbacks    *setback.Memory
	clouds      *clouds.Watch
	leaks       leaks
	configState configState
	history     *history
	journal     *journal.Journal
	board       board
	pulse       pulse
	started     time.Time
	connected   bool // there has been a ZooKeeper session
	// strangers are owners of nodes of whom nothing is known, since when. It outlives the sessions, which may be shorter than
	// the wait for them; only the peers of the present one touch it.
	strangers  map[string]time.Time
	endPrepare context.CancelFunc // of what prepare began last
}

// NewLauncher finds Terraform and takes the state directory. Errors name what to do.
func NewLauncher(ctx context.Context, o Options) (*Launcher, error) {
	told := journal.New()
	o.Log = slog.New(told.Handler(o.Log.Handler(), o.Redact))
	l := &Launcher{
		opts: o, log: o.Log, next: newOffer(), own: map[desire.PoolKey]string{}, fqdn: fqdn(), draining: make(chan struct{}), strangers: map[string]time.Time{}, setbacks: setback.New(rand.Float64), clouds: clouds.New(o.Log, o.Meter.LeakRemoved),
		history: newHistory(o.Redact), journal: told, started: time.Now(), pulse: pulse{began: time.Now()},
	}
	l.cfg.Store(o.Config)
	t := o.Config.Terraform
	engine, err := execute.FindEngine(ctx, execute.EngineOptions{Path: t.ExecPath, Product: t.Product, Constraint: t.Version, InstallDir: filepath.Join(t.StateDir, "engine")})
	if err != nil {
		return nil, err
	}
	m, err := workspace.Open(workspace.Options{
		Dir: t.StateDir, Self: o.Worker, Engine: engine, Log: o.Log, MaxApplies: t.MaxConcurrentApplies, MaxMemory: applyMemory(t), Providers: providerNames(o.Config),
		ProviderLimit: func(name string) int {
			if p := l.config().Provider(name); p != nil {
				return p.MaxConcurrentApplies
			}
			return 0
		},
		Keep: true, Backend: t.Backend,
		ProviderMemory: func(name string) int64 {
			if p := l.config().Provider(name); p != nil {
				return p.MaxApplyMemory
			}
			return 0
		},
		Ran: func(provider string, kind execute.Kind, failed bool, took time.Duration) {
			o.Meter.Ran(metrics.Run{Provider: provider, Kind: string(kind), Failed: failed, Took: took})
		},
		ColdPlugins:    !t.WarmPlugins,
		ProviderConfig: func(name string) map[string]any { return providerConfig(l.config().Provider(name)) },
	})
	if err != nil {
		return nil, err
	}
	id, err := stateID(t.StateDir)
	if err != nil {
		m.Close()
		return nil, err
	}
	l.manager, l.stateID, l.engine = m, id, engine.Product
	l.configState.loaded(o.Config.File, o.Config.Hash, nil, time.Now())
	if t.StateKey == "" {
		o.Log.Warn("the copies of Terraform states in ZooKeeper are not encrypted, and states hold secrets: set `terraform: {state-key: ...}` in the secure file (-s) of every launcher")
	}
	o.Log.Info("launcher starts", "version", o.Version, "engine", engine.Product, "engine_version", engine.Version, "state_dir", t.StateDir, "workspaces", m.Stats().Workspaces,
		"max_applies", t.MaxConcurrentApplies, "max_apply_memory_mib", m.Stats().MemoryLimit>>20)
	return l, nil
}

// applyMemory is the bound on the memory of all runs, in bytes, 0 for none.
func applyMemory(t config.Terraform) int64 {
	if t.MaxApplyMemory == config.HalfOfMemory {
		return workspace.MachineMemory() / 2
	}
	return t.MaxApplyMemory
}

func providerNames(c *config.Config) (names []string) {
	for _, p := range c.Providers {
		names = append(names, p.Name)
	}
	return names
}

// providerConfig is a provider's provider-config, which all its labels share.
func providerConfig(p *config.Provider) map[string]any {
	if p == nil || !p.HasModules() {
		return nil
	}
	for _, pool := range p.Pools {
		for _, label := range pool.Labels {
			return label.Spec.ProviderConfig
		}
	}
	return nil
}

// Run serves until ctx ends, then drains: what was accepted is finished within StopTimeout, nothing new is begun. A
// lost ZooKeeper session is replaced by a new one. It returns an error only when going on makes no sense.
func (l *Launcher) Run(ctx context.Context) error {
	defer l.manager.Close()
	defer l.going.Wait()
	// The sessions outlive ctx by the time it takes to drain.
	live, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	l.live = live
	l.going.Go(func() {
		select {
		case <-ctx.Done():
		case <-live.Done():
			return
		}
		l.log.Info("stopping: requests in hand are finished first", "timeout", l.opts.StopTimeout)
		close(l.draining)
		select {
		case <-time.After(l.opts.StopTimeout):
			l.log.Warn("stop timeout: launches still running go on by themselves and are taken up at the next start")
			end()
		case <-live.Done():
		}
	})
	l.prepare(live, l.config())
	l.clouds.Follow(live, l.config())
	defer l.clouds.Close()
	l.manager.Recover()
	defer l.watchConfig(live)()
	for {
		l.followIdle(live)
		done, err := l.session(live)
		if err != nil || done {
			return err
		}
		select {
		case <-l.draining:
			return nil
		case <-live.Done():
			return nil
		case <-l.next.made:
		case <-time.After(time.Second):
		}
	}
}

// stopping reports whether the launcher was told to stop.
func (l *Launcher) stopping() bool {
	select {
	case <-l.draining:
		return true
	default:
		return false
	}
}

// session serves one ZooKeeper session. done is true after a clean stop.
func (l *Launcher) session(ctx context.Context) (done bool, err error) {
	connect, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // neither a stop nor another configuration waits for a ZooKeeper that cannot be reached
		select {
		case <-l.draining:
		case <-l.next.made: // other servers, perhaps
			l.next.remind()
		case <-connect.Done():
		}
		cancel()
	}()
	s, err := Connect(connect, l.config().ZooKeeper, l.log)
	if err != nil {
		if connect.Err() != nil {
			return l.stopping(), nil // what was made may be in force already: that is no reason to end
		}
		if l.connected || errors.Is(err, session.ErrExpired) { // it has worked: certificates are being replaced, servers come and go
			l.log.Error("no new ZooKeeper session; it is tried again", "err", err)
			return false, nil
		}
		return false, err
	}
	l.connected = true
	defer s.Close()
	cancel()
	tree, err := l.bindTree(ctx, s)
	if err != nil {
		var mismatch *treeError
		if errors.As(err, &mismatch) {
			return false, err
		}
		l.log.Warn("zookeeper session failed at its start", "err", err)
		return false, nil
	}
	st, err := l.openStore(ctx, s, tree)
	if err != nil {
		l.log.Warn("zookeeper session failed at its start", "err", err)
		return false, nil
	}
	defer l.manager.Detach()
	lp := newLoop(l, s, st)
	done, err = lp.run(ctx)
	if done {
		l.manager.Detach()
		if err := st.Close(ctx); err != nil && ctx.Err() == nil {
			l.log.Warn("give the lease on the workspaces back", "err", err)
		}
	}
	if err != nil {
		l.log.Warn("zookeeper session ended; a new one follows", "err", err)
	}
	return done, nil
}

// Connect opens the ZooKeeper session that a configuration describes.
func Connect(ctx context.Context, z config.ZooKeeper, log *slog.Logger) (*session.Session, error) {
	chroot, err := z.ChrootPath()
	if err != nil {
		return nil, err
	}
	var tc *tls.Config
	if z.TLS != nil {
		if tc, err = session.LoadTLS(z.TLS.Cert, z.TLS.Key, z.TLS.CA); err != nil {
			return nil, fmt.Errorf("zookeeper-tls: %w", err)
		}
	}
	return session.Connect(ctx, session.Options{Servers: z.Addresses(), Chroot: chroot, TLS: tc, Timeout: z.Timeout, Logger: log})
}

func fqdn() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "localhost"
	}
	return name
}

func shortHost(name string) string {
	short, _, _ := strings.Cut(name, ".")
	return short
}
