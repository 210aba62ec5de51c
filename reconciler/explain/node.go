package explain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/metastatic"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// nodeLines says in words what a node is there for and what happens to it next. request tells whether the request that it is
// allocated to is there, keeper who destroys it.
func nodeLines(n *record.Node, locked, request bool, keeper string, c *config.Config, now time.Time) []string {
	switch n.State {
	case record.NodeInit, record.NodeBuilding, record.NodeTesting:
		if locked {
			return []string{"its launcher is making it, for request " + n.AllocatedTo}
		}
		return []string{"nobody holds its lock: its launcher died or has just been started; it is taken up again, or deleted", keeper}
	case record.NodeReady:
		return readyLines(n, locked, request, c, now)
	case record.NodeInUse:
		if m, ok := metastatic.MarkOf(n); ok && locked {
			return []string{fmt.Sprintf("it is a backing node: %s shares it out as %d slots with label %s, and holds its lock until none was in use for grace-time", m.Owner, m.Slots, m.Label)}
		}
		if locked {
			return []string{"a job has it, for request " + n.AllocatedTo + ": Zuul's executor holds its lock"}
		}
		return []string{"the job that had it is gone: nobody holds its lock, and it is deleted", keeper}
	case record.NodeHold:
		return holdLines(n, c, now)
	case record.NodeFailed:
		return []string{"its launch failed, all attempts used up; it is deleted when its request lets go of it", keeper}
	case record.NodeAborted:
		return []string{"its cloud refused it for quota; it is deleted, and its request gets another node when there is quota again", keeper}
	case record.NodeUsed:
		return []string{"its job has given it back; it is deleted", keeper}
	case record.NodeDeleting:
		return []string{"it is being deleted", keeper}
	}
	return []string{"its record is about to vanish"}
}

func readyLines(n *record.Node, locked, request bool, c *config.Config, now time.Time) []string {
	switch {
	case n.AllocatedTo != "" && request:
		return []string{"it is handed to request " + n.AllocatedTo + ": Zuul takes it when its job starts"}
	case n.AllocatedTo != "" && locked:
		return []string{"its request " + n.AllocatedTo + " is gone and somebody holds its lock: an executor that is about to use it, or a launcher that frees it"}
	case n.AllocatedTo != "":
		return []string{"its request " + n.AllocatedTo + " is gone: it becomes a spare"}
	}
	line := "it is a spare: the next request for " + strings.Join(n.Type, " or ") + " that may reuse nodes gets it"
	var limit time.Duration
	for _, l := range n.Type {
		if label := c.Labels[l]; label != nil && label.MaxReadyAge > 0 && (limit == 0 || label.MaxReadyAge < limit) {
			limit = label.MaxReadyAge
		}
	}
	if limit == 0 {
		return []string{line}
	}
	return []string{line, "max-ready-age deletes it in " + left(n, limit, now)}
}

func holdLines(n *record.Node, c *config.Config, now time.Time) []string {
	out := []string{"it is held: nothing uses or deletes it"}
	if n.HoldJob != "" {
		out = append(out, "an autohold of Zuul's made it so: "+n.HoldJob)
	}
	if n.Comment != "" {
		out = append(out, "comment: "+n.Comment)
	}
	limit := c.MaxHoldAge
	if e := n.HoldExpiration; e != nil && *e > 0 && (limit <= 0 || time.Duration(*e)*time.Second < limit) {
		limit = time.Duration(*e) * time.Second
	}
	if limit <= 0 {
		return append(out, "there is no limit: it stays until somebody deletes it")
	}
	return append(out, "it is deleted in "+left(n, limit, now))
}

// left of a limit on the age of a node's state.
func left(n *record.Node, limit time.Duration, now time.Time) string {
	age := time.Duration(max(0, record.Now(now)-n.StateTime) * float64(time.Second))
	return max(0, limit-age).Round(time.Second).String()
}

// nodeNext are the commands that make sense for a node.
func nodeNext(n *record.Node) []string {
	out := []string{"nodepool-tf list --detail"}
	switch n.State {
	case record.NodeReady, record.NodeInUse:
		out = append(out, "nodepool-tf hold --wait "+n.ID, "nodepool-tf delete "+n.ID)
	case record.NodeHold:
		out = append(out, "nodepool-tf delete "+n.ID)
	}
	if n.AllocatedTo != "" {
		out = slices.Insert(out, 0, "nodepool-tf explain "+n.AllocatedTo)
	}
	return out
}

// labelled is a node in a few words.
func labelled(n *record.Node, locked bool) string {
	lock := ""
	if locked {
		lock = ", locked"
	}
	return fmt.Sprintf("node %s: %s%s, label %s, %s/%s", n.ID, n.State, lock, strings.Join(n.Type, ","), n.Provider, n.Pool)
}
