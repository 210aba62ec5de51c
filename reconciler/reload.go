package reconciler

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/reload"
	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
)

// A configuration is loaded and tried outside the loop and offered to it; the loop puts it into force between two passes
// (see follow.go). What cannot be used changes nothing: the one in force stays.

// config is the configuration in force. Any goroutine may ask for it; the loop has it as cfg.
func (l *Launcher) config() *config.Config { return l.cfg.Load() }

// watchConfig begins to watch the configuration's files and returns what ends that.
func (l *Launcher) watchConfig(ctx context.Context) (stop func()) {
	if l.opts.Files.Main == "" {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &reload.Watcher{Files: l.opts.Files, Log: l.log, Asked: l.opts.Reload, Take: l.loaded}
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx, l.opts.Config.Hash)
	}()
	return func() {
		cancel()
		<-done
	}
}

// loaded judges what the watcher has loaded and offers it to the loop. Faults are told once a change. It returns false
// when the same files are worth another try.
func (l *Launcher) loaded(ctx context.Context, got reload.Loaded) (final bool) {
	err, final := got.Err, true
	if err == nil {
		if err = got.Config.ZooKeeper.Check(); err != nil {
			err = fmt.Errorf("%s: %w", got.Config.File, err)
		}
	}
	l.tell(got.Issues)
	if err == nil {
		if err = l.reachable(ctx, got.Config.ZooKeeper); err != nil {
			err, final = fmt.Errorf("%s: %w", got.Config.File, err), false
		}
	}
	switch {
	case ctx.Err() != nil:
	case err != nil:
		l.configState.failed(err.Error(), time.Now())
		l.log.Error("the configuration cannot be used; the one in force stays", "err", err)
	default:
		l.next.make(got.Config)
	}
	return final
}

// tell logs what is worth saying about a configuration: its faults, or, if it has none, what looks like one.
func (l *Launcher) tell(issues []config.Issue) {
	useless := config.HasErrors(issues)
	for _, i := range issues {
		if i.Severity == config.Error || !useless {
			l.log.Warn("configuration", "issue", i.String())
		}
	}
}

// probeTime is how long other ZooKeeper servers get to answer before they are used.
const probeTime = 20 * time.Second

// reachable makes sure, before the session with the present ZooKeeper is given up, that the one of another configuration
// answers and has the same tree.
func (l *Launcher) reachable(ctx context.Context, z config.ZooKeeper) error {
	now := l.config().ZooKeeper
	if now.Timeout = z.Timeout; reflect.DeepEqual(now, z) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	chroot, err := z.ChrootPath()
	if err != nil {
		return fmt.Errorf("zookeeper-servers: %w", err)
	}
	z.Servers = slices.Clone(z.Servers)
	for i := range z.Servers {
		z.Servers[i].Chroot = "" // a session below one that is not there would make it
	}
	s, err := Connect(ctx, z, l.log)
	if err != nil {
		return fmt.Errorf("zookeeper-servers: %w", err)
	}
	defer s.Close()
	file := l.treeFile()
	known, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil // there has not been a session yet
	}
	if err != nil {
		return fmt.Errorf("zookeeper-servers: %w", err)
	}
	there, _, err := s.Get(ctx, chroot+treeIDPath)
	if err != nil && !errors.Is(err, zk.ErrNoNode) {
		return fmt.Errorf("zookeeper-servers: %w", err)
	}
	if here := strings.TrimSpace(string(known)); here != string(there) {
		return fmt.Errorf("zookeeper-servers: %w", &treeError{file: file, here: here, there: string(there)})
	}
	return nil
}

// treeFile remembers the ZooKeeper tree that the state directory belongs to.
func (l *Launcher) treeFile() string {
	return treeFile(l.config().Terraform.StateDir)
}

// followIdle puts what is on offer into force while there is no session.
func (l *Launcher) followIdle(ctx context.Context) {
	if c := l.next.look(); c != nil && l.next.take(c) {
		l.follow(ctx, c)
	}
}

// follow puts a configuration into force for everything that outlives a session, and tells what changes with it. Only
// the loop's goroutine, or Run's between two loops, may call it.
func (l *Launcher) follow(ctx context.Context, c *config.Config) config.Changes {
	was := l.config()
	changes := config.Compare(was, c)
	c.Follow(was)
	l.cfg.Store(c)
	l.configState.loaded(c.File, c.Hash, changes.NeedRestart, time.Now())
	if changes.None() {
		l.log.Info("configuration loaded; nothing changes with it")
		return changes
	}
	for _, names := range [][]string{changes.Providers.Changed, changes.Providers.Removed} {
		for _, name := range names {
			l.setbacks.Forget(name)
			l.leaks.forget(name)
		}
	}
	l.manager.SetLimits(workspace.Limits{MaxApplies: c.Terraform.MaxConcurrentApplies, MaxMemory: applyMemory(c.Terraform), Providers: providerNames(c)})
	l.clouds.Follow(ctx, c)
	l.prepare(ctx, c)
	l.log.Info("configuration loaded", "providers", changes.Providers.String(), "pools", changes.Pools.String(), "labels", changes.Labels.String(), "options", changes.Options)
	if len(changes.NeedRestart) > 0 {
		l.log.Warn("some options of the configuration take effect with the next start of the launcher", "options", changes.NeedRestart)
	}
	if len(c.Providers) == 0 {
		l.log.Warn("no provider to serve: add one with `driver: terraform` or `driver: static`", "config", c.File)
	}
	return changes
}

// prepare begins to make ready what a configuration's first launches need. It ends what was begun for the one before. Only
// those who may call follow may call it.
func (l *Launcher) prepare(ctx context.Context, c *config.Config) {
	if l.endPrepare != nil {
		l.endPrepare()
	}
	ctx, l.endPrepare = context.WithCancel(ctx)
	l.going.Go(func() { l.prepareModules(ctx, c) })
}

// prepareModules initialises the modules of a configuration's labels and starts their plugins, so that no request waits
// for it. All of them, changed or not: what is not among them belongs to an earlier configuration, and is kept no longer.
func (l *Launcher) prepareModules(ctx context.Context, c *config.Config) {
	began := time.Now()
	seen := map[string]bool{}
	for _, p := range c.Providers {
		if !p.HasModules() {
			continue
		}
		for _, pool := range p.Pools {
			for _, name := range pool.LabelNames {
				for i := range pool.Labels[name].Choices() {
					spec := pool.Labels[name].Choice(i)
					if key := spec.Key(); seen[key] || ctx.Err() != nil {
						continue
					} else {
						seen[key] = true
					}
					if err := l.manager.Prepare(ctx, workspace.Order{Spec: spec}); err != nil && ctx.Err() == nil {
						l.log.Warn("module cannot be initialised; it is tried again at the first launch", "provider", p.Name, "pool", pool.Name, "label", name, "class", execute.ClassOf(err), "err", err)
					}
				}
			}
		}
	}
	if ctx.Err() == nil {
		l.manager.ForgetPrepared(began)
	}
}
