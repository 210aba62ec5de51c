package reconciler

import (
	"errors"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/sweep"
)

// mostGrace is what an interrupted create run gets to end in, beyond launch-timeout (reconciler/workspace).
const mostGrace = 10 * time.Minute

// mostMissing bounds the nodes that one list has looked at more closely.
const mostMissing = 20

// judge acts on a list of what a provider has.
func (lp *loop) judge(p *config.Provider, s *providerSweep, found []sweep.Resource, nodes, launchers map[string]bool) {
	now := time.Now()
	v := s.memory.Look(&sweep.Sighting{
		At: now, Provider: p.Name, Launcher: lp.l.stateID, Listed: found,
		Kin:      func(id string) bool { return launchers[id] },
		Recorded: func(node string) bool { return nodes[node] },
		Held:     lp.l.manager.Holds,
		State:    lp.holding,
		Margin:   p.LaunchTimeout + min(p.LaunchTimeout, mostGrace),
	})
	lp.l.leaks.see(p.Name, v.Leaked)
	for _, leak := range v.New {
		lp.log.Error("leaked resource: it carries our tags, and neither a node record nor a workspace knows it", "provider", p.Name, "type", leak.Type, "id", leak.ID,
			"node", leak.Node(), "stray", leak.Stray, "tags", leak.Tags, "created", leak.Created, "first_seen", leak.Since, "clean_leaked", p.CleanLeaked)
	}
	if v.Aliens > 0 && !s.aliens {
		s.aliens = true
		lp.log.Warn("resources with this provider's name are of a launcher with another ZooKeeper tree; they are left alone (give each installation provider names of its own)", "provider", p.Name, "resources", v.Aliens)
	}
	if v.Refused != "" && !s.refused {
		lp.log.Error("leaked resources are not removed", "provider", p.Name, "reason", v.Refused)
	}
	s.refused = v.Refused != ""
	if p.CleanLeaked {
		for _, leak := range v.Remove {
			lp.removeLeaked(p, s, leak)
		}
	}
	for i, node := range v.Missing {
		if i == mostMissing {
			lp.log.Warn("many nodes are missing in the list of what the provider has; the rest of them is not looked at now", "provider", p.Name, "nodes", len(v.Missing))
			break
		}
		lp.log.Debug("something of a node is not listed any more", "provider", p.Name, "node", node)
		lp.l.manager.RefreshNode(node)
	}
	if v.Again > 0 {
		s.next = earlier(s.next, now.Add(v.Again+time.Second))
	}
}

// holding is what the states of a node's workspaces hold.
func (lp *loop) holding(node string) (map[sweep.Key]bool, bool) {
	some, ok := lp.l.manager.Holding(node)
	holds := map[sweep.Key]bool{}
	for _, h := range some {
		holds[sweep.Key{Type: h.Type, ID: h.ID}] = true
	}
	return holds, ok
}

var (
	errKnown    = errors.New("somebody knows it after all")
	errUnwanted = errors.New("the configuration does not ask for that any more")
)

// removeLeaked has a leaked resource removed. Last of all, when it was looked at once more and nothing but its
// destruction is left to do, it is asked again, without the cache, whether nobody knows it.
func (lp *loop) removeLeaked(p *config.Provider, s *providerSweep, leak sweep.Leak) {
	may := func() error {
		if now := lp.l.config().Provider(p.Name); now == nil || !now.CleanLeaked {
			return errUnwanted
		}
		if leak.Stray {
			if holds, ok := lp.holding(leak.Node()); !ok || holds[leak.Key()] {
				return errKnown
			}
			return lp.ctx.Err()
		}
		exists, _, err := lp.s.Exists(lp.ctx, nodePath(leak.Node()))
		if err == nil && (exists || lp.l.manager.Holds(leak.Node())) {
			err = errKnown
		}
		return err
	}
	lp.l.manager.RemoveLeaked(p.Name, s.specs[leak.Type], leak.Resource, may, func(err error) {
		log := lp.log.With("provider", p.Name, "type", leak.Type, "id", leak.ID, "node", leak.Node())
		if err != nil {
			log.Warn("leaked resource could not be removed; it is tried again", "class", execute.ClassOf(err), "err", err)
			return
		}
		lp.l.leaks.removed(p.Name, leak.Key())
		lp.l.opts.Meter.LeakRemoved(p.Name, leak.Type)
		log.Warn("leaked resource removed")
	})
}
