package cache

import (
	"errors"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// item follows the data of one znode in a list.
type item struct {
	task
	watch
	list   *list
	id     string
	listed bool  // the list was read, and had it, since the read under way began
	known  bool  // an event told of it
	czxid  int64 // of what was told
	mzxid  int64
}

// read fetches the data and reports it if it is new.
func (it *item) read(c *Cache) {
	c.mu.Lock()
	arm := it.begin()
	it.listed = false
	c.mu.Unlock()
	fetch := c.s.Get
	if arm {
		fetch = c.s.GetW
	}
	path := it.list.dir + "/" + it.id
	data, stat, err := fetch(c.life, path)
	if errors.Is(err, zk.ErrNoNode) {
		it.gone(c)
		return
	}
	var ev Event
	if err == nil {
		ev = decode(it.list.kind, it.id, data, stat)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.failed(it, "read "+path, err)
		return
	}
	if arm {
		it.set()
	}
	if it.known && it.czxid == stat.Czxid && it.mzxid == stat.Mzxid {
		return
	}
	it.known, it.czxid, it.mzxid = true, stat.Czxid, stat.Mzxid
	c.emit(ev)
}

// gone forgets the item.
func (it *item) gone(c *Cache) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if it.known {
		it.known = false
		c.emit(Event{Kind: it.list.kind, ID: it.id})
	}
	if it.listed || it.again {
		it.again = true // it was made again under the same name meanwhile
		return
	}
	delete(it.list.members, it.id)
}

// decode turns data into an event.
func decode(kind Kind, id string, data []byte, stat *zk.Stat) Event {
	ev := Event{Kind: kind, ID: id, Version: stat.Version, Mzxid: stat.Mzxid, Czxid: stat.Czxid}
	var err error
	switch kind {
	case RequestChanged:
		ev.Request, err = record.ParseRequest(id, data)
	case NodeChanged:
		if ev.Node, err = record.ParseNode(id, data); err == nil {
			shareNode(ev.Node)
		}
	case PoolChanged:
		ev.Pool, err = record.ParsePool(data)
	}
	if err != nil {
		ev.Kind, ev.Of, ev.Err = Malformed, kind, err
	}
	return ev
}

// retryAfter is the pause before a read that the server refused is repeated.
const retryAfter = 5 * time.Second

// failed handles a read that gave neither data nor absence; c.mu is held. The
// end of the session or of the cache needs no word; everything else is tried
// again, because a watch may be missing now.
func (c *Cache) failed(j job, what string, err error) {
	if c.life.Err() != nil || errors.Is(err, session.ErrExpired) {
		return
	}
	c.log.Warn("reading the state failed", "what", what, "error", err)
	time.AfterFunc(retryAfter, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.dirty(j)
	})
}
