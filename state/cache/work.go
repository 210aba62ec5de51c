package cache

// job is something that can be read again: a list, a record or a lock directory.
type job interface {
	state() *task
	// read brings the job up to date. Only one worker reads a job at a time.
	read(c *Cache)
}

// task is the bookkeeping of a job, guarded by Cache.mu.
type task struct {
	queued bool // in Cache.queue
	busy   bool // a worker reads it
	again  bool // became stale while being read
	first  bool // part of the first load
}

func (t *task) state() *task { return t }

// watch tells whether a one-shot watch is set. The client library keeps a
// channel for each call that arms one, so a set watch must not be armed again.
type watch struct {
	armed bool
	fired bool // since the read under way began
}

func (w *watch) fire() { w.armed, w.fired = false, true }

// begin returns whether the read must arm the watch.
func (w *watch) begin() (arm bool) {
	w.fired = false
	return !w.armed
}

// set notes that the read armed the watch, unless it fired in the meantime.
func (w *watch) set() { w.armed = !w.fired }

// load queues a job as part of the first load; c.mu is held.
func (c *Cache) load(j job) {
	j.state().first = true
	c.loading++
	c.dirty(j)
}

// dirty queues a job unless it waits already; c.mu is held.
func (c *Cache) dirty(j job) {
	t := j.state()
	switch {
	case c.life.Err() != nil, t.queued:
		return
	case t.busy:
		t.again = true
		return
	}
	if l, ok := j.(*list); ok && l.tooSoon(c) {
		return
	}
	t.queued = true
	c.queue = append(c.queue, j)
	if c.workers < maxWorkers {
		c.workers++
		c.wg.Add(1)
		go c.work()
	}
}

// work reads what is queued and ends when nothing is.
func (c *Cache) work() {
	defer c.wg.Done()
	for {
		c.mu.Lock()
		if len(c.queue) == 0 || c.life.Err() != nil {
			c.workers--
			c.mu.Unlock()
			return
		}
		j := c.queue[0]
		c.queue[0] = nil
		c.queue = c.queue[1:]
		t := j.state()
		t.queued, t.busy = false, true
		c.mu.Unlock()

		j.read(c)

		c.mu.Lock()
		t.busy = false
		if t.again {
			t.again = false
			c.dirty(j)
		}
		if t.first {
			t.first = false
			if c.loading--; c.loading == 0 {
				close(c.loaded)
			}
		}
		c.mu.Unlock()
	}
}
