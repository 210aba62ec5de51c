package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/testdata/requestor"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver"
)

// bench is one launcher under measurement.
type bench struct {
	dir     string
	engine  string
	zk      *zkserver.Server
	rig     *rig.Rig
	zuul    *requestor.Requestor
	session *session.Session
	label   string // that is asked for
	pid     int    // of the launcher
	log     string // file of the launcher
	began   sample
}

// idle is the latency of single requests with nothing else to do.
type idle struct {
	FulfilledMS percentiles `json:"request_to_fulfilled_ms"`
	GoneMS      percentiles `json:"used_to_gone_ms"`
	OverheadMS  float64     `json:"overhead_over_bare_apply_p50_ms"`
	Ratio       float64     `json:"ratio_to_bare_apply_p50"`
}

func (b *bench) idle(ctx context.Context, n int, bare bare) (idle, error) {
	var fulfilled, gone []float64
	if err := b.roundTrips(ctx, n, &fulfilled, &gone); err != nil {
		return idle{}, err
	}
	f := percentile(fulfilled)
	return idle{f, percentile(gone), f.P50 - bare.ApplyMS.P50, f.P50 / bare.ApplyMS.P50}, nil
}

// roundTrips submits requests one after the other; each node is used and gone before the next.
func (b *bench) roundTrips(ctx context.Context, n int, fulfilled, gone *[]float64) error {
	for range n {
		began := time.Now()
		req, err := b.request(ctx)
		if err != nil {
			return err
		}
		took := time.Since(began)
		held, err := b.use(ctx, req)
		if err != nil {
			return err
		}
		used := time.Now()
		if err := b.zuul.Return(ctx, held); err != nil {
			return err
		}
		if err := b.zuul.WaitNode(ctx, req.Nodes[0]); err != nil {
			return err
		}
		if fulfilled != nil {
			*fulfilled = append(*fulfilled, ms(took))
			*gone = append(*gone, ms(time.Since(used)))
		}
	}
	return nil
}

// request submits one request and waits until it is fulfilled.
func (b *bench) request(ctx context.Context) (*record.Request, error) {
	id, err := b.zuul.Submit(ctx, "acme", b.label)
	if err != nil {
		return nil, err
	}
	return b.fulfilled(ctx, id)
}

func (b *bench) fulfilled(ctx context.Context, id string) (*record.Request, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	req, err := b.zuul.Wait(ctx, id)
	if err == nil && req.State != record.RequestFulfilled {
		err = fmt.Errorf("request %s is %s; see %s", id, req.State, b.log)
	}
	return req, err
}

func (b *bench) use(ctx context.Context, req *record.Request) ([]*requestor.Held, error) {
	held, err := b.zuul.Accept(ctx, req)
	if err == nil {
		err = b.zuul.Set(ctx, held, record.NodeInUse)
	}
	return held, err
}

// burst is many requests at once. Latencies are by the records' own clock, created_time to state_time.
type burst struct {
	Requests    int         `json:"requests"`
	FulfilledMS percentiles `json:"request_to_fulfilled_ms"`
	PerSecond   float64     `json:"requests_per_second"`
	AllGoneMS   float64     `json:"all_used_to_all_gone_ms"`
	CPUms       float64     `json:"cpu_ms_per_node"` // launcher and Terraform, creation and deletion
}

func (b *bench) burst(ctx context.Context, n int) (burst, error) {
	before := b.sample()
	reqs, err := b.submitAll(ctx, n)
	if err != nil {
		return burst{}, err
	}
	var took []float64
	first, last := *reqs[0].CreatedTime, 0.0
	for _, r := range reqs {
		took = append(took, (r.StateTime-*r.CreatedTime)*1000)
		first, last = min(first, *r.CreatedTime), max(last, r.StateTime)
	}
	began := time.Now()
	if err := b.returnAll(ctx, reqs); err != nil {
		return burst{}, err
	}
	after := b.usage(before)
	return burst{n, percentile(took), float64(n) / (last - first), ms(time.Since(began)), (after.CPUms + after.TerraformCPUms) / float64(n)}, nil
}

func (b *bench) submitAll(ctx context.Context, n int) ([]*record.Request, error) {
	ids := make([]string, n)
	for i := range ids {
		id, err := b.zuul.Submit(ctx, "acme", b.label)
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	reqs := make([]*record.Request, n)
	for i, id := range ids {
		var err error
		if reqs[i], err = b.fulfilled(ctx, id); err != nil {
			return nil, err
		}
	}
	return reqs, nil
}

// returnAll uses and returns the nodes of all requests at once and waits until they are gone.
func (b *bench) returnAll(ctx context.Context, reqs []*record.Request) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, r := range reqs {
		g.Go(func() error {
			held, err := b.use(ctx, r)
			if err == nil {
				err = b.zuul.Return(ctx, held)
			}
			if err != nil {
				return err
			}
			return b.zuul.WaitNode(ctx, r.Nodes[0])
		})
	}
	return g.Wait()
}

// growth is the next node's latency beside a fleet.
type growth struct {
	Fleet  int         `json:"fleet"`
	AtZero percentiles `json:"next_node_at_0_ms"`
	At     percentiles `json:"next_node_at_fleet_ms"`
	Ratio  float64     `json:"ratio_p50"`
	RSSMiB float64     `json:"daemon_rss_at_fleet_mib"`
}

// growth measures both ends twice, around the fleet's creation and after its end, because the machine's speed drifts.
func (b *bench) growth(ctx context.Context, fleet, n int) (growth, error) {
	var zero, gone, at []float64
	if err := b.roundTrips(ctx, n/2, &zero, &gone); err != nil {
		return growth{}, err
	}
	reqs, err := b.submitAll(ctx, fleet)
	if err != nil {
		return growth{}, err
	}
	if err := b.roundTrips(ctx, n, &at, &gone); err != nil {
		return growth{}, err
	}
	rss := b.usage(b.began).RSSMiB
	if err := b.returnAll(ctx, reqs); err != nil {
		return growth{}, err
	}
	if err := b.roundTrips(ctx, n-n/2, &zero, &gone); err != nil {
		return growth{}, err
	}
	g := growth{Fleet: fleet, AtZero: percentile(zero), At: percentile(at), RSSMiB: rss}
	g.Ratio = g.At.P50 / g.AtZero.P50
	return g, nil
}
