package dashboard

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// nodeRows is how many nodes a page lists.
const nodeRows = 50

// maxChoices bounds what a filter offers to choose from.
const maxChoices = 200

// Nodes are the nodes of a page and what they were chosen by.
type Nodes struct {
	Known     bool
	Total     string // that match
	Filtered  bool
	Clear     string // address of all nodes
	Query     Query
	States    []Choice
	Providers []Choice
	Labels    []string
	Columns   []Column
	Rows      []Node
	Pager     Pager
	Admin     bool
}

// Choice is one value of a filter.
type Choice struct {
	Value    string
	Selected bool
}

// Column is the head of a column.
type Column struct {
	Title string
	Link  string // sorts by it, "" when nothing does
	Order string // aria-sort: "ascending", "descending" or ""
}

// Node is a row.
type Node struct {
	ID, Where, Label, State string
	Age                     *Moment // in this state
	Host                    string
	Use                     string // whose it is: request, hold, comment
	Locked                  bool
}

func newNodes(s *status.Snapshot, q Query, c clock, admin bool) Nodes {
	v := Nodes{Known: s.Session.Known(), Filtered: q.filtered(), Clear: q.unfiltered().URL() + "#nodes", Query: q, Columns: heads(q), Admin: admin}
	v.choices(s, q)
	chosen := choose(s.Nodes, q)
	v.Total = count(len(chosen))
	rows, pager := cut(chosen, q.Page, nodeRows, q.onPage, "#nodes")
	v.Pager = pager
	for _, n := range rows {
		v.Rows = append(v.Rows, newNode(n, c))
	}
	return v
}

// choose filters and sorts. Snapshots have their nodes by id, which breaks ties.
func choose(nodes []status.Node, q Query) []*status.Node {
	var list []*status.Node
	for i := range nodes {
		if matches(&nodes[i], q) {
			list = append(list, &nodes[i])
		}
	}
	if by := order[q.Sort]; by != nil {
		slices.SortStableFunc(list, by)
	}
	if q.Descending {
		slices.Reverse(list)
	}
	return list
}

var order = map[string]func(a, b *status.Node) int{
	"provider": func(a, b *status.Node) int {
		return cmp.Or(strings.Compare(a.Provider, b.Provider), strings.Compare(a.Pool, b.Pool))
	},
	"label": func(a, b *status.Node) int { return slices.Compare(a.Type, b.Type) },
	"state": func(a, b *status.Node) int { return rank[a.State] - rank[b.State] },
	"age":   func(a, b *status.Node) int { return cmp.Compare(a.StateTime, b.StateTime) },
}

var rank = func() map[record.NodeState]int {
	m := map[record.NodeState]int{}
	for i, s := range states {
		m[s] = i
	}
	return m
}()

func matches(n *status.Node, q Query) bool {
	return (q.State == "" || string(n.State) == q.State) &&
		(q.Provider == "" || n.Provider == q.Provider) &&
		(q.Label == "" || slices.Contains(n.Type, q.Label)) &&
		(q.Text == "" || strings.Contains(n.ID, q.Text) || strings.Contains(n.Hostname, q.Text) || strings.Contains(n.InterfaceIP, q.Text) || n.AllocatedTo == q.Text)
}

func heads(q Query) []Column {
	column := func(title, name string) Column {
		c := Column{Title: title, Link: q.sortedBy(name).URL() + "#nodes"}
		if q.Sort == name || q.Sort == "" && name == "id" {
			c.Order = "ascending"
			if q.Descending {
				c.Order = "descending"
			}
		}
		return c
	}
	age := column("Age", "age") // oldest first is ascending by time, and descending by age
	switch age.Order {
	case "ascending":
		age.Order = "descending"
	case "descending":
		age.Order = "ascending"
	}
	return []Column{
		column("ID", "id"), column("State", "state"), age, column("Provider / pool", "provider"), column("Label", "label"), {Title: "Host"}, {Title: "Used by"},
	}
}

// choices collects what can be filtered by: what the configuration and the nodes have.
func (v *Nodes) choices(s *status.Snapshot, q Query) {
	for _, state := range states {
		v.States = append(v.States, Choice{string(state), q.State == string(state)})
	}
	providers, labels := map[string]bool{}, map[string]bool{}
	note := func(set map[string]bool, name string) {
		if len(set) < maxChoices && plain(name) != "" {
			set[name] = true
		}
	}
	note(providers, q.Provider)
	for i := range s.Providers {
		note(providers, s.Providers[i].Name)
	}
	for i := range s.Pools {
		for _, l := range s.Pools[i].Labels {
			note(labels, l)
		}
	}
	for i := range s.Nodes {
		note(providers, s.Nodes[i].Provider)
		for _, l := range s.Nodes[i].Type {
			note(labels, l)
		}
	}
	for name := range providers {
		v.Providers = append(v.Providers, Choice{name, q.Provider == name})
	}
	slices.SortFunc(v.Providers, func(a, b Choice) int { return strings.Compare(a.Value, b.Value) })
	for name := range labels {
		v.Labels = append(v.Labels, name)
	}
	slices.Sort(v.Labels)
}

func newNode(n *status.Node, c clock) Node {
	v := Node{
		ID: word(n.ID), Where: word(n.Provider), Label: word(strings.Join(n.Type, ", ")), State: string(n.State), Age: c.unix(n.StateTime),
		Host: word(cmp.Or(n.InterfaceIP, n.PublicIPv4, n.Hostname)), Use: word(use(n)), Locked: n.Locked,
	}
	if n.Pool != "" {
		v.Where += " / " + word(n.Pool)
	}
	return v
}

// use says whose a node is. user_data and driver_data may hold secrets and are not looked at.
func use(n *status.Node) string {
	switch {
	case n.State == record.NodeHold:
		return strings.TrimSpace("held " + cmp.Or(n.HoldJob, n.Comment))
	case n.AllocatedTo != "" && n.TenantName != "":
		return n.AllocatedTo + " · " + n.TenantName
	}
	return cmp.Or(n.AllocatedTo, n.TenantName, n.Comment)
}
