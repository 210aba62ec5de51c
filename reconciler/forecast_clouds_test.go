package reconciler

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/openstack"
	"github.com/nodepool-tf/nodepool-tf/reconciler/clouds"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
)

// askedCloud answers what its function does.
type askedCloud func(context.Context) error

func (c askedCloud) Lookup(ctx context.Context) (driver.Findings, error) {
	return driver.Findings{}, c(ctx)
}
func (askedCloud) Quota(context.Context) (driver.Quota, error) { return driver.Quota{}, nil }

// TestSilentCloud: a preview of one provider waits a moment for the others' clouds, and for its own as long as it takes.
func TestSilentCloud(t *testing.T) {
	over := make(chan struct{})
	clouds.Openers["silent"] = func(driver.Options) clouds.Cloud {
		return askedCloud(func(ctx context.Context) error {
			defer close(over)
			<-ctx.Done()
			return ctx.Err()
		})
	}
	clouds.Openers["slow"] = func(driver.Options) clouds.Cloud {
		return askedCloud(func(ctx context.Context) error { <-over; return ctx.Err() })
	}
	t.Cleanup(func() { delete(clouds.Openers, "silent"); delete(clouds.Openers, "slow") })
	p := func(name string) *config.Provider {
		return &config.Provider{Name: name, Driver: name, Options: &openstack.Provider{}}
	}
	f := &Forecast{o: ForecastOptions{Config: &config.Config{Providers: []*config.Provider{p("silent"), p("slow")}}, Providers: []string{"slow"}}}
	answers := f.askClouds(t.Context(), time.Millisecond)
	if a := answers["silent"]; !errors.Is(a.Err, context.DeadlineExceeded) || a.Findings != nil {
		t.Errorf("silent: %+v", a)
	}
	if a := answers["slow"]; a.Err != nil || a.Findings == nil {
		t.Errorf("slow: %+v", a)
	}
}
