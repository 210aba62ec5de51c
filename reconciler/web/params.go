package web

import (
	"net/url"
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
)

// params are what a list is asked with.
type params struct {
	// fields are the columns to show, nil for all. Names that no column has hide all others and show nothing.
	fields map[string]bool
	// fieldsJSON applies fields to JSON as well, which else has all keys always.
	fieldsJSON bool
	// node is that of node_id, one is set when it was given.
	node string
	one  bool
}

// parseParams reads a query. What is unreadable in it counts as not given.
func parseParams(rawQuery string) params {
	q, _ := url.ParseQuery(rawQuery) // the readable part
	var p params
	if list := q.Get("fields"); list != "" {
		p.fields = map[string]bool{}
		for name := range strings.SplitSeq(list, ",") {
			if name = strings.TrimSpace(name); known[name] {
				p.fields[name] = true
			}
		}
	}
	p.fieldsJSON = p.fields != nil && q.Get("fields_json") == "1"
	p.node, p.one = q.Get("node_id"), q.Has("node_id")
	return p
}

// known are all columns that any list has, so that what clients make up is never kept.
var known = func() map[string]bool {
	all := map[string]bool{"label": true}
	for _, t := range []status.Table{
		status.NodeTable(nil, nil, true, zeroTime), status.RequestTable(nil), status.UploadTable(nil, zeroTime),
		status.BuildTable(nil, nil, zeroTime), status.ImageStateTable(nil, zeroTime),
	} {
		for _, c := range t.Columns {
			all[c.Key] = true
		}
	}
	for _, c := range timeColumns {
		all[c.Key] = true
	}
	return all
}()

// key tells answers apart: two queries with the same key have the same one.
func (p params) key() string {
	names := make([]string, 0, len(p.fields))
	for name := range p.fields {
		names = append(names, name)
	}
	slices.Sort(names)
	k := strings.Join(names, ",")
	if p.fields != nil {
		k += "!"
	}
	if p.fieldsJSON {
		k += "j"
	}
	if p.one {
		k += "=" + p.node
	}
	return k
}

// shown is a table as a format shows it: columns without a title are for JSON alone.
func (p params) shown(t status.Table, f format) status.Table {
	keep := func(c status.Column) bool {
		if f == asJSON {
			return !p.fieldsJSON || p.fields[c.Key]
		}
		return c.Title != "" && (p.fields == nil || p.fields[c.Key])
	}
	var at []int
	out := status.Table{Rows: make([][]any, len(t.Rows))}
	for i, c := range t.Columns {
		if keep(c) {
			at = append(at, i)
			out.Columns = append(out.Columns, c)
		}
	}
	for i, row := range t.Rows {
		cells := make([]any, len(at))
		for j, k := range at {
			cells[j] = row[k]
		}
		out.Rows[i] = cells
	}
	return out
}
