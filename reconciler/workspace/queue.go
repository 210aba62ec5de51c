package workspace

import (
	"errors"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// leastFree is the free space below which no new node is launched: Terraform could not write what it made. Destroys go
// on, they free space.
const leastFree = 64 << 20

// Launch queues an attempt. Its outcomes come through Notify; a failure to initialise its module is one of them. An
// attempt that is queued or begun already is not launched again.
func (m *Manager) Launch(o Order) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.begun(o) {
		return
	}
	if it := m.waiting[o.Node]; it != nil {
		it.dead = true // an older attempt
	}
	m.seq++
	it := &item{Order: o, seq: m.seq}
	m.waiting[o.Node] = it
	m.last[o.Node] = o.outcome(Queued)
	m.goes(func() {
		base, err := m.bases.Get(m.ctx, o.Spec)
		m.mu.Lock()
		defer m.mu.Unlock()
		if it.dead || m.ctx.Err() != nil {
			return
		}
		if err != nil {
			delete(m.waiting, o.Node)
			out := o.outcome(Failed)
			out.Err = err
			m.tell(out)
			return
		}
		it.base = base
		m.enqueue(it)
		m.dispatch()
	})
}

// begun reports whether that very attempt is known.
func (m *Manager) begun(o Order) bool {
	if it := m.waiting[o.Node]; it != nil && it.Attempt == o.Attempt {
		return true
	}
	return slices.ContainsFunc(m.byNode[o.Node], func(p place) bool {
		s := p.ws.rec.Slots[p.slot]
		return s.Attempt == o.Attempt && !s.Doomed
	})
}

// enqueue puts an order where its turn is: modules take their time to initialise, but the first comes first.
func (m *Manager) enqueue(it *item) {
	l := m.lane(it.Provider)
	i, _ := slices.BinarySearchFunc(l.queue, it.seq, func(other *item, seq int) int { return other.seq - seq })
	l.queue = slices.Insert(l.queue, i, it)
}

// goAgain queues an order whose run was not begun, or failed without a fault of its own. One whose workspace could not be
// copied waits first, so that a copy that can never be written is no loop. (Without a session, or while the backend is down,
// nothing is begun anyway: then it is to go as soon as that is over.) Callers hold mu.
func (m *Manager) goAgain(it *item, err error) {
	if err == nil || errors.Is(err, errAway) || errors.Is(err, errBackend) {
		m.enqueue(it)
		return
	}
	it.due = time.Now().Add(min(firstRetry<<min(it.unkept, 10), lastRetry))
	it.unkept++
	m.later = append(m.later, it)
}

// resume queues the orders whose wait is over. Callers hold mu.
func (m *Manager) resume() {
	now := time.Now()
	m.later = slices.DeleteFunc(m.later, func(it *item) bool {
		over := !now.Before(it.due)
		if over && it.alive() {
			m.enqueue(it)
		}
		return over || it.dead
	})
}

// Cancel removes an order that still waits for a free run. It reports false when the node's apply has begun (or
// ended): then the node must be destroyed.
func (m *Manager) Cancel(node string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	it := m.waiting[node]
	if it == nil || len(m.byNode[node]) > 0 {
		return false
	}
	it.dead = true
	delete(m.waiting, node)
	delete(m.last, node)
	return true
}

// Tick dispatches what waits for time to pass: destroys and copies to be tried again, orders whose workspace could not be
// copied, and creates while the disk was full.
func (m *Manager) Tick() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.retryCopies()
	m.retryFetches()
	m.resume()
	m.collectDue(time.Now())
	m.dispatch()
}

// Full reports whether orders for new nodes wait for room on the disk. It asks the file system.
func (m *Manager) Full() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.diskFull()
}

// diskFull reports whether there is too little room to remember another node, with a warning once a minute.
func (m *Manager) diskFull() bool {
	free, full := m.room()
	if !full {
		return false
	}
	if time.Since(m.lowDisk) > time.Minute {
		m.lowDisk = time.Now()
		m.opts.Log.Error("no new nodes: the state directory is nearly full", "dir", m.opts.Dir, "free_mib", free>>20, "need_mib", m.minFree>>20)
	}
	return true
}

// room is what the disk has left, in bytes. It asks the file system; one that does not answer is not full: the run itself
// will say what is wrong.
func (m *Manager) room() (free uint64, full bool) {
	var fs unix.Statfs_t
	if err := unix.Statfs(m.opts.Dir, &fs); err != nil {
		return 0, false
	}
	free = fs.Bavail * uint64(fs.Bsize)
	return free, free < m.minFree
}
