package web

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

const nodesPath = "/nodepool/nodes"

var zeroTime time.Time

// current is the snapshot of a launcher that is connected: with anything else a list would show what may have changed.
func (h *handler) current(ctx context.Context) (*status.Snapshot, error) {
	s, err := h.Source.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	if s.Session != status.Connected {
		return nil, errAway
	}
	return s, nil
}

var nodeID = regexp.MustCompile(`^[0-9]{1,20}$`)

func (h *handler) nodes(ctx context.Context, p params) (status.Table, error) {
	if p.one {
		return h.node(ctx, p.node)
	}
	s, err := h.current(ctx)
	if err != nil {
		return status.Table{}, err
	}
	locked, err := h.locks(ctx, s.Nodes)
	if err != nil {
		return status.Table{}, err
	}
	nodes := make([]*record.Node, len(s.Nodes))
	times := make([]float64, len(s.Nodes))
	for i, n := range s.Nodes {
		nodes[i], times[i] = n.Node, n.StateTime
	}
	return withTimes(status.NodeTable(nodes, locked, true, h.Now()), times, h.Now()), nil
}

// node reads one node, without the snapshot; what there is not is an empty list.
func (h *handler) node(ctx context.Context, id string) (status.Table, error) {
	zs, err := h.session()
	if err != nil {
		return status.Table{}, err
	}
	var nodes []*record.Node
	var times []float64
	locked := map[string]bool{}
	if nodeID.MatchString(id) {
		data, _, err := zs.Get(ctx, nodesPath+"/"+id)
		if err != nil && !errors.Is(err, zk.ErrNoNode) {
			return status.Table{}, unavailable(err)
		}
		if n, parseErr := record.ParseNode(id, data); err == nil && parseErr == nil {
			names, err := lock.Contenders(ctx, zs, nodesPath+"/"+id+"/lock")
			if err != nil {
				return status.Table{}, unavailable(err)
			}
			nodes, times, locked[id] = append(nodes, n), append(times, n.StateTime), len(names) > 0
		}
	}
	return withTimes(status.NodeTable(nodes, locked, true, h.Now()), times, h.Now()), nil
}

func (h *handler) requests(ctx context.Context, _ params) (status.Table, error) {
	s, err := h.current(ctx)
	if err != nil {
		return status.Table{}, err
	}
	requests := make([]*record.Request, len(s.Requests))
	times := make([]float64, len(s.Requests))
	for i, r := range s.Requests {
		requests[i], times[i] = r.Request, r.StateTime
	}
	return withTimes(status.RequestTable(requests), times, h.Now()), nil
}

// labels are what all live pools announce, whoever runs them.
func (h *handler) labels(ctx context.Context, _ params) (status.Table, error) {
	s, err := h.current(ctx)
	if err != nil {
		return status.Table{}, err
	}
	all := map[string]bool{}
	for _, p := range s.Registered {
		for _, l := range p.SupportedLabels {
			all[l] = true
		}
	}
	t := status.Table{Columns: []status.Column{{Title: "Label", Key: "label"}}}
	for _, l := range slices.Sorted(maps.Keys(all)) {
		t.Rows = append(t.Rows, []any{l})
	}
	return t, nil
}
