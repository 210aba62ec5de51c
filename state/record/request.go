package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Request is a node request, /nodepool/requests/<ppp>-<seq> (protocol.md 2.1).
// "" in a string field stands for JSON null.
type Request struct {
	ID               string       // znode name, `<precedence>-<sequence>`; not part of the JSON
	State            RequestState // never empty
	StateTime        float64      // Unix seconds of the last state change
	NodeTypes        []string     // labels wanted, in order, duplicates allowed
	Nodes            []string     // node ids, index-aligned with NodeTypes once fulfilled
	DeclinedBy       []string     // pool ids that refused, append-only
	Requestor        string       // Zuul's system id, `NodePool:min-ready`, ...
	RequestorData    json.RawMessage
	Provider         string  // preferred provider, "" for none
	RelativePriority float64 // smaller first; Zuul revises it while requested
	EventID          string
	CreatedTime      *float64 // Unix seconds
	TenantName       string
	Reuse            bool // false: only newly launched nodes may serve

	// Problems names the fields that could not be read. They are at their
	// defaults, and their original bytes are written back unless set.
	Problems []string

	bad    map[string]json.RawMessage
	extras map[string]json.RawMessage
}

// ParseRequest reads the data of the request znode named id. It fails on
// anything but a JSON object with a known state.
func ParseRequest(id string, data []byte) (*Request, error) {
	f, err := parseObject(data)
	if err != nil {
		return nil, fmt.Errorf("parse request %s: %w", id, err)
	}
	r := &Request{
		ID:               id,
		State:            RequestState(f.str("state")),
		StateTime:        f.numOrZero("state_time"),
		NodeTypes:        f.strs("node_types"),
		Nodes:            f.strs("nodes"),
		DeclinedBy:       f.strs("declined_by"),
		Requestor:        f.str("requestor"),
		RequestorData:    f.json("requestor_data"),
		Provider:         f.str("provider"),
		RelativePriority: f.numOrZero("relative_priority"),
		EventID:          f.str("event_id"),
		CreatedTime:      f.num("created_time"),
		TenantName:       f.str("tenant_name"),
		Reuse:            f.boolOr("reuse", true),
	}
	if !r.State.Valid() {
		return nil, fmt.Errorf("parse request %s: state %q is missing or unknown", id, r.State)
	}
	r.Problems, r.bad, r.extras = f.problems, f.bad, f.rest()
	return r, nil
}

// Encode writes every key of protocol.md 2.1, then the unknown keys in sorted order.
func (r *Request) Encode() []byte {
	w := newWriter(r.bad)
	w.str("state", string(r.State))
	w.num("state_time", r.StateTime, 0)
	w.strs("declined_by", r.DeclinedBy)
	w.strs("node_types", r.NodeTypes)
	w.strs("nodes", r.Nodes)
	w.bool("reuse", r.Reuse, true)
	w.str("requestor", r.Requestor)
	w.json("requestor_data", r.RequestorData)
	w.str("provider", r.Provider)
	w.num("relative_priority", r.RelativePriority, 0)
	w.str("event_id", r.EventID)
	w.numPtr("created_time", r.CreatedTime)
	w.str("tenant_name", r.TenantName)
	w.extras(r.extras)
	return w.done()
}

// SetState changes the state and stamps its time.
func (r *Request) SetState(s RequestState, now time.Time) {
	r.State, r.StateTime = s, Now(now)
}

// Clone returns a deep copy.
func (r *Request) Clone() *Request {
	c := *r
	c.NodeTypes = slices.Clone(r.NodeTypes)
	c.Nodes = slices.Clone(r.Nodes)
	c.DeclinedBy = slices.Clone(r.DeclinedBy)
	c.RequestorData = bytes.Clone(r.RequestorData)
	c.CreatedTime = clonePtr(r.CreatedTime)
	c.Problems = slices.Clone(r.Problems)
	c.bad = cloneRaw(r.bad)
	c.extras = cloneRaw(r.extras)
	return &c
}

// Precedence is the part of the id before the dash; requests sort by it as a
// string (protocol.md 4.3). "" when the id has no dash.
func (r *Request) Precedence() string {
	before, _, ok := strings.Cut(r.ID, "-")
	if !ok {
		return ""
	}
	return before
}

// Sequence is the part of the id after the dash, the whole id without one.
func (r *Request) Sequence() string {
	_, after, ok := strings.Cut(r.ID, "-")
	if !ok {
		return r.ID
	}
	return after
}

// Now is t as the records carry it: Unix seconds with a fraction.
func Now(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

func clonePtr[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
