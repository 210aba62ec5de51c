package session

// Subscription wakes one waiter at events of one path. It arms no watch: that
// is what GetW, ChildrenW and ExistsW do.
type Subscription struct {
	s    *Session
	path string
	wake chan struct{}
}

// Subscribe tells of every event on path from now on, beside the handler.
// Several events may become one.
func (s *Session) Subscribe(path string) *Subscription {
	sub := &Subscription{s: s, path: path, wake: make(chan struct{}, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.subs[path] == nil {
		s.subs[path] = map[*Subscription]struct{}{}
	}
	s.subs[path][sub] = struct{}{}
	return sub
}

// Wake receives after an event.
func (u *Subscription) Wake() <-chan struct{} { return u.wake }

// Stop forgets the subscription.
func (u *Subscription) Stop() {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	delete(u.s.subs[u.path], u)
	if len(u.s.subs[u.path]) == 0 {
		delete(u.s.subs, u.path)
	}
}

func (s *Session) notify(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for sub := range s.subs[path] {
		select {
		case sub.wake <- struct{}{}:
		default: // already woken
		}
	}
}
