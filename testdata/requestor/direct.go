package requestor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-zookeeper/zk"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

// Direct is a requestor that keeps no snapshot: it watches only what it waits for, so that what it costs does not grow
// with the fleet, like Zuul with its persistent watches. Request, Requests and Nodes know nothing.
func Direct(ctx context.Context, s *session.Session) (*Requestor, error) {
	for _, p := range paths {
		if err := s.EnsurePath(ctx, p); err != nil {
			return nil, err
		}
	}
	return &Requestor{s: s}, nil
}

func (r *Requestor) awaitRequest(ctx context.Context, id string) (req *record.Request, err error) {
	err = r.await(ctx, "/nodepool/requests/"+id, func(data []byte, there bool) (bool, error) {
		if !there {
			return false, errors.New("it is gone")
		}
		var err error
		req, err = record.ParseRequest(id, data)
		return err == nil && (req.State == record.RequestFulfilled || req.State == record.RequestFailed), err
	})
	return req, err
}

func (r *Requestor) awaitNode(ctx context.Context, id string, states []record.NodeState) error {
	return r.await(ctx, "/nodepool/nodes/"+id, func(data []byte, there bool) (bool, error) {
		if !there || len(states) == 0 {
			return !there, nil
		}
		n, err := record.ParseNode(id, data)
		return err == nil && slices.Contains(states, n.State), err
	})
}

// await looks at a znode after each of its changes until it is as wanted.
func (r *Requestor) await(ctx context.Context, path string, ok func(data []byte, there bool) (bool, error)) error {
	sub := r.s.Subscribe(path)
	defer sub.Stop()
	for {
		data, _, err := r.s.GetW(ctx, path)
		there := !errors.Is(err, zk.ErrNoNode)
		done := false
		if err == nil || !there {
			done, err = ok(data, there)
		}
		if done || err != nil {
			if err != nil {
				err = fmt.Errorf("wait for %s: %w", path, err)
			}
			return err
		}
		if !there {
			return fmt.Errorf("wait for %s: it is gone", path)
		}
		select {
		case <-sub.Wake():
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", path, ctx.Err())
		case <-r.s.Done():
			return fmt.Errorf("wait for %s: %w", path, r.s.Err())
		}
	}
}
