package reconciler

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/keyscan"
	"github.com/nodepool-tf/nodepool-tf/reconciler/static"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// staticEvery is how long a machine that could not be used is left alone (protocol.md 4.11).
const staticEvery = 60 * time.Second

// probe looks at a machine. All are looked at side by side: one that does not answer holds up no other.
func (lp *loop) probe(m *machines, n *config.StaticNode) {
	id, asked := n.ID(), m.provider
	m.looks[id] = static.Look{Running: true}
	lp.do(func(ctx context.Context) {
		host, err := lp.lookAt(ctx, n)
		lp.post(func() {
			before, known := m.looks[id]
			switch {
			case !known || lp.ctx.Err() != nil:
				return
			case m.provider != asked: // the answer may be to a question nobody asks any more
				m.looks[id] = static.Look{Wanted: true}
			default:
				look := static.Look{Done: true, Wanted: before.Wanted, Host: host, Err: err}
				if err != nil {
					look.NotBefore = time.Now().Add(staticEvery)
					lp.log.Warn("machine cannot be used; it is looked at again", "provider", asked.Name, "pool", n.Pool.Name, "host", n.Name, "user", n.Username, "port", n.ConnectionPort, "next_try", staticEvery, "err", err)
				}
				m.looks[id] = look
			}
			lp.machinesDue = true
		})
	})
}

// lookAt resolves a machine's name, and unless host keys are not to be checked sees whether it answers and shows the
// configured keys (operator-surface.md 6.3).
func (lp *loop) lookAt(ctx context.Context, n *config.StaticNode) (h static.Host, err error) {
	end, err := lp.scans.take(ctx, n.Pool.Provider.Name)
	if err != nil {
		return h, err
	}
	defer end()
	ctx, cancel := context.WithTimeout(ctx, n.Timeout)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", n.Name)
	if err != nil {
		return h, fmt.Errorf("resolve its name: %w", err)
	}
	if first := addrs[0].Unmap(); first.Is4() {
		h.IPv4 = first.String()
	} else {
		h.IPv6 = first.String()
	}
	if n.HasHostKeys() && !n.HostKeyChecking {
		h.Keys = n.HostKeys
		return h, nil
	}
	h.Keys, err = keyscan.Scan(ctx, n.Name, n.ConnectionPort, n.HasHostKeys())
	if err != nil {
		return h, err
	}
	return h, static.CheckKeys(n, h.Keys)
}

// errDead means that a machine did not answer when it was to be handed out. It was logged.
var errDead = errors.New("machine does not answer")

// deregisterDead looks, once its node is locked, whether a machine still answers, and deregisters the node if not.
func (lp *loop) deregisterDead(ctx context.Context, n *lockedNode, m *config.StaticNode) error {
	if !m.HostKeyChecking {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, m.Timeout)
	defer cancel()
	_, err := keyscan.Scan(limited, m.Name, m.ConnectionPort, false)
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	lp.log.Warn("machine does not answer; its node is deregistered", "node", n.ID, "provider", n.Provider, "pool", n.Pool, "host", m.Name, "user", m.Username, "port", m.ConnectionPort, "err", err)
	n.SetState(record.NodeDeleting, time.Now())
	if _, err := n.save(ctx, lp.s); err != nil {
		return err
	}
	return errDead
}

// machineOf finds the machine of a node in a static pool; ok is unset when it is not configured any more.
func machineOf(pool *config.Pool, n *record.Node) (m *config.StaticNode, ok bool) {
	if !pool.Provider.Static() {
		return nil, true
	}
	for _, m := range pool.StaticNodes {
		if m.ID() == static.IDOf(n) {
			return m, true
		}
	}
	return nil, false
}
