package cache

// Backlog is what of one kind of record waits: changes that were read and not yet taken, and records to be read.
type Backlog struct{ Events, Reads int }

// Backlog counts what waits now. It is short but for storms.
func (c *Cache) Backlog() (nodes, requests Backlog) {
	of := func(k Kind) *Backlog {
		switch k {
		case NodeChanged, LockChanged:
			return &nodes
		case RequestChanged:
			return &requests
		}
		return &Backlog{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.events {
		of(c.events[i].Kind).Events++
	}
	for _, j := range c.queue {
		switch j := j.(type) {
		case *item:
			of(j.list.kind).Reads++
		case *list:
			of(j.kind).Reads++
		}
	}
	return nodes, requests
}
