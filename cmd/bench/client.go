package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/requestor"
)

// client plays Zuul towards one launcher: it asks for one node at a time, of one label.
type client struct {
	zuul  *requestor.Requestor
	label string
	log   string // the launcher's log file, for errors
}

// patience is how long a request or a deletion may take before the bench gives up.
const patience = 5 * time.Minute

// lease is a node in use.
type lease struct {
	req   *record.Request
	held  []*requestor.Held
	asked time.Time
	took  time.Duration // until the fulfilled request was seen
}

// recorded is the time that the records say it took: created_time to state_time.
func (l *lease) recorded() time.Duration {
	return time.Duration((l.req.StateTime - *l.req.CreatedTime) * float64(time.Second))
}

// get asks for a node and waits until the request is fulfilled.
func (c client) get(ctx context.Context) (*lease, error) {
	l := &lease{asked: time.Now()}
	id, err := c.zuul.Submit(ctx, "acme", c.label)
	if err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if l.req, err = c.zuul.Wait(wait, id); err != nil {
		return nil, fmt.Errorf("%w; see %s", err, c.log)
	}
	l.took = time.Since(l.asked)
	if l.req.State != record.RequestFulfilled {
		return nil, fmt.Errorf("request %s is %s; see %s", id, l.req.State, c.log)
	}
	return l, nil
}

// use takes the node as an executor does.
func (c client) use(ctx context.Context, l *lease) (err error) {
	if l.held, err = c.zuul.Accept(ctx, l.req); err != nil {
		return err
	}
	return c.zuul.Set(ctx, l.held, record.NodeInUse)
}

// giveBack returns the node and waits until it is gone.
func (c client) giveBack(ctx context.Context, l *lease) (time.Duration, error) {
	began := time.Now()
	if err := c.zuul.Return(ctx, l.held); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := c.zuul.WaitNode(ctx, l.req.Nodes[0]); err != nil {
		return 0, fmt.Errorf("%w; see %s", err, c.log)
	}
	return time.Since(began), nil
}

// roundTrip is one node from request to gone, in milliseconds. inUse, unless nil, is called while it is in use.
func (c client) roundTrip(ctx context.Context, inUse func(*lease)) (fulfilled, gone float64, err error) {
	l, err := c.get(ctx)
	if err != nil {
		return 0, 0, err
	}
	if err := c.use(ctx, l); err != nil {
		return 0, 0, err
	}
	if inUse != nil {
		inUse(l)
	}
	took, err := c.giveBack(ctx, l)
	return ms(l.took), ms(took), err
}

// trips are round trips one after the other.
type trips struct{ fulfilled, gone []float64 }

func (t *trips) one(ctx context.Context, c client) error {
	f, g, err := c.roundTrip(ctx, nil)
	if err == nil {
		t.fulfilled, t.gone = append(t.fulfilled, f), append(t.gone, g)
	}
	return err
}

// each calls do for 0 to n-1, at most `at` of them at one time.
func each(ctx context.Context, n, at int, do func(ctx context.Context, i int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(at)
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error { return do(ctx, i) })
	}
	return g.Wait()
}
