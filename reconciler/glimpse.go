package reconciler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"
	"golang.org/x/sync/errgroup"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/reconciler/preview"
	"github.com/nodepool-tf/nodepool-tf/reconciler/static"
	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/state/store"
)

// glimpse is ZooKeeper read once, without a watch, a lock or a write, as a launcher sees it: the one that serves the
// configured pools now, or, where none does, one that starts.
type glimpse struct {
	s   *session.Session
	cfg *config.Config

	scene     preview.Scene
	images    imageIndex
	tree      string
	stateID   string                          // of the launcher's state directory, "" where that is not known
	host      string                          // of the launcher, "" for none
	served    map[desire.PoolKey]*record.Pool // registered, by configured pool
	launchers map[string]store.Launcher       // by id
	warnings  []string

	pools   []component
	owners  map[string]int64 // request: session that owns it
	holders map[string]bool  // pending requests and nodes whose lock is held or wanted
}

type component struct {
	*record.Pool
	session int64
}

func (g *glimpse) warn(format string, args ...any) {
	g.warnings = append(g.warnings, fmt.Sprintf(format, args...))
}

// look reads everything. Its requests cost a round trip for each record and for each lock that may matter, many at a
// time: with ten thousand nodes about a second.
func look(ctx context.Context, s *session.Session, cfg *config.Config, now time.Time) (*glimpse, error) {
	g := &glimpse{
		s: s, cfg: cfg, served: map[desire.PoolKey]*record.Pool{}, launchers: map[string]store.Launcher{}, owners: map[string]int64{}, holders: map[string]bool{},
		scene: preview.Scene{InHand: map[string]bool{}, View: desire.View{
			Now: now, Config: cfg, Requests: map[string]*desire.Request{}, Nodes: map[string]*desire.Node{}, Pools: map[string]*record.Pool{},
			Own: map[desire.PoolKey]string{}, Handlers: map[string]*desire.Handler{}, MinReady: map[string]string{}, MinReadyAfter: map[string]time.Time{},
		}},
	}
	for _, step := range []func(context.Context) error{g.readTree, g.readPools, g.readLaunchers, g.readRequests, g.readNodes, g.readLocks} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	g.images = newestUploads(ctx, s, wantedImages(cfg))
	g.scene.View.Images = g.images.ids()
	g.choosePools()
	g.chooseLauncher()
	g.seeNodes()
	g.seeRequests()
	return g, nil
}

func (g *glimpse) readTree(ctx context.Context) error {
	data, _, err := g.s.Get(ctx, treeIDPath)
	if err != nil && !errors.Is(err, zk.ErrNoNode) {
		return err
	}
	g.tree = string(data)
	return nil
}

func (g *glimpse) readPools(ctx context.Context) error {
	_, err := readChildren(ctx, g.s, componentsPath+"/pool", func(id string, data []byte, stat *zk.Stat) {
		p, err := record.ParsePool(data)
		if err != nil {
			g.warn("the pool component %s cannot be read: %v", id, err)
			return
		}
		g.pools = append(g.pools, component{p, stat.EphemeralOwner})
		g.scene.View.Pools[p.ID] = p
	})
	return err
}

func (g *glimpse) readLaunchers(ctx context.Context) error {
	all, err := store.NewReader(g.s, nil).Launchers(ctx)
	for _, l := range all {
		g.launchers[l.ID] = l
	}
	return err
}

func (g *glimpse) readRequests(ctx context.Context) (err error) {
	g.scene.NextRequest, err = readChildren(ctx, g.s, requestsPath, func(id string, data []byte, stat *zk.Stat) {
		r, err := record.ParseRequest(id, data)
		if err != nil {
			g.warn("request %s cannot be read and is left alone: %v", id, err)
			return
		}
		g.owners[id] = stat.EphemeralOwner
		g.scene.View.Requests[id] = &desire.Request{Request: r}
	})
	return err
}

func (g *glimpse) readNodes(ctx context.Context) (err error) {
	g.scene.NextNode, err = readChildren(ctx, g.s, nodesPath, func(id string, data []byte, _ *zk.Stat) {
		n, err := record.ParseNode(id, data)
		if err != nil {
			if len(data) > 0 {
				g.warn("node %s cannot be read and is left alone: %v", id, err)
			}
			return
		}
		g.scene.View.Nodes[id] = &desire.Node{Node: n, Known: true}
	})
	return err
}

// readLocks looks who holds requests, and nodes that are deleted once nobody does.
func (g *glimpse) readLocks(ctx context.Context) error {
	dirs := map[string]string{}
	for id, r := range g.scene.View.Requests {
		if r.State == record.RequestPending || r.State == record.RequestRequested {
			dirs[id] = requestLockPath(id)
		}
	}
	for id, n := range g.scene.View.Nodes {
		if n.State != record.NodeReady || n.AllocatedTo != "" {
			dirs[id] = nodeLockPath(id)
		}
	}
	ids := slices.Sorted(maps.Keys(dirs))
	held := make([]bool, len(ids))
	err := inParallel(ctx, len(ids), func(ctx context.Context, i int) error {
		names, err := lock.Contenders(ctx, g.s, dirs[ids[i]])
		held[i] = len(names) > 0
		return err
	})
	for i, id := range ids {
		g.holders[id] = held[i]
	}
	return err
}

// choosePools finds out as which pools the launcher is registered. A configured pool that nobody serves is taken for
// registered under an id of its own; a registered one has the labels that are configured.
func (g *glimpse) choosePools() {
	here := fqdn()
	v := &g.scene.View
	for _, p := range g.cfg.Providers {
		for _, pool := range p.Pools {
			key := desire.PoolKey{Provider: p.Name, Pool: pool.Name}
			var found *record.Pool
			for _, c := range g.pools {
				if c.ProviderName != p.Name || c.Name != pool.Name {
					continue
				}
				if found == nil || c.Hostname == here && found.Hostname != here {
					found = c.Pool
				}
			}
			rec := record.Pool{ID: "plan/" + p.Name + "/" + pool.Name, Name: pool.Name, ProviderName: p.Name}
			if found != nil {
				rec = *found
				g.served[key] = found
				g.host = cmp.Or(g.host, found.Hostname)
			}
			rec.SupportedLabels, rec.Priority = slices.Sorted(slices.Values(pool.LabelNames)), pool.Priority
			v.Pools[rec.ID] = &rec
			v.Own[key] = rec.ID
		}
	}
}

// chooseLauncher finds out whose state directory the launcher has: it names the owner of each node.
func (g *glimpse) chooseLauncher() {
	data, _ := os.ReadFile(filepath.Join(g.cfg.Terraform.StateDir, "id"))
	here := strings.TrimSpace(string(data))
	if here != "" && (g.host == "" || g.launchers[here].Alive) {
		g.stateID = here
		return
	}
	for _, id := range slices.Sorted(maps.Keys(g.launchers)) {
		l := g.launchers[id]
		if l.Alive && g.host != "" && l.About.Hostname == g.host {
			g.stateID = id
			return
		}
	}
	g.stateID = here
}

// foreign is that of peers, for a launcher that has seen the others for long enough.
func (g *glimpse) foreign(n *record.Node) bool {
	if n.Provider == "" || n.State == record.NodeDeleted || n.Launcher == static.Launcher {
		return false
	}
	owner := n.Owner()
	return owner == "" || owner != g.stateID && g.launchers[owner].Alive
}

func (g *glimpse) seeNodes() {
	for id, n := range g.scene.View.Nodes {
		n.Contended = g.holders[id]
		n.Foreign = g.foreign(n.Node)
	}
}

// seeRequests tells those that a launcher works on, and those that are min-ready requests of ours.
func (g *glimpse) seeRequests() {
	v := &g.scene.View
	ours := map[int64]bool{}
	for _, c := range g.pools {
		for _, p := range g.served {
			if p.ID == c.ID && c.session != 0 {
				ours[c.session] = true
			}
		}
	}
	for id, r := range v.Requests {
		if r.Requestor == desire.RequestorMinReady && ours[g.owners[id]] && len(r.NodeTypes) > 0 {
			v.MinReady[id] = r.NodeTypes[0]
		}
		if !g.holders[id] {
			continue
		}
		g.scene.InHand[id] = true
		r.Busy = true
		if h := g.handler(id, r.Request); h != nil {
			v.Handlers[id] = h
		}
	}
}

// handler is what one of our pools has in hand, as far as its nodes tell.
func (g *glimpse) handler(id string, r *record.Request) *desire.Handler {
	h := &desire.Handler{Request: id, Busy: true}
	for _, n := range g.scene.View.Nodes {
		if n.AllocatedTo != id || len(n.Type) == 0 {
			continue
		}
		p := g.served[desire.PoolKey{Provider: n.Provider, Pool: n.Pool}]
		if p == nil || n.Launcher != p.ID && n.State != record.NodeReady {
			return nil
		}
		h.Provider, h.Pool = n.Provider, n.Pool
		n.Held = true
		status := desire.Launching
		if n.State == record.NodeReady {
			status = desire.Ready
		}
		h.Nodes = append(h.Nodes, desire.HandlerNode{Key: len(h.Nodes) + 1, Label: n.Type[0], ID: n.ID, Status: status})
	}
	if h.Pool == "" {
		return nil
	}
	h.Paused = g.served[desire.PoolKey{Provider: h.Provider, Pool: h.Pool}].Paused && len(h.Nodes) < len(r.NodeTypes)
	return h
}

// atOnce bounds the reads under way at one time.
const atOnce = 64

// inParallel calls f for 0 to n-1, several at a time.
func inParallel(ctx context.Context, n int, f func(context.Context, int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i := range n {
		g.Go(func() error { return f(ctx, i) })
	}
	return g.Wait()
}

// readChildren reads the records below a path in the order of their names, those that vanish meanwhile left out. next is
// the sequence number that the next child gets: ZooKeeper counts creations for it, and tells their sum with deletions.
func readChildren(ctx context.Context, s *session.Session, dir string, each func(id string, data []byte, stat *zk.Stat)) (next int64, err error) {
	ids, stat, err := s.Children(ctx, dir)
	if errors.Is(err, zk.ErrNoNode) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	next = (int64(stat.Cversion) + int64(stat.NumChildren)) / 2
	slices.Sort(ids)
	type found struct {
		data []byte
		stat *zk.Stat
	}
	records := make([]found, len(ids))
	err = inParallel(ctx, len(ids), func(ctx context.Context, i int) error {
		data, stat, err := s.Get(ctx, dir+"/"+ids[i])
		if errors.Is(err, zk.ErrNoNode) {
			return nil
		}
		records[i] = found{data, stat}
		return err
	})
	if err != nil {
		return 0, err
	}
	for i, r := range records {
		if r.stat != nil {
			each(ids[i], r.data, r.stat)
		}
	}
	return next, nil
}
