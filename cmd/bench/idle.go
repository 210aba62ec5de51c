package main

import (
	"context"
	"time"
)

// idle is the latency of single requests with nothing else to do, beside bare applies of the same module.
type idle struct {
	FulfilledMS percentiles `json:"request_to_fulfilled_ms"`
	GoneMS      percentiles `json:"used_to_gone_ms"`
	// Warm is with the provider's process running already, Cold with one that Terraform starts. A module of what is built
	// into Terraform has no such process, and Warm only.
	Warm      bareApply  `json:"bare_terraform"`
	Cold      *bareApply `json:"bare_terraform_starts_plugin,omitempty"`
	Ratio     float64    `json:"ratio_to_bare_apply_p50"`
	GoneRatio float64    `json:"gone_ratio_to_bare_destroy_p50"`
	Timeline  []step     `json:"timeline"`
}

// bareApply is what Terraform takes by itself from the command line, in an initialised workspace.
type bareApply struct {
	ApplyMS   percentiles `json:"apply_ms"`
	DestroyMS percentiles `json:"destroy_ms"`
	CPUms     float64     `json:"cpu_ms_per_node"` // apply and destroy
	RSSMiB    float64     `json:"peak_rss_mib"`    // of the largest process
}

// pause between two things measured alone, for what the one before may have left to do.
const pause = 30 * time.Millisecond

// idle measures requests and bare applies in turn, so that a machine that gets slower does so for both.
func (s *site) idle(ctx context.Context, label string, n int) (*idle, error) {
	progress("idle: %d requests for %s one after the other, and bare applies", n, label)
	warm, err := s.workspace("idle-"+label, s.root(label))
	if err != nil {
		return nil, err
	}
	if _, err := warm.init(ctx); err != nil {
		return nil, err
	}
	cold := *warm
	if label == inCloud {
		if warm.plugin, err = startPlugin(ctx, s.plugin, warm.dir); err != nil {
			return nil, err
		}
		defer warm.plugin.stop()
	}
	tl := s.newTimeline()
	var ours trips
	var warmed, started bareCosts
	for i := range n {
		time.Sleep(pause)
		if err := warmed.one(ctx, warm); err != nil {
			return nil, err
		}
		if label == inCloud && i%4 == 0 {
			if err := started.one(ctx, &cold); err != nil {
				return nil, err
			}
		}
		time.Sleep(pause)
		f, g, err := s.client(label).roundTrip(ctx, func(l *lease) { tl.take(s, l) })
		if err != nil {
			return nil, err
		}
		ours.fulfilled, ours.gone = append(ours.fulfilled, f), append(ours.gone, g)
	}
	r := &idle{FulfilledMS: percentile(ours.fulfilled), GoneMS: percentile(ours.gone), Warm: warmed.result(), Timeline: tl.result()}
	if label == inCloud {
		c := started.result()
		r.Cold = &c
	}
	r.Ratio = ratio(r.FulfilledMS.P50, r.Warm.ApplyMS.P50)
	r.GoneRatio = ratio(r.GoneMS.P50, r.Warm.DestroyMS.P50)
	return r, nil
}

type bareCosts struct{ applies, destroys costs }

func (b *bareCosts) one(ctx context.Context, w *workspace) error {
	c, err := w.apply(ctx)
	if err != nil {
		return err
	}
	b.applies.add(c)
	if c, err = w.destroy(ctx); err != nil {
		return err
	}
	b.destroys.add(c)
	return nil
}

func (b *bareCosts) result() bareApply {
	sum := 0.0
	for i := range b.applies.cpu {
		sum += b.applies.cpu[i] + b.destroys.cpu[i]
	}
	return bareApply{
		ApplyMS: percentile(b.applies.wall), DestroyMS: percentile(b.destroys.wall),
		CPUms: ratio(sum, float64(len(b.applies.cpu))), RSSMiB: max(b.applies.rss, b.destroys.rss),
	}
}
