package cache

import (
	"time"
)

// list follows the children of one directory.
type list struct {
	task
	watch
	dir     string
	kind    Kind
	members map[string]*item

	cost  time.Duration // how long the last read took
	ended time.Time     // when it ended
	later *time.Timer   // set while a read is put off
}

// restFactor is how many times its own duration a list rests between two reads.
// Under a storm of creations a long list would otherwise be read for each one.
const restFactor = 4

// tooSoon puts the read off if the list was read just now; c.mu is held.
func (l *list) tooSoon(c *Cache) bool {
	if l.later != nil {
		return true
	}
	left := l.cost*restFactor - time.Since(l.ended)
	if left <= 0 {
		return false
	}
	l.later = time.AfterFunc(left, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		l.later = nil
		l.cost = 0 // now is not too soon
		c.dirty(l)
	})
	return true
}

// read compares the directory with the members and queues what is new or gone.
func (l *list) read(c *Cache) {
	c.mu.Lock()
	arm := l.begin()
	c.mu.Unlock()
	began := time.Now()
	fetch := c.s.Children
	if arm {
		fetch = c.s.ChildrenW
	}
	names, _, err := fetch(c.life, l.dir)

	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.failed(l, "list "+l.dir, err)
		return
	}
	if arm {
		l.set()
	}
	present := make(map[string]struct{}, len(names))
	for _, name := range names {
		present[name] = struct{}{}
		l.seen(c, name)
	}
	if len(l.members) > len(names) {
		for name, it := range l.members {
			if _, ok := present[name]; !ok {
				c.dirty(it)
			}
		}
	}
	l.ended = time.Now()
	l.cost = l.ended.Sub(began)
}

// seen notes that name is in the directory; c.mu is held.
func (l *list) seen(c *Cache, name string) {
	it := l.members[name]
	switch {
	case it != nil:
		it.listed = true
	case l.first:
		it = &item{list: l, id: name}
		l.members[name] = it
		c.load(it)
	default:
		it = &item{list: l, id: name}
		l.members[name] = it
		c.dirty(it)
	}
}
