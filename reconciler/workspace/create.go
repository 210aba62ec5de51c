package workspace

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/google/uuid"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

// create starts a create run for a batch. Callers hold mu.
func (m *Manager) create(batch []*item) {
	provider := batch[0].Provider
	ws := m.newWorkspace(provider, batch[0].base.Name)
	var kept []*item
	files := map[string][]byte{}
	for _, it := range batch {
		name := SlotName(it.Node, it.Attempt)
		block, err := render(it, name)
		if err != nil {
			delete(m.waiting, it.Node)
			out := it.outcome(Failed)
			out.Err = err
			m.tell(out)
			continue
		}
		files[name+".tf"] = block
		outputs := map[string]string{}
		for field, e := range it.Spec.Outputs {
			outputs[field] = e.String()
		}
		ws.rec.Slots[name] = &Slot{Node: it.Node, Attempt: it.Attempt, Request: it.Request, Pool: it.Pool, Label: it.Label, Vars: it.Vars, Outputs: outputs, InternalIP: it.InternalIP}
		kept = append(kept, it)
	}
	if len(kept) == 0 {
		return
	}
	ws.busy = true
	m.workspaces[ws.rec.ID] = ws
	for _, it := range kept {
		name := SlotName(it.Node, it.Attempt)
		delete(m.waiting, it.Node)
		m.byNode[it.Node] = append(m.byNode[it.Node], place{ws, name})
		m.tell(ws.rec.Slots[name].outcome(ws, Applying))
	}
	m.creating++
	m.running[provider]++
	m.wg.Add(1)
	go func() {
		defer m.wg.Done()
		run, err := m.startCreateRun(ws, kept, files)
		var rep execute.Report
		handed := map[string]bool{}
		seen := &runLog{}
		if err == nil {
			rep, err = m.follow(ws, run, handed, seen)
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		m.creating--
		m.running[provider]--
		if m.ctx.Err() != nil {
			return // the daemon stops; the worker goes on and the next daemon follows it
		}
		m.createEnded(ws, rep, err, handed, seen, kept)
		m.dispatch()
	}()
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

var unsafe = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)

func (m *Manager) newWorkspace(provider, base string) *workspace {
	u := uuid.New()
	name := unsafe.ReplaceAllString(provider, "_")
	if len(name) > 60 {
		name = name[:60]
	}
	id := name + "-" + hex.EncodeToString(u[:6])
	return &workspace{
		rec: &Record{ID: id, Provider: provider, Base: base, Created: time.Now().UTC(), Slots: map[string]*Slot{}},
		dir: filepath.Join(m.opts.Dir, "workspaces", id),
	}
}

// startCreateRun writes the workspace, its record first, and starts the worker.
func (m *Manager) startCreateRun(ws *workspace, batch []*item, files map[string][]byte) (*execute.Run, error) {
	if err := os.Mkdir(ws.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make workspace folder: %w", err)
	}
	if err := ws.rec.save(ws.dir); err != nil {
		return nil, fmt.Errorf("record workspace: %w", err)
	}
	if err := batch[0].base.Populate(ws.dir, ws.rec.names()); err != nil {
		return nil, fmt.Errorf("prepare workspace: %w", err)
	}
	for name, data := range files {
		if err := execute.WriteFile(filepath.Join(ws.dir, name), data); err != nil {
			return nil, fmt.Errorf("write block: %w", err)
		}
	}
	var timeout time.Duration
	for _, it := range batch {
		timeout = max(timeout, it.Timeout)
	}
	return m.start(ws, execute.Job{Kind: execute.Create, Slots: ws.rec.names(), Timeout: timeout})
}

func (m *Manager) start(ws *workspace, job execute.Job) (*execute.Run, error) {
	job.ID = uuid.NewString()
	job.Exec = m.opts.Engine.Path
	job.Parallelism = min(10*len(job.Slots), 100)
	// Terraform gets as long to end an interrupted run as it had, within bounds: killing it loses what is in flight.
	job.Grace = min(max(job.Timeout, 5*time.Second), time.Minute)
	m.opts.Log.Info("apply started", "workspace", ws.rec.ID, "kind", job.Kind, "nodes", len(job.Slots))
	return execute.Start(m.opts.Self, ws.dir, job)
}

// createEnded settles every node of a create run that was not handed over while it ran. Callers hold mu.
func (m *Manager) createEnded(ws *workspace, rep execute.Report, err error, handed map[string]bool, seen *runLog, batch []*item) {
	ws.busy = false
	m.logEnd(ws, execute.Create, rep, err)
	view, stateErr := execute.ReadState(ws.dir)
	splits := m.splittable(ws, rep, err, stateErr, view, seen, batch)
	for _, name := range ws.rec.names() {
		s := ws.rec.Slots[name]
		s.Created = true
		if handed[name] {
			continue
		}
		if it := splits[name]; it != nil {
			m.dropSlot(ws, name)
			again := &item{Order: it.Order, base: it.base, solo: true}
			m.waiting[it.Node] = again
			m.last[it.Node] = it.outcome(Queued)
			m.enqueue(again)
			continue
		}
		m.tell(m.result(ws, name, s, failure(name, rep, err, stateErr, seen)))
	}
	m.settle(ws)
}

// splittable finds the nodes that a run took along without a fault of theirs: it failed before anything was created
// and its diagnostics name other nodes, or none. They go out again, each alone, and it does not count as an attempt.
func (m *Manager) splittable(ws *workspace, rep execute.Report, err, stateErr error, view execute.StateView, seen *runLog, batch []*item) map[string]*item {
	out := map[string]*item{}
	if err != nil || stateErr != nil || rep.Error == "" || rep.Interrupted || rep.Killed || seen.started || view.Total() > 0 || len(batch) < 2 {
		return out
	}
	for _, it := range batch {
		name := SlotName(it.Node, it.Attempt)
		s := ws.rec.Slots[name]
		if s == nil || s.Doomed || len(seen.errors[name]) > 0 {
			continue
		}
		out[name] = it
	}
	return out
}

// result is the outcome of a slot whose create run has ended: created when its result resource is complete, else
// failed for the given reason.
func (m *Manager) result(ws *workspace, name string, s *Slot, reason error) Outcome {
	view, err := execute.ReadState(ws.dir)
	if err == nil {
		if r, ok := view.Results[name]; ok {
			return m.evaluate(ws, s, r)
		}
	}
	out := s.outcome(ws, Failed)
	switch {
	case reason != nil:
		out.Err = reason
	case err != nil:
		out.Err = err
	default:
		out.Err = &execute.Error{Class: execute.Unknown, Op: "apply", Err: errors.New("the node's resources did not become complete"), Hint: "look into " + ws.dir}
	}
	return out
}

// failure says why a slot of an ended run failed: its own diagnostics, else those that name no slot, else the run's
// end.
func failure(slot string, rep execute.Report, err, stateErr error, seen *runLog) error {
	fail := func(c execute.Class, err error) error { return &execute.Error{Class: c, Op: "apply", Err: err} }
	switch {
	case err != nil:
		return fail(execute.Unknown, err)
	case rep.Interrupted:
		return fail(execute.Timeout, errors.New(rep.Error))
	case len(seen.errors[slot]) > 0:
		d := seen.errors[slot][0]
		return fail(d.Class(), errors.New(d.Text()))
	case len(seen.errors[""]) > 0:
		d := seen.errors[""][0]
		return fail(d.Class(), errors.New(d.Text()))
	case rep.Killed:
		return fail(execute.Killed, errors.New(rep.Error))
	case stateErr != nil:
		return fail(execute.Unknown, stateErr)
	case rep.Error != "":
		return fail(execute.Unknown, errors.New(rep.Error))
	}
	return fail(execute.Unknown, errors.New("Terraform ended without an error, but the node's result is missing from the state"))
}
