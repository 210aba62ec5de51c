package workspace

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// refreshTimeout bounds one refresh. Interrupting one loses nothing.
const refreshTimeout = 10 * time.Minute

// restShare is how much longer than a refresh took its provider then has rest from refreshes: they take at most a
// quarter of the time there, however large the fleet is. One that is too large for its interval is gone through more
// slowly.
const restShare = 3

// urgent is a due date that comes before all others.
var urgent = time.Unix(1, 0)

// pace is when the next refresh at a provider may begin.
type pace struct {
	pending bool // one waits or runs
	rested  time.Time
}

// Upkeep starts what background work is due. The launcher calls it about each second. Each workspace of the providers
// that are wanted is compared with the cloud about once per interval, at a moment of its own: never all after a restart.
// With interval 0 only those are that RefreshNode has asked for.
func (m *Manager) Upkeep(interval time.Duration, wanted func(provider string) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	next := map[string]*workspace{} // by provider: the one most overdue
	for _, ws := range m.workspaces {
		if ws.due.IsZero() && interval > 0 {
			ws.due = firstRefresh(now, ws.rec.Created, interval, rand.Float64()) //nolint:gosec // spread, no secret
		}
		if ws.due.IsZero() || ws.due.After(now) || interval <= 0 && ws.due != urgent || !m.refreshable(ws) {
			continue
		}
		if best := next[ws.rec.Provider]; best == nil || ws.due.Before(best.due) {
			next[ws.rec.Provider] = ws
		}
	}
	for provider, ws := range next {
		p := m.pace(provider)
		if p.pending || now.Before(p.rested) || !wanted(provider) {
			continue
		}
		p.pending = m.background(provider, execute.Refresh, "refresh "+ws.rec.ID, func() { m.refresh(ws, p, interval) })
	}
	m.dispatch()
}

// firstRefresh spreads first refreshes: of workspaces that were there before over the whole interval, of new ones, whose
// nodes have just been made, over its second half. r is random in [0,1). The machine's clock may have been set since, and
// be set again: a workspace from the future is an old one, and what is due is counted from now.
func firstRefresh(now, created time.Time, interval time.Duration, r float64) time.Time {
	if age := now.Sub(created); age >= 0 && age < interval/2 {
		return now.Add(interval/2 - age + time.Duration(r*float64(interval/2)))
	}
	return now.Add(time.Duration(r * float64(interval)))
}

func (m *Manager) pace(provider string) *pace {
	if m.upkeep.refreshes == nil {
		m.upkeep.refreshes = map[string]*pace{}
	}
	if m.upkeep.refreshes[provider] == nil {
		m.upkeep.refreshes[provider] = &pace{}
	}
	return m.upkeep.refreshes[provider]
}

// RefreshNode has a node's workspaces compared with the cloud as soon as may be: there is a sign that it vanished.
func (m *Manager) RefreshNode(node string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.byNode[node] {
		p.ws.due = urgent
	}
}

// refreshable reports whether nobody is at work on a workspace nor about to be: a node that is being launched is left to
// its launch, one that is to be destroyed to that. Callers hold mu.
func (m *Manager) refreshable(ws *workspace) bool {
	if ws.busy || ws.queued || ws.left != nil || len(ws.rec.Slots) == 0 {
		return false
	}
	for _, s := range ws.rec.Slots {
		if !s.Created || s.Doomed {
			return false
		}
	}
	return true
}

// refresh compares a workspace with the cloud: Terraform's `apply -refresh-only`, which cannot change anything there.
// What the cloud no longer has leaves the state, and settle finds that. A refresh that fails proves nothing: Terraform
// then writes no state.
func (m *Manager) refresh(ws *workspace, p *pace, interval time.Duration) {
	began := time.Now()
	defer func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		p.pending, p.rested = false, time.Now().Add(restShare*time.Since(began))
	}()
	m.mu.Lock()
	if m.workspaces[ws.rec.ID] != ws || !m.refreshable(ws) {
		m.mu.Unlock()
		return // its turn comes again
	}
	ws.busy = true
	ws.due = time.Time{}
	if interval > 0 {
		ws.due = began.Add(interval - interval/10 + time.Duration(rand.Float64()*float64(interval/5))) //nolint:gosec // spread, no secret
	}
	m.mu.Unlock()
	run, err := m.startRefresh(ws)
	m.refreshRun(ws, run, err)
}

// startRefresh notes what there is to vanish, where no launch has noted it, and starts the run. Callers own ws.
func (m *Manager) startRefresh(ws *workspace) (*execute.Run, error) {
	view, err := m.readState(ws)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	for name, s := range ws.rec.Slots {
		if s.AtCloud == 0 {
			s.AtCloud = view.AtCloud(name)
		}
	}
	m.mu.Unlock()
	if err := m.furnish(ws); err != nil {
		return nil, err
	}
	m.showAll(ws) // a destroy whose daemon died may have left some hidden
	if err := m.refreshProviders(ws); err != nil {
		m.opts.Log.Debug("a workspace is refreshed with the provider configuration of its launch", "workspace", ws.rec.ID, "err", err)
	}
	return execute.Start(m.opts.Self, ws.dir, m.upkeepJob(execute.Refresh, refreshTimeout))
}

// upkeepJob is a job that makes nothing: it names no slots.
func (m *Manager) upkeepJob(kind execute.Kind, timeout time.Duration) execute.Job {
	return execute.Job{ID: uuid.NewString(), Exec: m.opts.Engine.Path, Kind: kind, Timeout: timeout, Grace: 30 * time.Second, Parallelism: 10}
}

// refreshRun follows a refresh to its end and lets settle see what it found. Callers own ws.
func (m *Manager) refreshRun(ws *workspace, run *execute.Run, err error) {
	var rep execute.Report
	seen := newRunLog()
	if err == nil {
		rep, seen, err = m.follow(ws, run, nil)
	}
	if m.ctx.Err() != nil {
		return
	}
	m.learn(ws.rec.Provider, execute.Refresh, rep.MaxRSS)
	m.opts.Ran(ws.rec.Provider, execute.Refresh, err != nil || rep.Error != "", rep.Wall)
	log := m.opts.Log.With("workspace", ws.rec.ID, "dur", rep.Wall.Round(time.Millisecond), "cpu", rep.CPU.Round(time.Millisecond))
	if failure := (ending{rep: rep, err: err, seen: seen}); err != nil || rep.Error != "" {
		log.Warn("a workspace could not be compared with the cloud; that says nothing of its nodes", "err", failure.failure(ws, ""))
	} else {
		log.Debug("workspace compared with the cloud")
	}
	m.settle(ws)
}

// adoptRefresh follows a refresh that another daemon started. Callers hold mu.
func (m *Manager) adoptRefresh(ws *workspace, run *execute.Run) {
	ws.busy = m.goes(func() { m.refreshRun(ws, run, nil) })
}

// Holding gives the resources that the states of a node's workspaces hold of it, or of nobody in particular. Not ok: a run is at work on one of them, or a state
// cannot be read.
func (m *Manager) Holding(node string) (holds []execute.Holding, ok bool) {
	m.mu.Lock()
	slots := map[string][]string{} // by folder
	ok = m.waiting[node] == nil
	for _, p := range m.byNode[node] {
		slots[p.ws.dir] = append(slots[p.ws.dir], p.slot)
		ok = ok && !p.ws.busy
	}
	m.mu.Unlock()
	if !ok {
		return nil, false
	}
	for dir, names := range slots {
		some, err := execute.Holdings(dir)
		if err != nil {
			return nil, false
		}
		for _, h := range some {
			if h.Slot == "" || slices.Contains(names, h.Slot) {
				holds = append(holds, h)
			}
		}
	}
	return holds, true
}
