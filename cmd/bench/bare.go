package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// bare is Terraform without a launcher, as scripts run it, with the same module in the same cloud: it starts the
// provider itself, and nothing is asked for or recorded anywhere.
type bare struct {
	ForEach []forEachSize `json:"one_workspace_for_each"`
	PerNode *perNode      `json:"one_workspace_per_node"`
}

// forEachSize is one workspace with that many nodes in it.
type forEachSize struct {
	Nodes         int         `json:"nodes"`
	GrowPerSecond float64     `json:"growth_nodes_per_second"` // from the size before, all in one apply
	NextMS        percentiles `json:"next_node_ms"`
	DeleteMS      percentiles `json:"delete_one_ms"`
	RSSMiB        float64     `json:"peak_rss_mib"` // of the largest process
}

// perNode is a workspace made, initialised and applied for each node.
type perNode struct {
	NextMS    percentiles `json:"next_node_ms"` // init and apply
	Burst     int         `json:"burst"`
	AtOnce    int         `json:"at_once"`
	PerSecond float64     `json:"burst_nodes_per_second"`
	CPUms     float64     `json:"cpu_ms_per_node"` // init, apply and destroy
	RSSMiB    float64     `json:"peak_rss_mib"`    // of the largest process
}

func (w *world) bare(ctx context.Context, sizes []int) (*bare, error) {
	var b bare
	var err error
	if b.ForEach, err = w.forEach(ctx, sizes); err != nil {
		return nil, err
	}
	b.PerNode, err = w.perNode(ctx)
	return &b, err
}

// nextNodes is how often the next node is measured.
const nextNodes = 3

// forEach grows one workspace. What it costs grows faster than the workspace, so sizes are few and small.
func (w *world) forEach(ctx context.Context, sizes []int) (all []forEachSize, err error) {
	ws, err := w.workspace("for-each", fmt.Sprintf(cloudRoot, cloud.Source, w.cloud.Endpoint())+fmt.Sprintf(
		"variable \"names\" {\n  type = set(string)\n}\n\nmodule \"node\" {\n  for_each = var.names\n  source   = %q\n  name     = each.key\n}\n", rig.Module("simcloud")))
	if err != nil {
		return nil, err
	}
	if _, err := ws.init(ctx); err != nil {
		return nil, err
	}
	apply := func(nodes int) (cost, error) {
		names := make([]string, nodes)
		for i := range names {
			names[i] = fmt.Sprintf("np%010d", i)
		}
		data, err := json.Marshal(map[string]any{"names": names})
		if err != nil {
			return cost{}, err
		}
		if err := os.WriteFile(filepath.Join(ws.dir, "terraform.tfvars.json"), data, 0o600); err != nil {
			return cost{}, err
		}
		return ws.apply(ctx)
	}
	there := 0
	for _, size := range sizes {
		progress("bare Terraform: one workspace with %d nodes", size)
		at := forEachSize{Nodes: size}
		grown, err := apply(size)
		if err != nil {
			return nil, err
		}
		at.GrowPerSecond = ratio(float64(size-there), grown.wallMS/1000)
		var next, deleted costs
		for range nextNodes {
			c, err := apply(size + 1)
			if err != nil {
				return nil, err
			}
			next.add(c)
			if c, err = apply(size); err != nil {
				return nil, err
			}
			deleted.add(c)
		}
		at.NextMS, at.DeleteMS, at.RSSMiB = percentile(next.wall), percentile(deleted.wall), max(grown.rssMiB, next.rss, deleted.rss)
		all = append(all, at)
		there = size
	}
	return all, nil
}

// perNode sizes: those measured alone, and those made at once.
const (
	perNodeAlone = 10
	perNodeBurst = 60
)

func (w *world) perNode(ctx context.Context) (*perNode, error) {
	progress("bare Terraform: a workspace for each of %d nodes", perNodeAlone+perNodeBurst)
	r := &perNode{Burst: perNodeBurst, AtOnce: 2 * runtime.NumCPU()}
	var alone, all costs
	var made []*workspace
	next := func(ctx context.Context, i int) (ws *workspace, sum cost, err error) {
		if ws, err = w.workspace(fmt.Sprintf("node-%d", i), w.root(inCloud)); err != nil {
			return nil, sum, err
		}
		for _, step := range []func(context.Context) (cost, error){ws.init, ws.apply} {
			c, err := step(ctx)
			if err != nil {
				return nil, sum, err
			}
			sum = cost{sum.wallMS + c.wallMS, sum.cpuMS + c.cpuMS, max(sum.rssMiB, c.rssMiB)}
		}
		return ws, sum, nil
	}
	for i := range perNodeAlone {
		ws, c, err := next(ctx, i)
		if err != nil {
			return nil, err
		}
		alone.add(c)
		made = append(made, ws)
	}
	began := time.Now()
	sums, spaces := make([]cost, perNodeBurst), make([]*workspace, perNodeBurst)
	if err := each(ctx, perNodeBurst, r.AtOnce, func(ctx context.Context, i int) (err error) {
		spaces[i], sums[i], err = next(ctx, perNodeAlone+i)
		return err
	}); err != nil {
		return nil, err
	}
	r.PerSecond = perNodeBurst / time.Since(began).Seconds()
	for _, c := range sums {
		all.add(c)
	}
	cpu := 0.0
	for _, c := range append(alone.cpu, all.cpu...) {
		cpu += c
	}
	for _, ws := range made { // the rest may stay: the cloud ends with the bench
		c, err := ws.destroy(ctx)
		if err != nil {
			return nil, err
		}
		cpu += c.cpuMS * (perNodeAlone + perNodeBurst) / perNodeAlone
	}
	r.NextMS, r.RSSMiB = percentile(alone.wall), max(alone.rss, all.rss)
	r.CPUms = cpu / (perNodeAlone + perNodeBurst)
	return r, nil
}
