package dashboard

import (
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// requestRows is how many requests a page lists.
const requestRows = 12

// Requests are the requests of a page, in the order in which they are served: those that wait first.
type Requests struct {
	Known bool
	// Open counts those that are neither fulfilled nor failed.
	Open  string
	Rows  []Request
	Pager Pager
}

// Request is one of them.
type Request struct {
	ID, State string
	Age       *Moment
	Labels    string
	From      string // who asks: requestor, tenant
	Where     string // the pool of ours that works on it, "" for none
	Ready     string // nodes of it, "2/3"
	Waits     string
}

func newRequests(s *status.Snapshot, q Query, c clock) Requests {
	order := make([]*status.Request, len(s.Requests))
	open := 0
	for i := range s.Requests {
		order[i] = &s.Requests[i]
		if isOpen(order[i]) {
			open++
		}
	}
	slices.SortStableFunc(order, func(a, b *status.Request) int {
		if x, y := isOpen(a), isOpen(b); x != y {
			if x {
				return -1
			}
			return 1
		}
		return strings.Compare(a.ID, b.ID)
	})
	v := Requests{Known: s.Session.Known(), Open: count(open)}
	rows, pager := cut(order, q.RequestPage, requestRows, q.onRequestPage, "#requests")
	v.Pager = pager
	for _, r := range rows {
		v.Rows = append(v.Rows, newRequest(r, s, c))
	}
	return v
}

func isOpen(r *status.Request) bool {
	return r.State == record.RequestRequested || r.State == record.RequestPending
}

func newRequest(r *status.Request, s *status.Snapshot, c clock) Request {
	v := Request{
		ID: word(r.ID), State: string(r.State), Age: c.moment(s.At.Add(-r.Age)), Labels: word(tally(r.NodeTypes)), From: word(r.Requestor),
		Waits: word(r.Waits), Ready: count(r.Ready) + "/" + count(len(r.NodeTypes)),
	}
	if r.CreatedTime != nil {
		v.Age = c.unix(*r.CreatedTime)
	}
	if r.State == record.RequestFulfilled {
		v.Ready = count(len(r.NodeTypes)) + "/" + count(len(r.NodeTypes))
	}
	if r.TenantName != "" {
		v.From = word(r.TenantName)
	}
	if r.Pool != "" {
		v.Where = word(r.Provider) + "/" + word(r.Pool)
	}
	return v
}

// tally shortens a list in which things repeat: "small ×3, large".
func tally(list []string) string {
	counts := map[string]int{}
	var names []string
	for _, l := range list {
		if counts[l]++; counts[l] == 1 {
			names = append(names, l)
		}
	}
	for i, l := range names {
		if counts[l] > 1 {
			names[i] = l + " ×" + count(counts[l])
		}
	}
	return strings.Join(names, ", ")
}
