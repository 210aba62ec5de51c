package lock

import (
	"context"
	"sync"

	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// key names one lock within this process. Sessions contend with each other
// through ZooKeeper only.
type key struct {
	s   *session.Session
	dir string
}

// local is the in-process mutex of one key; it is taken before the contender is
// made and given back after it is gone (protocol.md 3.2 item 7).
type local struct {
	token chan struct{} // holds one token while free
	users int
}

var locals = struct {
	sync.Mutex
	m map[key]*local
}{m: map[key]*local{}}

// enter takes the mutex, waiting until ctx ends, or not at all. It returns how to leave.
func enter(ctx context.Context, k key, wait bool) (leave func(), err error) {
	l := use(k)
	if !wait {
		select {
		case <-l.token:
			return func() { l.token <- struct{}{}; drop(k, l) }, nil
		default:
			drop(k, l)
			return nil, ErrBusy
		}
	}
	select {
	case <-l.token:
		return func() { l.token <- struct{}{}; drop(k, l) }, nil
	case <-ctx.Done():
		drop(k, l)
		return nil, ctx.Err()
	case <-k.s.Done():
		drop(k, l)
		return nil, k.s.Err()
	}
}

func use(k key) *local {
	locals.Lock()
	defer locals.Unlock()
	l := locals.m[k]
	if l == nil {
		l = &local{token: make(chan struct{}, 1)}
		l.token <- struct{}{}
		locals.m[k] = l
	}
	l.users++
	return l
}

func drop(k key, l *local) {
	locals.Lock()
	defer locals.Unlock()
	if l.users--; l.users == 0 {
		delete(locals.m, k)
	}
}
