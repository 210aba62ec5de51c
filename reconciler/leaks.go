package reconciler

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/sweep"
)

// membersPath has a child for each launcher that ever was in the tree, named by the id of its state directory: resources
// that bear another launcher's id are judged only when that launcher's nodes have their records in this tree.
const membersPath = "/nodepool-tf/members"

// suspectDelay is how soon a provider's resources are listed after a run there was killed: the cloud may still be at it.
const suspectDelay = 5 * time.Second

// providerSweep is what the launcher remembers of a provider's resources between two lists.
type providerSweep struct {
	memory   sweep.Memory
	next     time.Time
	refused  bool                     // nothing may be removed, and that was said
	silent   bool                     // no module offers a list, and that was said
	aliens   bool                     // so were resources of another installation
	unlisted bool                     // the newest list failed, and that was said
	specs    map[string]*modules.Spec // by resource type: whose list names it
}

// sweepLeaks lists what the clouds of providers have, each about once per list-interval and at a moment of its own.
func (lp *loop) sweepLeaks() {
	interval := lp.cfg.Terraform.ListInterval
	if interval <= 0 || lp.view.Draining || lp.s.Suspended() {
		return
	}
	now := time.Now()
	for _, name := range lp.l.manager.Suspects() {
		s := lp.l.leaks.of(name, now, interval)
		s.next = earlier(s.next, now.Add(suspectDelay))
	}
	for _, p := range lp.cfg.Providers {
		if !p.HasModules() {
			continue
		}
		s := lp.l.leaks.of(p.Name, now, interval)
		if lp.sweeping[p.Name] || now.Before(s.next) || lp.cfg.Provider(p.Name) != p {
			continue
		}
		s.next = now.Add(jitter(interval))
		lp.sweeping[p.Name] = true
		lp.listCloud(p, s)
	}
}

// jitter is d, give or take a fifth.
func jitter(d time.Duration) time.Duration {
	return d - d/5 + time.Duration(rand.Float64()*float64(2*d/5)) //nolint:gosec // spread, no secret
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// distinctSpecs gives one spec for each module of a provider's labels.
func distinctSpecs(p *config.Provider) []*modules.Spec {
	var out []*modules.Spec
	seen := map[string]bool{}
	for _, pool := range p.Pools {
		for _, name := range pool.LabelNames {
			if spec := pool.Labels[name].Spec; !seen[spec.Key()] {
				seen[spec.Key()] = true
				out = append(out, spec)
			}
		}
	}
	return out
}

// list makes the lists of a provider's modules one after the other and has them judged together. One that fails ends
// the sweep: half a picture is none.
func (lp *loop) list(p *config.Provider, s *providerSweep, specs []*modules.Spec, found []sweep.Resource) {
	if lp.cfg.Provider(p.Name) != p { // the configuration has changed
		delete(lp.sweeping, p.Name)
		return
	}
	if len(specs) == 0 {
		s.unlisted = false
		lp.listed(p, s, found)
		return
	}
	begun := lp.l.manager.List(p.Name, specs[0], func(some []sweep.Resource, err error) {
		lp.post(func() {
			if err != nil {
				lp.notListed(p, s, execute.ClassOf(err), err)
				return
			}
			if some != nil {
				found = append(append([]sweep.Resource{}, found...), some...)
				s.learn(specs[0], some)
			}
			lp.list(p, s, specs[1:], found)
		})
	})
	if !begun { // for an earlier session, which no longer asks
		delete(lp.sweeping, p.Name)
	}
}

// notListed ends a sweep without a verdict, and tells of the first such in a row.
func (lp *loop) notListed(p *config.Provider, s *providerSweep, class execute.Class, err error) {
	delete(lp.sweeping, p.Name)
	if lp.ctx.Err() != nil {
		return
	}
	level := slog.LevelWarn
	if s.unlisted {
		level = slog.LevelDebug
	}
	s.unlisted = true
	lp.log.Log(lp.ctx, level, "what the provider has could not be listed; leaked resources are looked for again later", "provider", p.Name, "class", class, "err", err)
}

// learn notes whose list names which types. The spec is also noted as one that offers a list.
func (s *providerSweep) learn(spec *modules.Spec, found []sweep.Resource) {
	if s.specs == nil {
		s.specs = map[string]*modules.Spec{}
	}
	for _, r := range found {
		s.specs[r.Type] = spec
	}
}

// listed asks ZooKeeper, without the cache and after the list was made, which nodes have a record.
func (lp *loop) listed(p *config.Provider, s *providerSweep, found []sweep.Resource) {
	if s.specs == nil {
		delete(lp.sweeping, p.Name)
		if !s.silent {
			s.silent = true
			lp.log.Info("no module of the provider offers a list: resources that leak there are not found", "provider", p.Name)
		}
		return
	}
	lp.do(func(ctx context.Context) {
		nodes, kin, err := lp.records(ctx)
		lp.post(func() { //nolint:contextcheck // what it begins lives as long as the session
			delete(lp.sweeping, p.Name)
			if lp.cfg.Provider(p.Name) != p {
				return
			}
			if err != nil {
				if lp.ctx.Err() == nil {
					lp.log.Warn("node records could not be listed; leaked resources are looked for again later", "provider", p.Name, "err", err)
				}
				return
			}
			lp.judge(p, s, found, nodes, kin)
		})
	})
}

// records lists the nodes that have a record, and the launchers of this tree.
func (lp *loop) records(ctx context.Context) (nodes, launchers map[string]bool, err error) {
	set := func(path string) (map[string]bool, error) {
		names, _, err := lp.s.Children(ctx, path)
		out := make(map[string]bool, len(names))
		for _, n := range names {
			out[n] = true
		}
		return out, err
	}
	if nodes, err = set(nodesPath); err == nil {
		launchers, err = set(membersPath)
	}
	return nodes, launchers, err
}
