package session

import (
	"context"

	"github.com/go-zookeeper/zk"
)

type got struct {
	data     []byte
	children []string
	exists   bool
	stat     *zk.Stat
}

// Get reads a znode.
func (s *Session) Get(ctx context.Context, path string) ([]byte, *zk.Stat, error) {
	g, err := insist(ctx, s, func(c *zk.Conn) (g got, err error) {
		g.data, g.stat, err = c.Get(s.full(path))
		return g, err
	})
	if err != nil {
		return nil, nil, wrap("get", path, err)
	}
	return g.data, g.stat, nil
}

// GetW reads a znode and arms a one-shot watch on its data. The event goes to
// the handler and to subscriptions. Do not arm a path again before it fired:
// the library keeps a channel for every call.
func (s *Session) GetW(ctx context.Context, path string) ([]byte, *zk.Stat, error) {
	g, err := insist(ctx, s, func(c *zk.Conn) (g got, err error) {
		g.data, g.stat, _, err = c.GetW(s.full(path))
		return g, err
	})
	if err != nil {
		return nil, nil, wrap("get", path, err)
	}
	return g.data, g.stat, nil
}

// Children lists the names below a znode, in no order.
func (s *Session) Children(ctx context.Context, path string) ([]string, *zk.Stat, error) {
	g, err := insist(ctx, s, func(c *zk.Conn) (g got, err error) {
		g.children, g.stat, err = c.Children(s.full(path))
		return g, err
	})
	if err != nil {
		return nil, nil, wrap("list", path, err)
	}
	return g.children, g.stat, nil
}

// ChildrenW lists the names and arms a one-shot watch on them, as GetW does.
func (s *Session) ChildrenW(ctx context.Context, path string) ([]string, *zk.Stat, error) {
	g, err := insist(ctx, s, func(c *zk.Conn) (g got, err error) {
		g.children, g.stat, _, err = c.ChildrenW(s.full(path))
		return g, err
	})
	if err != nil {
		return nil, nil, wrap("list", path, err)
	}
	return g.children, g.stat, nil
}

// Exists reports whether a znode exists; the stat is only meaningful if it does.
func (s *Session) Exists(ctx context.Context, path string) (bool, *zk.Stat, error) {
	g, err := insist(ctx, s, func(c *zk.Conn) (g got, err error) {
		g.exists, g.stat, err = c.Exists(s.full(path))
		return g, err
	})
	if err != nil {
		return false, nil, wrap("look for", path, err)
	}
	return g.exists, g.stat, nil
}

// ExistsW is Exists with a one-shot watch: for the creation of an absent znode,
// for the data of an existing one.
func (s *Session) ExistsW(ctx context.Context, path string) (bool, *zk.Stat, error) {
	g, err := insist(ctx, s, func(c *zk.Conn) (g got, err error) {
		g.exists, g.stat, _, err = c.ExistsW(s.full(path))
		return g, err
	})
	if err != nil {
		return false, nil, wrap("look for", path, err)
	}
	return g.exists, g.stat, nil
}
