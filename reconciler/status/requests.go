package status

import (
	"math"
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

var requestColumns = []Column{
	{"Request ID", "id"}, {"Priority", "relative_priority"}, {"State", "state"}, {"Requestor", "requestor"},
	{"Node Types", "node_types"}, {"Nodes", "nodes"}, {"Declined By", "declined_by"}, {"Event ID", "event_id"},
}

// RequestTable is the request list, by id. Source: nodepool/status.py, operator-surface.md 1.8.
func RequestTable(requests []*record.Request) Table {
	t := Table{Columns: requestColumns}
	requests = slices.DeleteFunc(slices.Clone(requests), func(r *record.Request) bool { return r == nil })
	slices.SortStableFunc(requests, func(a, b *record.Request) int { return strings.Compare(a.ID, b.ID) })
	for _, r := range requests {
		t.Rows = append(t.Rows, []any{
			r.ID, number(r.RelativePriority), string(r.State), text(r.Requestor),
			list(r.NodeTypes), list(r.Nodes), list(r.DeclinedBy), text(r.EventID),
		})
	}
	return t
}

// number shows whole numbers as such; what JSON cannot carry is null.
func number(f float64) any {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return nil
	case f == math.Trunc(f) && math.Abs(f) < 1<<53:
		return int64(f)
	}
	return f
}
