package main

import (
	"context"
	"fmt"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// boot is how long the cloud takes for an instance while launches are in flight.
const boot = 6 * time.Second

// restart kills the launcher at rest, and again in the middle of launches.
func (f *fleet) restart(ctx context.Context, s *site, launches int, leases *[]*lease) error {
	progress("restart: kill -9 beside %d nodes", len(*leases))
	r := &restart{Nodes: len(*leases), Launches: launches}
	f.Restart = r
	s.kill()
	began := time.Now()
	if err := s.run(); err != nil { //nolint:contextcheck // it ends with close
		return err
	}
	wait := s.profileCPU(ctx, "restart", 8*time.Second)
	if _, _, err := s.client(inCloud).roundTrip(ctx, func(*lease) { r.ServingMS = ms(time.Since(began)) }); err != nil {
		return err
	}
	wait()
	s.profileMemory(ctx, "restart")
	time.Sleep(settle)

	progress("restart: %d launches in flight", launches)
	before, err := s.cloud.Books(ctx, s.project)
	if err != nil {
		return err
	}
	if err := s.cloud.Pace(ctx, s.project, api.Pace{Boot: api.Delay{Fixed: boot}}); err != nil {
		return err
	}
	s.meter.begin()
	c := s.client(inCloud)
	more := make([]*lease, launches)
	errs := make(chan error, 1)
	go func() {
		errs <- each(ctx, launches, launches, func(ctx context.Context, i int) (err error) {
			more[i], err = c.get(ctx)
			return err
		})
	}()
	f.InFlight = &inFlight{Launches: launches}
	// The first runs take what is there first, the second ones what has gathered meanwhile.
	for end := time.Now().Add(boot + boot/2); time.Now().Before(end); time.Sleep(sampleEvery) {
		b, err := s.cloud.Books(ctx, s.project)
		if err != nil {
			return err
		}
		f.InFlight.MostInCloud = max(f.InFlight.MostInCloud, b.States[api.Build])
	}
	u := s.meter.end()
	f.InFlight.PeakRSSMiB, f.InFlight.PeakLauncher, f.InFlight.PeakProcesses = u.PeakRSSMiB, u.PeakLauncher, u.PeakProcesses
	if err := s.cloud.Pace(ctx, s.project, api.Pace{}); err != nil {
		return err
	}
	progress("restart: kill -9 in the middle of them")
	s.kill()
	began = time.Now()
	if err := s.run(); err != nil { //nolint:contextcheck // it ends with close
		return err
	}
	if err := <-errs; err != nil {
		return err
	}
	r.AllMS = ms(time.Since(began))
	for _, l := range more {
		if err := c.use(ctx, l); err != nil {
			return fmt.Errorf("after the restart: %w", err)
		}
	}
	*leases = append(*leases, more...)
	after, err := s.cloud.Books(ctx, s.project)
	if err != nil {
		return err
	}
	r.LaunchedTwice = after.Created - before.Created - launches
	s.meter.begin()
	return nil
}
