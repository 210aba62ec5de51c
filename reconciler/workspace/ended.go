package workspace

import (
	"errors"
	"maps"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

// ending is all that is known at the end of a run.
type ending struct {
	rep      execute.Report
	err      error // the run could not be started
	seen     *runLog
	view     execute.StateView
	stateErr error
}

// createEnded concludes every node of a create run that was not handed over while it ran. Callers own ws.
func (m *Manager) createEnded(ws *workspace, e ending, batch []*item) {
	e.view, e.stateErr = m.readState(ws)
	m.warnInFlight(ws, e)
	m.mu.Lock()
	names := ws.rec.names()
	slots := maps.Clone(ws.rec.Slots)
	m.mu.Unlock()
	innocent := e.innocent(slots, batch)
	outcomes := map[string]Outcome{}
	for _, name := range names {
		if !e.seen.handed[name] && !e.seen.late[name] && innocent[name] == nil {
			o := result(ws, name, slots[name], e.view, e.stateErr, e.failure(ws, name))
			if o.Kind == Failed {
				o.Block = shownBlock(ws.dir, name)
			}
			outcomes[name] = o
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range names {
		s := slots[name]
		s.Created = true
		s.Made = s.Made || e.seen.handed[name] || !e.view.Empty(name)
		s.AtCloud = e.view.AtCloud(name)
		it := innocent[name]
		o, ended := outcomes[name]
		switch {
		case it != nil && !s.Doomed:
			s.Doomed = true // it left nothing: settle drops it
			again := &item{Order: it.Order, seq: it.seq, base: it.base, solo: e.err == nil, unkept: it.unkept}
			m.waiting[it.Node] = again
			m.last[it.Node] = it.outcome(Queued)
			m.goAgain(again, e.err)
		case ended && o.Kind == Created && m.opts.Keep && !s.Doomed:
			// Told once it is copied (see answer): what Zuul uses must not be forgotten with this host.
			m.last[s.Node] = o
			ws.unkept, ws.asked = true, true
		case ended:
			m.conclude(s, o)
		}
	}
	m.count(ws.rec.Provider, execute.Create, -1)
}

// innocent finds the nodes that a run took along without a fault of theirs: it failed before anything was created and
// its diagnostics name other nodes, or none. They go out again, each alone, and it does not count as an attempt.
func (e ending) innocent(slots map[string]*Slot, batch []*item) map[string]*item {
	out := map[string]*item{}
	if errors.Is(e.err, errNotKept) { // nothing was begun
		for _, it := range batch {
			out[SlotName(it.Node, it.Attempt)] = it
		}
		return out
	}
	if e.err != nil || e.stateErr != nil || e.rep.Error == "" || !e.rep.Interrupted.IsZero() || e.rep.Killed || e.seen.started || e.view.Total() > 0 || len(batch) < 2 {
		return out
	}
	for _, it := range batch {
		name := SlotName(it.Node, it.Attempt)
		if slots[name] != nil && len(e.seen.errors[name]) == 0 {
			out[name] = it
		}
	}
	return out
}

// failure says why a slot of an ended run failed: its own diagnostics, else those that name no slot, else the run's
// end.
func (e ending) failure(ws *workspace, slot string) error {
	fail := func(c execute.Class, err error, hint string) error {
		return &execute.Error{Class: c, Op: "apply workspace " + ws.rec.ID, Err: err, Hint: hint}
	}
	diagnosed := func(d execute.Diagnostic) error {
		return fail(d.Class(), errors.New(d.Text()), templates.Hint(d.Summary, d.Detail))
	}
	own := e.seen.errors[slot]
	// What an interrupted run says of a node that was still being made is the interrupt's doing.
	if at := e.seen.errored[slot]; !e.rep.Interrupted.IsZero() && (at.IsZero() || at.After(e.rep.Interrupted)) {
		own = nil
	}
	switch {
	case e.err != nil:
		return fail(execute.Unknown, e.err, "")
	case len(own) > 0:
		return diagnosed(own[0])
	case e.rep.TimedOut:
		return fail(execute.Timeout, errors.New(e.rep.Error), timeoutHint)
	case !e.rep.Interrupted.IsZero():
		return fail(execute.Killed, errors.New(e.rep.Error), "")
	case len(e.seen.errors[""]) > 0:
		return diagnosed(e.seen.errors[""][0])
	case e.rep.Killed:
		return fail(execute.Killed, errors.New(e.rep.Error), "was the machine out of memory? see its kernel log")
	case e.stateErr != nil:
		return fail(execute.Unknown, e.stateErr, "")
	case e.rep.Error != "":
		return fail(execute.Unknown, errors.New(e.rep.Error), "")
	}
	return fail(execute.Unknown, errors.New("the run ended without an error, but the node's result is missing from the state"), "look into "+ws.dir)
}

// warnInFlight says what a killed or interrupted run may have made without its state knowing: nobody else can
// (field-notes.md A4). A provider that is interrupted, or dies, may drop a create that the cloud has accepted. A run that
// was let be leaves nothing in flight.
func (m *Manager) warnInFlight(ws *workspace, e ending) {
	unsure := maps.Clone(e.seen.inFlight)
	for addr, at := range e.seen.failed {
		if len(e.rep.Died) > 0 || !e.rep.Interrupted.IsZero() && !e.rep.LetGoOn && at.After(e.rep.Interrupted) {
			unsure[addr] = true
		}
	}
	if len(unsure) > 0 {
		m.suspect(ws.rec.Provider)
		m.opts.Log.Error("Terraform or a provider was stopped while it worked on resources: they may exist without being in its state; they are looked for where the driver or the module lists, else look for them at the provider",
			"workspace", ws.rec.ID, "provider", ws.rec.Provider, "resources", slices.Sorted(maps.Keys(unsure)))
	}
}
