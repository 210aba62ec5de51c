package web

import (
	"container/list"
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// Bounds of the cache of answers.
const (
	answerAge   = time.Second
	maxAnswers  = 1000
	maxBytes    = 64 << 20
	mostRenders = 2 // at one time: a page must not take both cores from the launcher
)

// cache keeps answers for a second and makes each once, however many ask for it at a time. The oldest go first.
type cache struct {
	flight singleflight.Group
	slots  chan struct{}

	mu    sync.Mutex
	byKey map[string]*list.Element
	order *list.List // of *entry, oldest first
	bytes int
}

type entry struct {
	key string
	*answer
}

func newCache() *cache {
	return &cache{slots: make(chan struct{}, mostRenders), byKey: map[string]*list.Element{}, order: list.New()}
}

// get finds an answer or has it made. An error is not kept.
func (c *cache) get(ctx context.Context, key string, now func() time.Time, render func() (*answer, error)) (*answer, error) {
	if a := c.find(key, now()); a != nil {
		return a, nil
	}
	made := c.flight.DoChan(key, func() (any, error) {
		c.slots <- struct{}{}
		defer func() { <-c.slots }()
		a, err := render()
		if err == nil {
			c.keep(key, a)
		}
		return a, err
	})
	select {
	case r := <-made:
		a, _ := r.Val.(*answer)
		return a, r.Err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *cache) find(key string, now time.Time) *answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	for e := c.order.Front(); e != nil && now.Sub(e.Value.(*entry).at) >= answerAge; e = c.order.Front() {
		c.drop(e)
	}
	if e := c.byKey[key]; e != nil {
		return e.Value.(*entry).answer
	}
	return nil
}

func (c *cache) keep(key string, a *answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byKey[key]; e != nil {
		c.drop(e)
	}
	c.byKey[key] = c.order.PushBack(&entry{key, a})
	c.bytes += len(a.body)
	for c.order.Len() > maxAnswers || c.bytes > maxBytes && c.order.Len() > 1 {
		c.drop(c.order.Front())
	}
}

func (c *cache) drop(e *list.Element) {
	old := e.Value.(*entry)
	c.order.Remove(e)
	delete(c.byKey, old.key)
	c.bytes -= len(old.body)
}
