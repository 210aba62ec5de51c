package workspace

import (
	"encoding/hex"
	"fmt"
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
	var kept []*item
	files := map[string][]byte{}
	for _, it := range batch {
		delete(m.waiting, it.Node)
		name := SlotName(it.Node, it.Attempt)
		block, err := render(it, name)
		if err != nil {
			out := it.outcome(Failed)
			out.Err = err
			m.tell(out)
			continue
		}
		files[name+".tf"] = block
		ws.rec.Slots[name] = it.slot()
		kept = append(kept, it)
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
	return m.goes(func() {
		run, err := m.startCreateRun(ws, kept, files, record)
		m.createRun(ws, run, err, kept)
	})
}

// createRun follows a create run to its end and settles it. Callers own ws.
func (m *Manager) createRun(ws *workspace, run *execute.Run, err error, batch []*item) {
	var rep execute.Report
	seen := newRunLog()
	if err == nil {
		rep, seen, err = m.follow(ws, run)
	}
	if m.ctx.Err() != nil {
		return // the daemon stops; the worker goes on and the next daemon follows it
	}
	m.logEnd(ws, execute.Create, rep, err)
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

// render evaluates an order's inputs and makes its block.
func render(it *item, name string) ([]byte, error) {
	inputs, err := it.Spec.EvalInputs(it.Vars)
	if err != nil {
		return nil, &execute.Error{Class: execute.Config, Op: "evaluate inputs of label " + it.Label, Err: err}
	}
	block, err := templates.RenderSlot(templates.Slot{Name: name, Source: it.base.Source, Version: it.Spec.Module.Version, Inputs: inputs})
	if err != nil {
		return nil, &execute.Error{Class: execute.Config, Op: "render block of label " + it.Label, Err: err}
	}
	return block, nil
}

var unsafe = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

func (m *Manager) newWorkspace(provider, base string) *workspace {
	u := uuid.New()
	name := unsafe.ReplaceAllString(provider, "_")
	if len(name) > 60 {
		name = name[:60]
	}
	id := name + "-" + hex.EncodeToString(u[:6])
	return &workspace{
		rec: &Record{ID: id, Provider: provider, Base: base, Created: time.Now().UTC(), Slots: map[string]*Slot{}},
		dir: filepath.Join(m.folder(), id),
	}
}

// startCreateRun writes the workspace, its record first, and starts the worker. An error means that none runs.
func (m *Manager) startCreateRun(ws *workspace, batch []*item, files map[string][]byte, record []byte) (*execute.Run, error) {
	if err := os.Mkdir(ws.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make workspace folder: %w", err)
	}
	if err := saveRecord(ws.dir, record); err != nil {
		return nil, fmt.Errorf("record workspace: %w", err)
	}
	var slots []string
	timeout := time.Duration(0)
	for _, it := range batch {
		slots = append(slots, SlotName(it.Node, it.Attempt))
		timeout = max(timeout, it.Timeout)
	}
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	if err := batch[0].base.Populate(ws.dir, slots); err != nil {
		return nil, fmt.Errorf("prepare workspace: %w", err)
	}
	for name, data := range files {
		if err := execute.WriteFile(filepath.Join(ws.dir, name), data); err != nil {
			return nil, fmt.Errorf("write block: %w", err)
		}
	}
	return m.start(ws, execute.Job{Kind: execute.Create, Slots: slots, Timeout: timeout})
}

// defaultTimeout is that of launch-timeout (config-reference.md).
const defaultTimeout = time.Hour
