package workspace

import (
	"fmt"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// Draft is a workspace as a manager would make it, but for its id, which a manager draws by lot.
type Draft struct {
	Record *Record
	Base   *execute.Base
	Job    execute.Job
	Files  map[string][]byte // blocks by file name
	// Failed are the orders that cannot be rendered, or whose module cannot be had. With no others there is no Record.
	Failed []Outcome
}

// Sketch puts orders into workspaces with what a manager does it with, as if all waited together for a free run; in
// earnest, those that find one go out at once. The blocks are the same. base gives the initialised sibling of a module.
func Sketch(orders []Order, product string, base func(*modules.Spec) (*execute.Base, error)) []Draft {
	var drafts []Draft
	lanes := map[string]*lane{}
	var turn []*lane
	known := map[string]*execute.Base{}
	errs := map[string]error{}
	for i, o := range orders {
		key := o.Spec.Key()
		if known[key] == nil && errs[key] == nil {
			known[key], errs[key] = base(o.Spec)
		}
		if err := errs[key]; err != nil {
			out := o.outcome(Failed)
			out.Err = err
			drafts = append(drafts, Draft{Failed: []Outcome{out}})
			continue
		}
		l := lanes[o.Provider]
		if l == nil {
			l = &lane{provider: o.Provider}
			lanes[o.Provider] = l
			turn = append(turn, l)
		}
		l.queue = append(l.queue, &item{Order: o, seq: i, base: known[key]})
	}
	for _, l := range turn {
		for n := 1; len(l.queue) > 0; n++ {
			var batch []*item
			batch, l.queue = l.fair.take(l.queue, batchSize(product))
			drafts = append(drafts, draft(batch, fmt.Sprintf("new%d", n)))
		}
	}
	return drafts
}

func draft(batch []*item, mark string) Draft {
	first := batch[0]
	rec := &Record{ID: idOf(first.Provider, mark), Provider: first.Provider, Base: first.base.Name, Slots: map[string]*Slot{}}
	d := Draft{Base: first.base}
	var kept []*item
	if d.Files, kept, d.Failed = compose(rec, batch); len(kept) > 0 {
		d.Record, d.Job = rec, createJob(kept)
	}
	return d
}

// batchSize bounds the nodes of one create run (see Options.Batch).
func batchSize(product string) int {
	if product == "opentofu" {
		return 1
	}
	return 25
}
