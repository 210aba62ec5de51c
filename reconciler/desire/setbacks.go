package desire

import (
	"fmt"
	"slices"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/setback"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// What clouds refused lately holds back new nodes only: READY ones are handed out as ever.

// atCloudQuota reports whether a pool waits for the quota of its cloud, which no record shows. When its time is over
// one node is launched to try, and until that has ended the others wait.
func (p *pass) atCloudQuota(pool *config.Pool) bool {
	s := p.Setbacks.Quota(setback.Pool(keyOf(pool)), p.Now)
	return s.Hold == setback.Held || s.Hold == setback.Due && p.tries(poolLabel{PoolKey: keyOf(pool)}, s.Since)
}

// tries reports whether a node of a pool, of one label or (label empty) of any, is being launched since some time.
func (p *pass) tries(at poolLabel, since time.Time) bool {
	if p.begun[at] > 0 {
		return true
	}
	for _, h := range p.Handlers {
		if (PoolKey{h.Provider, h.Pool}) != at.PoolKey {
			continue
		}
		for _, n := range h.Nodes {
			if n.Status == Launching && (at.label == "" || n.Label == at.label) && !n.Began.IsZero() && !n.Began.Before(since) {
				return true
			}
		}
	}
	return false
}

// stopped says why a label is stopped now, "" when it is not.
func (p *pass) stopped(l *config.PoolLabel) string {
	s := p.Setbacks.Label(l, p.Now)
	if s.Hold != setback.Held {
		return ""
	}
	return fmt.Sprintf("label %s is stopped for another %s: %s", quote(l.Name), s.Until.Sub(p.Now).Round(time.Second), s.Reason)
}

// heldBack looks whether new nodes of a request's labels would be refused. A stopped label is a reason to decline; after
// its time one request is let through to try, and others of the label wait for what becomes of it. A label without
// capacity is left to another pool if one could serve it; with none it is tried all the same.
func (p *pass) heldBack(pool *config.Pool, r *record.Request, elsewhere bool) (reasons []string, wait bool) {
	for _, name := range p.seen(r).labels {
		l := pool.Labels[name]
		s := p.Setbacks.Label(l, p.Now)
		until, exhausted := p.Setbacks.Exhausted(l, p.Now)
		if s.Hold == setback.Free && !exhausted || !p.needsNew(l, r) {
			continue
		}
		switch {
		case s.Hold == setback.Held:
			reasons = append(reasons, p.stopped(l))
		case s.Hold == setback.Due && p.tries(poolLabel{keyOf(pool), name}, s.Since):
			wait = true
		case exhausted && elsewhere:
			reasons = append(reasons, fmt.Sprintf("the cloud has no capacity for label %s, it is tried again in %s; another pool may have", quote(name), until.Sub(p.Now).Round(time.Second)))
		}
	}
	return reasons, wait && len(reasons) == 0
}

// needsNew reports whether there are fewer READY nodes of a label than a request wants.
func (p *pass) needsNew(l *config.PoolLabel, r *record.Request) bool {
	if !r.Reuse {
		return true
	}
	free := 0
	for _, n := range p.spareNodes(l.Pool, l.Name) {
		if !p.reused[n.ID] {
			free++
		}
	}
	for _, t := range r.NodeTypes {
		if t == l.Name {
			free--
		}
	}
	return free < 0
}

// hopeful tells how many min-ready nodes of a label it makes sense to ask a pool for: none while the cloud refuses it,
// one to try when that time is over, else any number.
func (p *pass) hopeful(l *config.PoolLabel) int {
	states := []setback.State{p.Setbacks.Label(l, p.Now), p.Setbacks.Quota(setback.Pool(keyOf(l.Pool)), p.Now)}
	if _, exhausted := p.Setbacks.Exhausted(l, p.Now); exhausted || slices.ContainsFunc(states, func(s setback.State) bool { return s.Hold == setback.Held }) {
		return 0
	}
	if slices.ContainsFunc(states, func(s setback.State) bool { return s.Hold == setback.Due }) {
		return 1
	}
	return mostAsked
}
