package main

import (
	"context"
	"fmt"
	"time"
)

// fleet is what the next node and the launcher cost beside many nodes in use.
type fleet struct {
	Sizes    []fleetSize `json:"sizes"`
	InFlight *inFlight   `json:"in_flight,omitempty"`
	Restart  *restart    `json:"restart,omitempty"`
}

// fleetSize is measured with that many nodes in use: workspaces in the state directory, records in ZooKeeper, locked
// as executors do, and instances in the cloud, all made by the launcher.
type fleetSize struct {
	Nodes int `json:"nodes"`
	// How the fleet grew since the size before, executors' part included.
	GrowPerSecond float64 `json:"growth_nodes_per_second"`
	GrowCPUms     float64 `json:"growth_cpu_ms_per_node"`
	// AtZero is the next node of a launcher without nodes, measured in turn with this one's, so that a machine that gets
	// slower does so for both.
	NextMS   percentiles `json:"next_node_ms"`
	AtZero   percentiles `json:"next_node_at_0_ms"`
	Ratio    float64     `json:"ratio_p50"`
	GoneMS   percentiles `json:"used_to_gone_ms"`
	GoneZero percentiles `json:"used_to_gone_at_0_ms"`
	// OldGoneMS are nodes of the fleet, which were made several to a workspace.
	OldGoneMS   percentiles `json:"fleet_node_used_to_gone_ms"`
	LauncherMiB float64     `json:"launcher_rss_mib"`
	PeakMiB     float64     `json:"peak_launcher_rss_mib"` // since the size before
	TotalMiB    float64     `json:"total_rss_mib"`
	PeakTotal   float64     `json:"peak_total_rss_mib"`
	ZooKeeper   float64     `json:"zookeeper_rss_mib"`
	IdleCores   float64     `json:"cores_used_with_nothing_to_do"`
}

// inFlight is memory while many nodes are being launched at once in a cloud that takes its time.
type inFlight struct {
	Launches      int     `json:"launches"`
	MostInCloud   int     `json:"most_instances_being_made"`
	PeakRSSMiB    float64 `json:"peak_rss_mib"`
	PeakLauncher  float64 `json:"peak_launcher_rss_mib"`
	PeakProcesses int     `json:"peak_processes"`
}

// restart is after the launcher's kill beside the whole fleet.
type restart struct {
	Nodes int `json:"nodes"`
	// ServingMS is from the start of the new launcher until a request made at that moment is fulfilled.
	ServingMS float64 `json:"start_to_first_request_fulfilled_ms"`
	// Killed in the middle of that many launches, all of which must be handed over.
	Launches      int     `json:"launches_interrupted"`
	AllMS         float64 `json:"start_to_all_interrupted_fulfilled_ms"`
	LaunchedTwice int     `json:"launched_twice"`
}

// window is how many requests are open while a fleet is made.
const window = 300

func (w *world) fleet(ctx context.Context, sizes []int, n, launches int) (*fleet, error) {
	progress("fleet: starting two launchers")
	control, err := w.open(ctx, "control")
	if err != nil {
		return nil, err
	}
	defer control.close() //nolint:contextcheck // also after ctx has ended
	s, err := w.open(ctx, "fleet")
	if err != nil {
		return nil, err
	}
	defer s.close() //nolint:contextcheck // also after ctx has ended
	f := &fleet{}   // returned with what was measured before an error, too
	var leases []*lease
	s.meter.begin()
	for _, size := range sizes {
		at, err := s.grow(ctx, size, &leases)
		if err != nil {
			return f, err
		}
		if err := at.measure(ctx, s, control, n, &leases); err != nil {
			return f, err
		}
		f.Sizes = append(f.Sizes, *at)
	}
	if launches > 0 {
		if err := f.restart(ctx, s, launches, &leases); err != nil {
			return f, err
		}
	}
	return f, s.balanced(ctx, len(leases))
}

// grow brings the fleet to a size.
func (s *site) grow(ctx context.Context, size int, leases *[]*lease) (*fleetSize, error) {
	more := size - len(*leases)
	progress("fleet: %d more nodes", more)
	at := &fleetSize{Nodes: size}
	began, cpu := time.Now(), s.meter.group.cpu()
	grown := make([]*lease, more)
	c := s.client(inCloud)
	wait := func() {}
	var told time.Time
	err := each(ctx, more, window, func(ctx context.Context, i int) error {
		if i == more/2 && more > 1000 {
			wait = s.profileCPU(ctx, fmt.Sprintf("growth-%d", size), 20*time.Second)
		}
		if i%1000 == 999 && time.Since(told) > 10*time.Second {
			told = time.Now()
			progress("fleet: %d, %.0f a second", len(*leases)+i+1, float64(i+1)/time.Since(began).Seconds())
		}
		var err error
		if grown[i], err = c.get(ctx); err != nil {
			return err
		}
		return c.use(ctx, grown[i])
	})
	wait()
	if err != nil {
		return nil, err
	}
	*leases = append(*leases, grown...)
	at.GrowPerSecond = ratio(float64(more), time.Since(began).Seconds())
	at.GrowCPUms = ratio(ms(s.meter.group.cpu()-cpu), float64(more))
	return at, s.balanced(ctx, size)
}

// settle is how long the launcher is left alone before it is measured at rest.
const settle = 5 * time.Second

func (at *fleetSize) measure(ctx context.Context, s, control *site, n int, leases *[]*lease) error {
	progress("fleet: the next node beside %d", at.Nodes)
	time.Sleep(settle)
	cpu := s.meter.group.cpu()
	wait := s.profileCPU(ctx, fmt.Sprintf("rest-%d", at.Nodes), settle)
	time.Sleep(settle)
	wait()
	at.IdleCores = (s.meter.group.cpu() - cpu).Seconds() / settle.Seconds()
	at.LauncherMiB, at.TotalMiB = s.meter.memory()
	at.ZooKeeper = rss(s.zk.Pid())
	s.profileMemory(ctx, fmt.Sprintf("rest-%d", at.Nodes))
	wait = s.profileCPU(ctx, fmt.Sprintf("next-%d", at.Nodes), 10*time.Second)
	var here, there trips
	var old []float64
	for i := range n {
		time.Sleep(pause)
		if err := there.one(ctx, control.client(inCloud)); err != nil {
			return err
		}
		time.Sleep(pause)
		if err := here.one(ctx, s.client(inCloud)); err != nil {
			return err
		}
		if i%2 == 0 && len(*leases) > n {
			// Far from its neighbours of the one before: another workspace each time.
			at := (i*len(*leases)/n + i) % len(*leases)
			took, err := s.client(inCloud).giveBack(ctx, (*leases)[at])
			if err != nil {
				return err
			}
			*leases = append((*leases)[:at], (*leases)[at+1:]...)
			old = append(old, ms(took))
		}
	}
	wait()
	at.NextMS, at.GoneMS, at.OldGoneMS = percentile(here.fulfilled), percentile(here.gone), percentile(old)
	at.AtZero, at.GoneZero = percentile(there.fulfilled), percentile(there.gone)
	at.Ratio = ratio(at.NextMS.P50, at.AtZero.P50)
	u := s.meter.end()
	at.PeakMiB, at.PeakTotal = u.PeakLauncher, u.PeakRSSMiB
	s.meter.begin()
	return nil
}
