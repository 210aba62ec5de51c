package workspace

import (
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/google/uuid"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

// create starts a create run for a batch; false when no order of it can be rendered. Callers hold mu.
func (m *Manager) create(batch []*item) bool {
	ws := m.newWorkspace(batch[0].Provider, batch[0].base.Name)
	for _, it := range batch {
		delete(m.waiting, it.Node)
	}
	files, kept, failed := compose(ws.rec, batch)
	for _, out := range failed {
		m.tell(out)
	}
	if len(kept) == 0 {
		return false
	}
	ws.busy = true
	m.workspaces[ws.rec.ID] = ws
	for _, it := range kept {
		name := SlotName(it.Node, it.Attempt)
		m.byNode[it.Node] = append(m.byNode[it.Node], place{ws, name})
		m.tell(ws.rec.Slots[name].outcome(ws, Applying))
	}
	record := ws.rec.encode()
	m.count(ws.rec.Provider, execute.Create, 1)
	grown := m.born()
	return m.goes(func() {
		defer grown()
		run, err := m.startCreateRun(ws, kept, files, record)
		m.createRun(ws, run, err, kept, grown)
	})
}

// createRun follows a create run to its end and settles it; grown may be nil. Callers own ws.
func (m *Manager) createRun(ws *workspace, run *execute.Run, err error, batch []*item, grown func()) {
	var rep execute.Report
	seen := newRunLog()
	if err == nil {
		rep, seen, err = m.follow(ws, run, grown)
	}
	if m.ctx.Err() != nil {
		return // the daemon stops; the worker goes on and the next daemon follows it
	}
	m.judge(run, rep)
	m.logEnd(ws, execute.Create, rep, err)
	if rep.Killed && !m.consult(ws) {
		return
	}
	m.createEnded(ws, ending{rep: rep, err: err, seen: seen}, batch)
	m.settle(ws)
}

// slot is what is recorded of an order.
func (it *item) slot() *Slot {
	outputs := map[string]string{}
	for field, e := range it.Spec.Outputs {
		outputs[field] = e.String()
	}
	return &Slot{Node: it.Node, Attempt: it.Attempt, Request: it.Request, Pool: it.Pool, Label: it.Label, Vars: it.Vars, Outputs: outputs, InternalIP: it.InternalIP}
}

var unsafe = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// idOf is a workspace's id: the provider's name, as far as a path takes it, and what tells it from others.
func idOf(provider, mark string) string {
	name := unsafe.ReplaceAllString(provider, "_")
	if len(name) > 60 {
		name = name[:60]
	}
	return name + "-" + mark
}

func (m *Manager) newWorkspace(provider, base string) *workspace {
	u := uuid.New()
	id := idOf(provider, hex.EncodeToString(u[:6]))
	return &workspace{
		rec: &Record{ID: id, Provider: provider, Base: base, Created: time.Now().UTC(), Slots: map[string]*Slot{}},
		dir: filepath.Join(m.folder(), id),
	}
}

// startCreateRun writes the workspace and its copy, and starts the worker. An error means that none
// runs.
func (m *Manager) startCreateRun(ws *workspace, batch []*item, files map[string][]byte, record []byte) (*execute.Run, error) {
	job := createJob(batch)
	if err := os.Mkdir(ws.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make workspace folder: %w", err)
	}
	if err := m.openPlace(ws); err != nil {
		return nil, err
	}
	copied := m.keepNew(ws, job, batch[0].base, files, record)
	err := writeWorkspace(ws.dir, batch[0].base, job.Slots, files, record)
	if keptErr := <-copied; err == nil {
		err = keptErr
	}
	if err != nil {
		return nil, err
	}
	return m.start(ws, job)
}

// createJob is the run of a batch.
func createJob(batch []*item) execute.Job {
	job := execute.Job{Kind: execute.Create}
	for _, it := range batch {
		job.Slots = append(job.Slots, SlotName(it.Node, it.Attempt))
		job.Timeout = max(job.Timeout, it.Timeout)
	}
	if job.Timeout <= 0 {
		job.Timeout = defaultTimeout
	}
	return job
}

// writeWorkspace writes a new workspace's files, its record last: that is synced to disk, and with it the names of the rest.
func writeWorkspace(dir string, base *execute.Base, slots []string, files map[string][]byte, record []byte) error {
	if err := base.Populate(dir, slots); err != nil {
		return fmt.Errorf("prepare workspace: %w", err)
	}
	for name, data := range files {
		if err := execute.WriteFile(filepath.Join(dir, name), data); err != nil {
			return fmt.Errorf("write block: %w", err)
		}
	}
	if err := saveRecord(dir, record); err != nil {
		return fmt.Errorf("record workspace: %w", err)
	}
	return nil
}

// keepNew copies a new workspace while its folder is written: nothing may be made before both have been done.
func (m *Manager) keepNew(ws *workspace, job execute.Job, base *execute.Base, files map[string][]byte, record []byte) <-chan error {
	done := make(chan error, 1)
	if !m.opts.Keep {
		done <- nil
		return done
	}
	d := m.newDocument(ws, record, mayRun(job))
	maps.Copy(d.Files, files)
	names, err := configured(base.Root(templates.ProvidersFile))
	if err != nil {
		done <- m.notKept(ws, err)
		return done
	}
	d.Files[providersName] = names
	if err := m.addState(ws, &d, nil, execute.StateView{}); err != nil {
		done <- m.notKept(ws, err)
		return done
	}
	if !m.goes(func() { done <- m.put(ws, d, execute.StateView{}, true) }) {
		done <- errAway
	}
	return done
}

// defaultTimeout is that of launch-timeout (config-reference.md).
const defaultTimeout = time.Hour
