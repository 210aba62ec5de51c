package session

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/go-zookeeper/zk"
)

// maxRequest is a little below the server's default packet limit (1 MiB - 1). A
// bigger request would make the server drop the connection without an answer.
const maxRequest = 1<<20 - 4096

// ErrTooBig is returned for a write that no server would take.
var ErrTooBig = errors.New("larger than ZooKeeper's packet limit")

// worldACL lets everybody do everything: Python peers and Zuul must be able to
// write and delete what we create (protocol.md 1.1).
var worldACL = zk.WorldACL(zk.PermAll)

// Create makes a znode and returns its path, with the sequence number if flags
// ask for one. zk.ErrConnectionClosed means that it may exist.
func (s *Session) Create(ctx context.Context, path string, data []byte, flags int32) (string, error) {
	if err := checkSize(len(path) + len(data)); err != nil {
		return "", wrap("create", path, err)
	}
	made, err := call(ctx, s, func(c *zk.Conn) (string, error) {
		return c.Create(s.full(path), nonNil(data), flags, worldACL)
	})
	if err != nil {
		return "", wrap("create", path, err)
	}
	return s.strip(made), nil
}

// CreateAll is Create that makes missing parents, persistent and empty.
func (s *Session) CreateAll(ctx context.Context, name string, data []byte, flags int32) (string, error) {
	made, err := s.Create(ctx, name, data, flags)
	if !errors.Is(err, zk.ErrNoNode) {
		return made, err
	}
	if err := s.EnsurePath(ctx, path.Dir(name)); err != nil {
		return "", err
	}
	return s.Create(ctx, name, data, flags)
}

// Set writes a znode if it has the given version, -1 for any.
// zk.ErrConnectionClosed means that it may have been written.
func (s *Session) Set(ctx context.Context, path string, data []byte, version int32) (*zk.Stat, error) {
	if err := checkSize(len(path) + len(data)); err != nil {
		return nil, wrap("set", path, err)
	}
	stat, err := call(ctx, s, func(c *zk.Conn) (*zk.Stat, error) {
		return c.Set(s.full(path), nonNil(data), version)
	})
	if err != nil {
		return nil, wrap("set", path, err)
	}
	return stat, nil
}

// Delete removes a znode if it has the given version, -1 for any.
// zk.ErrConnectionClosed means that it may be gone.
func (s *Session) Delete(ctx context.Context, path string, version int32) error {
	_, err := call(ctx, s, func(c *zk.Conn) (struct{}, error) {
		return struct{}{}, c.Delete(s.full(path), version)
	})
	return wrap("delete", path, err)
}

// DeleteAll removes a znode and everything below it. What is gone already is
// fine. zk.ErrNotEmpty means that somebody added a child meanwhile, for example
// a lock contender: look again whether deleting is still right.
func (s *Session) DeleteAll(ctx context.Context, path string) error {
	children, _, err := s.Children(ctx, path)
	if errors.Is(err, zk.ErrNoNode) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, child := range children {
		if err := s.DeleteAll(ctx, strings.TrimSuffix(path, "/")+"/"+child); err != nil {
			return err
		}
	}
	_, err = insist(ctx, s, func(c *zk.Conn) (struct{}, error) {
		return struct{}{}, c.Delete(s.full(path), -1)
	})
	if errors.Is(err, zk.ErrNoNode) {
		return nil
	}
	return wrap("delete", path, err)
}

// EnsurePath makes a znode and its missing parents, persistent and empty.
func (s *Session) EnsurePath(ctx context.Context, path string) error {
	return s.ensure(ctx, s.full(path))
}

// ensure is EnsurePath on a path that has the chroot already.
func (s *Session) ensure(ctx context.Context, full string) error {
	full = strings.TrimRight(full, "/")
	if full == "" {
		return nil
	}
	exists, err := insist(ctx, s, func(c *zk.Conn) (bool, error) {
		ok, _, err := c.Exists(full)
		return ok, err
	})
	if err != nil || exists {
		return wrap("look for", full, err)
	}
	if err := s.ensure(ctx, full[:strings.LastIndexByte(full, '/')]); err != nil {
		return err
	}
	_, err = insist(ctx, s, func(c *zk.Conn) (string, error) {
		return c.Create(full, []byte{}, zk.FlagPersistent, worldACL)
	})
	if errors.Is(err, zk.ErrNodeExists) {
		return nil
	}
	return wrap("create", full, err)
}

func checkSize(n int) error {
	if n > maxRequest {
		return fmt.Errorf("%w: %d bytes", ErrTooBig, n)
	}
	return nil
}

// nonNil keeps ZooKeeper from storing null data, which Python reads as None.
func nonNil(data []byte) []byte {
	if data == nil {
		return []byte{}
	}
	return data
}
