package workspace

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// Bounds of the time Terraform gets to end an interrupted run. Killing it loses what is in flight, so it gets as long
// as it had, up to a bound that no provider that heeds the interrupt should need.
const (
	leastGrace = 5 * time.Second
	mostGrace  = 10 * time.Minute
)

// start starts a worker in a workspace. Callers own it.
func (m *Manager) start(ws *workspace, job execute.Job) (*execute.Run, error) {
	job.ID = uuid.NewString()
	job.Exec = m.opts.Engine.Path
	job.Parallelism = min(10*max(1, len(job.Slots)), 100)
	job.Grace = grace(job.Timeout)
	m.opts.Log.Info("apply started", "workspace", ws.rec.ID, "kind", job.Kind, "nodes", len(job.Slots))
	lease := m.plugins.Lease(m.ctx, ws.rec.Base, ws.dir)
	defer lease.Release()
	job.Plugins, job.Cold = lease.Plugins, lease.Cold
	return execute.Start(m.opts.Self, ws.dir, job, lease.Files()...)
}

// grace is how long an interrupted run may take to end.
func grace(timeout time.Duration) time.Duration { return min(max(timeout, leastGrace), mostGrace) }

func (m *Manager) logEnd(ws *workspace, kind execute.Kind, rep execute.Report, err error) {
	m.learn(ws.rec.Provider, kind, rep.MaxRSS)
	m.opts.Ran(ws.rec.Provider, kind, err != nil || rep.Error != "", rep.Wall)
	text := rep.Error
	if err != nil {
		text = err.Error()
	}
	log := m.opts.Log.With("workspace", ws.rec.ID, "kind", kind, "dur", rep.Wall.Round(time.Millisecond), "cpu", rep.CPU.Round(time.Millisecond), "rss_mib", rep.MaxRSS>>20, "plugins", rep.Plugins)
	if text != "" {
		text, _, _ = strings.Cut(text, "\n")
		log.Warn("apply failed", "err", text)
		return
	}
	log.Info("apply finished")
}

// judge tells the pool how its plugins have served a run.
func (m *Manager) judge(run *execute.Run, rep execute.Report) {
	if run == nil {
		return
	}
	m.plugins.FellBack(rep.FellBack)
	if rep.FellBack != "" || rep.TimedOut || len(rep.Died) > 0 {
		m.plugins.Doubt(run.Job.Plugins)
	}
}

// readState reads a workspace's state where no Terraform runs, and says so when it had to be restored. Callers own ws.
func (m *Manager) readState(ws *workspace) (execute.StateView, error) {
	view, err := execute.ReadState(ws.dir)
	if (err != nil || view.Lineage == "") && m.made(ws) {
		if err == nil {
			err = fmt.Errorf("%s is empty or missing", filepath.Join(ws.dir, execute.StateFile))
		}
		if lost := m.restoreCopy(ws); lost != nil {
			return view, fmt.Errorf("%w, and %w", err, lost)
		}
		view, err = execute.ReadState(ws.dir)
		view.Restored = fromCopy
	}
	m.logRestored(ws, view)
	return view, err
}

// made reports whether a workspace is known to have held resources.
func (m *Manager) made(ws *workspace) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range ws.rec.Slots {
		if s.Made {
			return true
		}
	}
	return false
}
