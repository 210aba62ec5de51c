package cache

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// The directories that are followed (protocol.md 1.2).
const (
	requestsDir = "/nodepool/requests"
	nodesDir    = "/nodepool/nodes"
	poolsDir    = "/nodepool/components/pool"
	locksDir    = "/nodepool/requests-lock" // not followed, but must exist for locking
)

// maxWorkers bounds the reads under way at once.
const maxWorkers = 32

// Cache follows the state through one session.
type Cache struct {
	s    *session.Session
	log  *slog.Logger
	life context.Context // ends with Start's context, Close or the session
	stop context.CancelFunc
	wake chan struct{}

	mu      sync.Mutex
	lists   map[string]*list // by directory
	locks   map[string]*lockWatch
	queue   []job // what must be read, oldest first
	workers int
	wg      sync.WaitGroup
	loading int // jobs of the first load that are not done
	loaded  chan struct{}
	events  []Event
}

// New makes a cache that does nothing yet; log may be nil.
func New(s *session.Session, log *slog.Logger) *Cache {
	if log == nil {
		log = slog.Default()
	}
	c := &Cache{
		s:      s,
		log:    log,
		wake:   make(chan struct{}, 1),
		lists:  map[string]*list{},
		locks:  map[string]*lockWatch{},
		loaded: make(chan struct{}),
	}
	c.life, c.stop = context.WithCancel(context.Background())
	for dir, kind := range map[string]Kind{requestsDir: RequestChanged, nodesDir: NodeChanged, poolsDir: PoolChanged} {
		c.lists[dir] = &list{dir: dir, kind: kind, members: map[string]*item{}}
	}
	return c
}

// Start makes the directories if they are missing and loads everything; when it
// returns nil, an event for every record is queued. The cache works until ctx
// ends, Close is called or the session is over.
func (c *Cache) Start(ctx context.Context) error {
	for _, dir := range []string{requestsDir, nodesDir, poolsDir, locksDir} {
		if err := c.s.EnsurePath(ctx, dir); err != nil {
			return fmt.Errorf("load the state: %w", err)
		}
	}
	c.s.OnEvent(c.onEvent)
	c.s.Go(func(session context.Context) {
		select {
		case <-session.Done():
		case <-ctx.Done():
		case <-c.life.Done():
		}
		c.stop()
	})
	c.mu.Lock()
	for _, l := range c.lists {
		c.load(l)
	}
	c.mu.Unlock()
	select {
	case <-c.loaded:
	case <-c.life.Done():
	}
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("load the state: %w", ctx.Err())
	case c.life.Err() != nil, c.s.Err() != nil:
		return fmt.Errorf("load the state: %w", c.whyStopped())
	}
	return nil
}

// Close stops the cache and returns when none of its goroutines is left.
func (c *Cache) Close() {
	c.stop()
	c.mu.Lock()
	for _, l := range c.lists {
		if l.later != nil {
			l.later.Stop()
		}
	}
	c.mu.Unlock() // from here on nothing starts a worker
	c.wg.Wait()
}

// onEvent notes which read a watch event asks for. It runs on the connection's
// goroutine and only takes the lock.
func (c *Cache) onEvent(ev zk.Event) {
	dir, name, ok := cut(ev.Path)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.lists[ev.Path]; l != nil {
		l.fire()
		c.dirty(l)
		return
	}
	if id, isLock := strings.CutPrefix(dir, nodesDir+"/"); isLock && name == "lock" {
		c.lockEvent(id, true)
		return
	}
	l := c.lists[dir]
	if l == nil {
		return
	}
	if ev.Type != zk.EventNodeChildrenChanged {
		if it := l.members[name]; it != nil {
			it.fire()
			c.dirty(it)
		}
	}
	if dir == nodesDir && ev.Type != zk.EventNodeDataChanged {
		c.lockEvent(name, false)
	}
}

func cut(path string) (dir, name string, ok bool) {
	at := strings.LastIndexByte(path, '/')
	if at < 0 {
		return "", "", false
	}
	return path[:at], path[at+1:], true
}
