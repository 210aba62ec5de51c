package cache

import (
	"errors"
	"slices"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/lock"
)

// lockWatch follows the contenders of one node's lock. While the lock directory
// does not exist it watches the children of the node, where it will appear.
type lockWatch struct {
	task
	id     string
	wanted bool // false after UnwatchLock, while a watch is still set
	dir    watch
	node   watch
	told   bool // an event told of contenders
	names  []string
}

// WatchLock reports the contenders of a node's lock now and at every change,
// until the node is gone or UnwatchLock. An absent node reports nothing.
func (c *Cache) WatchLock(nodeID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	lw := c.locks[nodeID]
	if lw == nil {
		lw = &lockWatch{id: nodeID}
		c.locks[nodeID] = lw
	}
	if lw.wanted {
		return
	}
	lw.wanted, lw.told = true, false
	c.dirty(lw)
}

// UnwatchLock ends what WatchLock began; an event may still be queued.
func (c *Cache) UnwatchLock(nodeID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if lw := c.locks[nodeID]; lw != nil {
		lw.wanted = false
		c.forget(lw)
	}
}

// lockEvent takes a watch event of the lock directory or of the node's
// children; c.mu is held.
func (c *Cache) lockEvent(id string, ofDir bool) {
	lw := c.locks[id]
	if lw == nil {
		return
	}
	if ofDir {
		lw.dir.fire()
	} else {
		lw.node.fire()
	}
	if lw.wanted {
		c.dirty(lw)
		return
	}
	c.forget(lw)
}

// forget drops an unwanted watch once nothing is armed; c.mu is held. Until
// then it remembers what is armed, in case it is wanted again.
func (c *Cache) forget(lw *lockWatch) {
	if !lw.wanted && !lw.busy && !lw.dir.armed && !lw.node.armed {
		delete(c.locks, lw.id)
	}
}

func (lw *lockWatch) read(c *Cache) {
	path := nodesDir + "/" + lw.id
	for {
		names, err := c.watchedChildren(&lw.dir, path+"/lock")
		if err == nil {
			lw.report(c, lock.Order(names))
			return
		}
		if !errors.Is(err, zk.ErrNoNode) {
			c.lockFailed(lw, err)
			return
		}
		below, err := c.watchedChildren(&lw.node, path)
		switch {
		case errors.Is(err, zk.ErrNoNode):
			lw.gone(c)
			return
		case err != nil:
			c.lockFailed(lw, err)
			return
		case !slices.Contains(below, "lock"):
			lw.report(c, nil)
			return
		}
	}
}

// watchedChildren lists a directory and arms w if it is not set.
func (c *Cache) watchedChildren(w *watch, path string) ([]string, error) {
	c.mu.Lock()
	arm := w.begin()
	c.mu.Unlock()
	fetch := c.s.Children
	if arm {
		fetch = c.s.ChildrenW
	}
	names, _, err := fetch(c.life, path)
	if err == nil && arm {
		c.mu.Lock()
		w.set()
		c.mu.Unlock()
	}
	return names, err
}

func (lw *lockWatch) report(c *Cache, names []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !lw.wanted || (lw.told && slices.Equal(lw.names, names)) {
		return
	}
	lw.told, lw.names = true, names
	c.emit(Event{Kind: LockChanged, ID: lw.id, Contenders: names})
}

// gone forgets the watch: the node does not exist.
func (lw *lockWatch) gone(c *Cache) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.locks[lw.id] == lw {
		delete(c.locks, lw.id)
	}
}

func (c *Cache) lockFailed(lw *lockWatch, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed(lw, "list the lock of node "+lw.id, err)
}
