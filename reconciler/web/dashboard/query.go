package dashboard

import (
	"net/url"
	"slices"
	"strconv"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// Query is what a page's address says: which nodes are listed, in what order, and which part of the lists. The zero value
// is the address / itself. Queries are equal when they show the same.
type Query struct {
	State, Provider, Label string // "" is any
	Text                   string // part of an id, host name or address
	Sort                   string // a column's name, "" is by id
	Descending             bool
	Page, RequestPage      int // from 0
}

// maxText bounds what a query's texts hold, in bytes.
const maxText = maxWord

// columns that nodes can be sorted by.
var columns = []string{"id", "provider", "label", "state", "age"}

// states of nodes, in the order of their life.
var states = []record.NodeState{
	record.NodeInit, record.NodeBuilding, record.NodeTesting, record.NodeReady, record.NodeInUse, record.NodeHold,
	record.NodeUsed, record.NodeDeleting, record.NodeFailed, record.NodeAborted, record.NodeDeleted,
}

// parseQuery reads an address. What it does not understand counts as not said: an old bookmark still shows a page.
func parseQuery(v url.Values) Query {
	q := Query{
		Provider: plain(v.Get("provider")), Label: plain(v.Get("label")), Text: plain(v.Get("q")),
		Descending: v.Get("desc") != "", Page: pageNumber(v.Get("page")), RequestPage: pageNumber(v.Get("rpage")),
	}
	if s := v.Get("state"); slices.Contains(states, record.NodeState(s)) {
		q.State = s
	}
	if s := v.Get("sort"); slices.Contains(columns[1:], s) {
		q.Sort = s
	}
	return q
}

// plain is a text as it is typed, "" for one that nobody types.
func plain(s string) string {
	if len(s) > maxText || word(s) != s {
		return ""
	}
	return s
}

// pageNumber reads a number that people see, which begins at 1.
func pageNumber(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 1<<20 {
		return 0
	}
	return n - 1
}

// URL is the address of the page.
func (q Query) URL() string { return q.at("/") }

func (q Query) at(path string) string {
	v := url.Values{}
	set := func(key, value string) {
		if value != "" {
			v.Set(key, value)
		}
	}
	set("state", q.State)
	set("provider", q.Provider)
	set("label", q.Label)
	set("q", q.Text)
	set("sort", q.Sort)
	if q.Descending {
		v.Set("desc", "1")
	}
	if q.Page > 0 {
		v.Set("page", strconv.Itoa(q.Page+1))
	}
	if q.RequestPage > 0 {
		v.Set("rpage", strconv.Itoa(q.RequestPage+1))
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// sortedBy is the address of the same nodes by a column, the other way round where they are by it already. Ages begin
// with the oldest.
func (q Query) sortedBy(column string) Query {
	if column == "id" {
		column = ""
	}
	q.Descending = q.Sort == column && !q.Descending
	q.Sort, q.Page = column, 0
	return q
}

func (q Query) inState(s string) Query { q.State, q.Page = s, 0; return q }
func (q Query) ofProvider(name string) Query {
	return Query{Provider: name, RequestPage: q.RequestPage}
}
func (q Query) onPage(n int) Query        { q.Page = n; return q }
func (q Query) onRequestPage(n int) Query { q.RequestPage = n; return q }

// filtered reports whether not all nodes are listed.
func (q Query) filtered() bool { return q.State+q.Provider+q.Label+q.Text != "" }

func (q Query) unfiltered() Query {
	return Query{Sort: q.Sort, Descending: q.Descending, RequestPage: q.RequestPage}
}
