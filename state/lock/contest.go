package lock

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// contest is one try for a lock: a contender and its place in the queue.
type contest struct {
	s      *session.Session
	dir    string
	data   string
	kept   bool   // the contender outlives the session
	prefix string // own part of the name, "" before the first attempt
	name   string // own contender, "" while there is none
	first  bool   // we made the directory together with the contender
}

func (c *contest) path() string { return c.dir + "/" + c.name }

// standing makes sure there is a contender and returns the name of the one just
// before it, "" if it is our turn.
func (c *contest) standing(ctx context.Context) (before string, err error) {
	for {
		if c.name == "" {
			if err := c.join(ctx); err != nil {
				return "", err
			}
		}
		if c.first {
			return "", nil // whoever came later has a larger sequence
		}
		children, _, err := c.s.Children(ctx, c.dir)
		if err != nil && !errors.Is(err, zk.ErrNoNode) {
			return "", err
		}
		names := Order(children)
		switch at := slices.Index(names, c.name); {
		case at == 0:
			return "", nil
		case at > 0 && strings.HasPrefix(names[at-1], c.prefix):
			// A create whose reply was lost came through after all: keep the
			// better place, or we would wait for ourselves.
			if err := remove(ctx, c.s, c.path()); err != nil {
				return "", err
			}
			c.name = names[at-1]
			continue
		case at > 0:
			return names[at-1], nil
		}
		// Somebody removed our contender (forced unlock, or the node was
		// deleted with everything below it): start over.
		c.name = ""
	}
}

// join creates a contender. The first try makes the directory in the same step,
// which spares new requests and nodes a round trip.
func (c *contest) join(ctx context.Context) error {
	c.prefix = newPrefix()
	for {
		made, err := c.s.Multi(ctx, session.CreateOp(c.dir, nil, zk.FlagPersistent), c.createOp())
		if err == nil {
			c.name, c.first = made[1].String[len(c.dir)+1:], true
			return nil
		}
		if errors.Is(err, zk.ErrNodeExists) {
			var path string
			path, err = c.s.Create(ctx, c.dir+"/"+c.prefix, []byte(c.data), c.flags())
			if err == nil {
				c.name = path[len(c.dir)+1:]
				return nil
			}
			if errors.Is(err, zk.ErrNoNode) {
				continue // the directory was deleted in between
			}
		}
		if !errors.Is(err, zk.ErrConnectionClosed) {
			return err
		}
		if err := c.find(ctx); err != nil || c.name != "" {
			return err
		}
	}
}

func (c *contest) createOp() any {
	return session.CreateOp(c.dir+"/"+c.prefix, []byte(c.data), c.flags())
}

func (c *contest) flags() int32 {
	if c.kept {
		return zk.FlagSequence
	}
	return zk.FlagEphemeral | zk.FlagSequence
}

// find looks for our contender after a lost reply, by its prefix.
func (c *contest) find(ctx context.Context) error {
	children, _, err := c.s.Children(ctx, c.dir)
	if err != nil && !errors.Is(err, zk.ErrNoNode) {
		return err
	}
	for _, name := range Order(children) {
		if strings.HasPrefix(name, c.prefix) {
			c.name = name
			return nil
		}
	}
	return nil
}

// wait returns when it is our turn, or ctx or the session ends.
func (c *contest) wait(ctx, life context.Context) error {
	for {
		before, err := c.standing(life)
		if err != nil || before == "" {
			return err
		}
		if err := c.await(ctx, life, c.dir+"/"+before); err != nil {
			return err
		}
	}
}

// await returns after an event on the contender before us.
func (c *contest) await(ctx, life context.Context, before string) error {
	sub := c.s.Subscribe(before)
	defer sub.Stop()
	if _, _, err := c.s.GetW(life, before); err != nil {
		if errors.Is(err, zk.ErrNoNode) {
			return nil
		}
		return err
	}
	select {
	case <-sub.Wake():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-c.s.Done():
		return c.s.Err()
	}
}

// withdraw removes our contender.
func (c *contest) withdraw(ctx context.Context) error {
	if c.name == "" {
		return nil
	}
	return remove(ctx, c.s, c.path())
}
