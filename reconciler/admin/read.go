package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/go-zookeeper/zk"
	"golang.org/x/sync/errgroup"

	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// Paths of protocol.md 1.2.
const (
	nodesPath    = "/nodepool/nodes"
	requestsPath = "/nodepool/requests"
	imagesPath   = "/nodepool/images"
	poolsPath    = "/nodepool/components/pool"
)

func nodePath(id string) string { return nodesPath + "/" + id }

// Nodes reads all nodes, and which of their locks have a contender. unreadable is told the records that cannot be read.
func Nodes(ctx context.Context, s *session.Session, unreadable func(error)) ([]*record.Node, map[string]bool, error) {
	var nodes []*record.Node
	err := readAll(ctx, s, nodesPath, func(id string, data []byte) {
		n, err := record.ParseNode(id, data)
		if err != nil {
			unreadable(fmt.Errorf("node %s cannot be read: %w", id, err))
			return
		}
		nodes = append(nodes, n)
	})
	if err != nil {
		return nil, nil, err
	}
	locked, err := Locked(ctx, s, nodes)
	return nodes, locked, err
}

// Locked tells which nodes' locks have a contender, by node id.
func Locked(ctx context.Context, s *session.Session, nodes []*record.Node) (map[string]bool, error) {
	locked := make(map[string]bool, len(nodes))
	var mu sync.Mutex
	err := inParallel(ctx, len(nodes), func(ctx context.Context, i int) error {
		names, err := lock.Contenders(ctx, s, nodePath(nodes[i].ID)+"/lock")
		mu.Lock()
		defer mu.Unlock()
		locked[nodes[i].ID] = len(names) > 0
		return err
	})
	return locked, err
}

// Requests reads all requests. unreadable is told the records that cannot be read.
func Requests(ctx context.Context, s *session.Session, unreadable func(error)) ([]*record.Request, error) {
	var requests []*record.Request
	err := readAll(ctx, s, requestsPath, func(id string, data []byte) {
		r, err := record.ParseRequest(id, data)
		if err != nil {
			unreadable(fmt.Errorf("request %s cannot be read: %w", id, err))
			return
		}
		requests = append(requests, r)
	})
	return requests, err
}

// Pools reads all registered pools, of launchers of any kind. One that cannot be read is left out.
func Pools(ctx context.Context, s *session.Session) ([]*record.Pool, error) {
	var pools []*record.Pool
	err := readAll(ctx, s, poolsPath, func(_ string, data []byte) {
		if p, err := record.ParsePool(data); err == nil {
			pools = append(pools, p)
		}
	})
	return pools, err
}

// inParallel calls f for 0 to n-1, several at a time: ZooKeeper answers one question in a fraction of a millisecond, but
// a fleet has ten thousand nodes.
func inParallel(ctx context.Context, n int, f func(context.Context, int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(64)
	for i := range n {
		g.Go(func() error { return f(ctx, i) })
	}
	return g.Wait()
}

// readAll reads the children of a path in the order of their names. Those that vanish meanwhile are passed over.
func readAll(ctx context.Context, s *session.Session, dir string, each func(id string, data []byte)) error {
	ids, err := children(ctx, s, dir)
	if err != nil {
		return err
	}
	records := make([][]byte, len(ids))
	err = inParallel(ctx, len(ids), func(ctx context.Context, i int) error {
		data, _, err := s.Get(ctx, dir+"/"+ids[i])
		if errors.Is(err, zk.ErrNoNode) {
			return nil
		}
		records[i] = append([]byte{}, data...) // not nil: there is one
		return err
	})
	if err != nil {
		return err
	}
	for i, data := range records {
		if data != nil {
			each(ids[i], data)
		}
	}
	return nil
}

// children lists the names below a path, sorted; none where there is no such path.
func children(ctx context.Context, s *session.Session, dir string) ([]string, error) {
	names, _, err := s.Children(ctx, dir)
	if errors.Is(err, zk.ErrNoNode) {
		return nil, nil
	}
	slices.Sort(names)
	return names, err
}
