package workspace

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// minFree is the free space below which no new node is launched: Terraform could not write what it made. Destroys go
// on, they free space.
const minFree = 64 << 20

// Launch queues an attempt. Its outcomes come through Notify; a failure to initialise its module is one of them.
func (m *Manager) Launch(o Order) {
	m.mu.Lock()
	defer m.mu.Unlock()
	it := &item{Order: o}
	m.waiting[o.Node] = it
	m.last[o.Node] = o.outcome(Queued)
	m.wg.Add(1)
	go func() {
		defer m.wg.Done()
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
	}()
}

func (m *Manager) enqueue(it *item) {
	if len(m.queues[it.Provider]) == 0 && !slices.Contains(m.turn, it.Provider) {
		m.turn = append(m.turn, it.Provider)
	}
	m.queues[it.Provider] = append(m.queues[it.Provider], it)
}

// dispatch starts as many runs as may run now. Group commit: with a run free an order goes out at once, alone; what
// waits for one goes out together. Creates come before destroys, but destroys always have a quarter of the runs (at
// least one) to themselves, so that a burst of requests cannot keep used nodes alive. Callers hold mu.
func (m *Manager) dispatch() {
	if m.draining {
		return
	}
	for m.creating+m.destroying < m.opts.MaxApplies {
		reserved := max(1, m.opts.MaxApplies/4)
		destroyFirst := m.destroying < reserved && m.creating >= m.opts.MaxApplies-reserved
		if destroyFirst && m.startDestroy() {
			continue
		}
		if m.startCreate() || m.startDestroy() {
			continue
		}
		return
	}
}

func (m *Manager) free(provider string) bool {
	limit := m.opts.ProviderLimit(provider)
	return limit <= 0 || m.running[provider] < limit
}

// startCreate takes the next batch: providers in turn, the head of the provider's queue and what fits with it.
func (m *Manager) startCreate() bool {
	if len(m.turn) == 0 || m.diskFull() {
		return false
	}
	for range m.turn {
		p := m.turn[0]
		m.turn = append(m.turn[1:], p)
		if !m.free(p) {
			continue
		}
		batch := m.takeBatch(p)
		if len(m.queues[p]) == 0 {
			delete(m.queues, p)
			m.turn = slices.DeleteFunc(m.turn, func(q string) bool { return q == p })
		}
		if len(batch) == 0 {
			return m.startCreate()
		}
		m.create(batch)
		return true
	}
	return false
}

// takeBatch removes from a provider's queue its head and the orders after it that may share its run: those of the same
// module, and so of the same fate when the module is broken.
func (m *Manager) takeBatch(provider string) []*item {
	var batch, rest []*item
	for _, it := range m.queues[provider] {
		switch {
		case it.dead:
		case len(batch) == 0:
			batch = append(batch, it)
		case len(batch) < m.opts.Batch && it.base.Name == batch[0].base.Name && !it.solo && !batch[0].solo:
			batch = append(batch, it)
		default:
			rest = append(rest, it)
		}
	}
	m.queues[provider] = rest
	return batch
}

// startDestroy runs the oldest waiting workspace that may run now.
func (m *Manager) startDestroy() bool {
	for i, ws := range m.destroys {
		if ws.busy || !m.free(ws.rec.Provider) || time.Now().Before(ws.notAgain) {
			continue
		}
		m.destroys = slices.Delete(m.destroys, i, i+1)
		ws.queued = false
		m.destroy(ws)
		return true
	}
	return false
}

// diskFull reports whether there is too little room to remember another node, with a warning once a minute.
func (m *Manager) diskFull() bool {
	var fs unix.Statfs_t
	if err := unix.Statfs(m.opts.Dir, &fs); err != nil {
		return false // the run itself will say what is wrong
	}
	free := fs.Bavail * uint64(fs.Bsize)
	if free >= minFree {
		return false
	}
	if time.Since(m.lowDisk) > time.Minute {
		m.lowDisk = time.Now()
		m.opts.Log.Error("no new nodes: the state directory is nearly full", "dir", m.opts.Dir, "free_mib", free>>20, "need_mib", minFree>>20)
	}
	return true
}
