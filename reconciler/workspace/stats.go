package workspace

import "github.com/nodepool-tf/nodepool-tf/reconciler/execute"

// Stats is a snapshot of what the manager does now.
type Stats struct {
	Workspaces, Nodes int
	// Waiting counts all orders that no run has yet, CreatesWaiting those of them whose module is initialised.
	// DestroysWaiting counts workspaces, those that failed and wait for another try included.
	Waiting, CreatesWaiting, DestroysWaiting, RefreshesWaiting, ListsWaiting int
	// Runs under way; Background are refreshes and lists.
	Creating, Destroying, Background int
	// Behind counts workspaces whose copy is older than they are. Kept: copies are kept now, under this launcher's lease.
	Behind int
	Kept   bool
	// Absent are the workspaces that are ours and could not be restored here, and why, by id.
	Absent map[string]string
	// Memory is what the runs under way are believed to take, MemoryLimit its bound, 0 for none. In bytes.
	Memory, MemoryLimit int64
	Providers           map[string]ProviderStats // by name
	// DiskFull: nothing new is begun because Dir has DiskFree bytes left and DiskNeed are wanted.
	DiskFull           bool
	Dir                string
	DiskFree, DiskNeed uint64
}

// ProviderStats is what Stats says of a provider.
type ProviderStats struct {
	CreatesWaiting, DestroysWaiting  int
	Creating, Destroying, Background int
	// Memory is what its runs under way are believed to take. The peaks are what one run of a kind took lately, at
	// most; 0 is not known yet. In bytes.
	Memory, CreatePeak, DestroyPeak, BackgroundPeak int64
}

// Stats counts.
func (m *Manager) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := Stats{
		Workspaces: len(m.workspaces), Nodes: len(m.byNode), Waiting: len(m.waiting), MemoryLimit: m.opts.MaxMemory, Providers: map[string]ProviderStats{}, Absent: map[string]string{},
		Behind: len(m.behind), Kept: m.keeper != nil,
		Creating: m.runs.creating, Destroying: m.runs.destroying, Background: m.runs.background,
		Dir: m.opts.Dir, DiskNeed: m.minFree,
	}
	s.DiskFree, s.DiskFull = m.room()
	for id, a := range m.refetch {
		s.Absent[id] = a.why.Error()
	}
	for name, l := range m.lanes {
		n := l.need()
		p := ProviderStats{
			DestroysWaiting: len(l.destroys), Creating: l.runs.creating, Destroying: l.runs.destroying, Background: l.runs.background,
			Memory: n.applies + n.background, CreatePeak: l.peaks.create, DestroyPeak: l.peaks.destroy, BackgroundPeak: l.peaks.background,
		}
		for _, it := range l.queue {
			if it.alive() {
				p.CreatesWaiting++
			}
		}
		s.Providers[name] = p
		s.Memory += p.Memory
		s.CreatesWaiting += p.CreatesWaiting
		s.DestroysWaiting += p.DestroysWaiting
		for _, c := range l.chores {
			if c.kind == execute.List {
				s.ListsWaiting++
			} else {
				s.RefreshesWaiting++
			}
		}
	}
	return s
}
