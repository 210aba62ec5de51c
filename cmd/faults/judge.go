package main

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// judge waits until everything has come to rest, then looks at it from all sides: with spare nodes left, with none, and
// with the launchers gone.
func (w *world) judge(ctx context.Context) error {
	began := time.Now()
	why := w.rest(ctx, w.agree)
	w.verdict.Settled = time.Since(began).Seconds()
	for _, d := range why {
		w.verdict.add(d.kind, "%s", d.detail)
	}
	w.show.say("spare nodes are given back")
	if err := w.giveBack(ctx); err != nil {
		return err
	}
	for _, d := range w.rest(ctx, w.empty) {
		w.verdict.add(d.kind, "%s", d.detail)
	}
	books, err := w.cloud.Books(ctx, project)
	if err != nil {
		return err
	}
	w.verdict.Books = map[string]any{"created": books.Created, "deleted": books.Deleted, "vanished": books.Vanished, "left": books.Alive}
	for _, l := range w.launchers {
		l.down(l.stop)
	}
	if w.python != nil {
		if err := w.python.stop(ctx); err != nil {
			w.show.say("nodepool's launcher: %v", err)
		}
	}
	w.judgeProcesses()
	w.judgeDisk()
	w.judgeLocks(ctx)
	w.judgeLogs()
	return ctx.Err()
}

// difference is why the world is not at rest.
type difference struct{ kind, detail string }

// quiet is how long a difference must have stayed the same to be believed: longer than it takes until the workspaces of a
// lost host are taken over, and until what it leaked is certain.
const quiet = 4 * time.Minute

// rest asks until there is no difference any more, and returns those that stay.
func (w *world) rest(ctx context.Context, look func(context.Context) ([]difference, error)) []difference {
	ctx, cancel := context.WithTimeout(ctx, w.settle)
	defer cancel()
	found := []difference{{"the world cannot be looked at", "no look succeeded"}}
	changed, told := time.Now(), time.Now()
	for {
		if now, err := look(ctx); err == nil {
			if !slices.Equal(now, found) {
				changed = time.Now()
			}
			if found = now; len(found) == 0 {
				return nil
			}
		}
		if time.Since(told) > 15*time.Second {
			told = time.Now()
			w.show.say("not at rest: %s: %s (%d in all)", found[0].kind, found[0].detail, len(found))
		}
		if sleep(ctx, 500*time.Millisecond) != nil || time.Since(changed) > quiet {
			return found
		}
	}
}

// agree compares ZooKeeper's nodes with what the cloud bills, by tag.
func (w *world) agree(ctx context.Context) (found []difference, err error) {
	bill, err := w.cloud.Instances(ctx, project, nil)
	if err != nil {
		return nil, err
	}
	nodes := w.looker.Nodes()
	of := map[string][]api.Instance{}
	for _, i := range bill {
		id := i.Tags["nodepool_node_id"]
		of[id] = append(of[id], i)
		if nodes[id] == nil {
			found = append(found, difference{"leaked in the cloud", fmt.Sprintf("instance %s, %s, made at %s, tags %v: no node record %s", i.ID, i.State, i.Created.Format(time.TimeOnly), i.Tags, id)})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(nodes)) {
		n := nodes[id]
		switch {
		case n.Provider == pythonProvider && n.State == record.NodeInit: // Nodepool leaves what it could not lock, for ever
		case n.State != record.NodeReady || n.AllocatedTo != "":
			found = append(found, difference{"node not at rest", fmt.Sprintf("node %s of %s is %s, allocated to %q, since %s", id, n.Provider, n.State, n.AllocatedTo, stamp(n.StateTime))})
		case n.Provider != simProvider:
		case len(of[id]) == 0:
			found = append(found, difference{"ready node without an instance", fmt.Sprintf("node %s, external id %s%s", id, n.ExternalID, w.vanished(ctx, id))})
		case len(of[id]) > 1:
			found = append(found, difference{"node with several instances", fmt.Sprintf("node %s: %v", id, of[id])})
		case string(n.ExternalID) != `"`+of[id][0].ID+`"`:
			found = append(found, difference{"node of another instance", fmt.Sprintf("node %s says %s, the cloud has %s", id, n.ExternalID, of[id][0].ID)})
		case of[id][0].State != api.Active:
			found = append(found, difference{"ready node with a broken instance", fmt.Sprintf("node %s, instance %s is %s", id, of[id][0].ID, of[id][0].State)})
		}
	}
	for _, id := range w.looker.Requests() {
		if r := w.looker.Request(id); r != nil {
			found = append(found, difference{"request not at rest", fmt.Sprintf("request %s of %s is %s", id, r.Requestor, r.State)})
		}
	}
	found = append(found, slots(nodes, w.machines, !w.bound)...)
	for _, l := range w.launchers {
		found = append(found, l.inForce(ctx)...)
	}
	return append(found, w.working()...), nil
}

// vanished says so when a node's instance went by itself.
func (w *world) vanished(ctx context.Context, id string) string {
	past, err := w.cloud.History(ctx, project, map[string]string{"nodepool_node_id": id})
	if err == nil && slices.ContainsFunc(past, func(i api.Instance) bool { return i.Vanished }) {
		return ": it vanished, and nobody noticed"
	}
	return ""
}

// working are runs that have not ended.
func (w *world) working() (found []difference) {
	for _, l := range w.launchers {
		if pids := l.Workers(); len(pids) > 0 {
			found = append(found, difference{"worker still at work", fmt.Sprintf("%s: pids %v", l, pids)})
		}
	}
	return found
}

// giveBack ends min-ready and marks the spare nodes used, as if Zuul had had them.
func (w *world) giveBack(ctx context.Context) error {
	for _, l := range w.launchers {
		l.down(l.stop)
		l.Config = w.configuration(setup{MaxServers: usual.MaxServers, Timeout: usual.Timeout})
		if err := l.WriteConfig(); err != nil {
			return err
		}
		if err := l.back(); err != nil { //nolint:contextcheck // it outlives ctx
			return err
		}
	}
	for id, n := range w.looker.Nodes() {
		if n.State == record.NodeReady && n.AllocatedTo == "" {
			used := n.Clone()
			used.SetState(record.NodeUsed, time.Now())
			if _, err := w.session.Set(ctx, "/nodepool/nodes/"+id, used.Encode(), -1); err != nil {
				return fmt.Errorf("give node %s back: %w", id, err)
			}
		}
	}
	return nil
}

// empty says what is left once every node was given back: the slots of machines, registered again.
func (w *world) empty(ctx context.Context) (found []difference, err error) {
	books, err := w.cloud.Books(ctx, project)
	if err != nil {
		return nil, err
	}
	nodes := w.looker.Nodes()
	for _, id := range slices.Sorted(maps.Keys(nodes)) {
		if n := nodes[id]; n.Provider != rackProvider || n.State != record.NodeReady {
			found = append(found, difference{"node left", fmt.Sprintf("node %s of %s is %s since %s", id, n.Provider, n.State, stamp(n.StateTime))})
		}
	}
	found = append(found, slots(nodes, w.machines, true)...)
	if !books.Balanced() {
		left, err := w.cloud.Instances(ctx, project, nil)
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, i := range left {
			ids = append(ids, i.ID+" of node "+i.Tags["nodepool_node_id"])
		}
		slices.Sort(ids)
		found = append(found, difference{"the cloud's books do not balance", fmt.Sprintf("created %d, deleted %d, vanished %d, left: %s", books.Created, books.Deleted, books.Vanished, strings.Join(ids, ", "))})
	}
	for _, l := range w.launchers {
		if n := l.Workspaces(); n > 0 {
			found = append(found, difference{"workspaces left", fmt.Sprintf("%s: %d", l, n)})
		}
		// A list that a stop cut short leaves its folder to the next list.
		if lists, _ := filepath.Glob(filepath.Join(l.StateDir, "lists", "*")); len(lists) > 0 {
			found = append(found, difference{"list under way", fmt.Sprintf("%s: %v", l, lists)})
		}
	}
	return append(found, w.working()...), nil
}

// stamp is a record's time.
func stamp(seconds float64) string {
	return time.UnixMicro(int64(seconds * 1e6)).Format(time.TimeOnly)
}
