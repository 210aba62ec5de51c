package clouds

import (
	"context"
	"errors"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/aws"
	awslookup "github.com/nodepool-tf/nodepool-tf/modules/aws/lookup"
	"github.com/nodepool-tf/nodepool-tf/modules/azure"
	azurelookup "github.com/nodepool-tf/nodepool-tf/modules/azure/lookup"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/gce"
	gcelookup "github.com/nodepool-tf/nodepool-tf/modules/gce/lookup"
	"github.com/nodepool-tf/nodepool-tf/modules/ibmvpc"
	ibmlookup "github.com/nodepool-tf/nodepool-tf/modules/ibmvpc/lookup"
	"github.com/nodepool-tf/nodepool-tf/modules/kubernetes"
	kubernetescloud "github.com/nodepool-tf/nodepool-tf/modules/kubernetes/lookup"
	"github.com/nodepool-tf/nodepool-tf/modules/openstack"
	"github.com/nodepool-tf/nodepool-tf/modules/openstack/lookup"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
)

// Cloud is the cloud of one provider. Errors that no other try mends are a *driver.Refused.
type Cloud interface {
	Lookup(context.Context) (driver.Findings, error)
	Quota(context.Context) (driver.Quota, error)
}

// Faults is a Cloud that can say what went wrong with the machine of a node, "" for nothing.
type Faults interface {
	Fault(ctx context.Context, hostname string) (string, error)
}

// Openers make the cloud of a provider, by driver.
var Openers = map[string]func(driver.Options) Cloud{
	"openstack":  func(o driver.Options) Cloud { return lookup.New(o.(*openstack.Provider)) },
	"kubernetes": openKubernetes, "openshift": openKubernetes, "openshiftpods": openKubernetes,
	"aws":    func(o driver.Options) Cloud { return awslookup.New(o.(*aws.Provider)) },
	"ibmvpc": func(o driver.Options) Cloud { return ibmlookup.New(o.(*ibmvpc.Provider)) },
	"gce":    func(o driver.Options) Cloud { return gcelookup.New(o.(*gce.Provider)) },
	"azure":  func(o driver.Options) Cloud { return azurelookup.New(o.(*azure.Provider)) },
}

func openKubernetes(o driver.Options) Cloud { return kubernetescloud.New(o.(*kubernetes.Provider)) }

// open returns the cloud of a provider, nil where nothing is looked up.
func open(p *config.Provider) Cloud {
	if o := Openers[p.Driver]; o != nil && p.Options != nil {
		return o(p.Options)
	}
	return nil
}

// Answer is what is known of a cloud.
type Answer struct {
	// Asked is false until a first round of questions has ended, whatever came of it.
	Asked bool
	// Findings and Quota are the newest that came, nil before. An older one stays when the cloud does not answer.
	Findings *driver.Findings
	Quota    *driver.Quota
	// Err is why the newest round failed, nil when it did not.
	Err error
}

// Class is what went wrong with the newest round: "auth" where the cloud refuses the launcher, "unknown" for all else, ""
// for nothing.
func (a *Answer) Class() string {
	var refused *driver.Refused
	switch {
	case errors.As(a.Err, &refused):
		return "auth"
	case a.Err != nil:
		return "unknown"
	}
	return ""
}

// roundTime bounds one round of questions.
const roundTime = 2 * time.Minute

// round asks everything once.
func (a *Answer) round(ctx context.Context, c Cloud, quota bool) {
	ctx, cancel := context.WithTimeout(ctx, roundTime)
	defer cancel()
	found, err := c.Lookup(ctx)
	if err == nil {
		a.Findings = &found
		if quota {
			var q driver.Quota
			if q, err = c.Quota(ctx); err == nil {
				a.Quota = &q
			}
		}
	}
	a.Err, a.Asked = err, true
}

// wantsQuota tells whether any pool of a provider goes by the quota of its cloud.
func wantsQuota(p *config.Provider) bool {
	for _, pool := range p.Pools {
		if !pool.IgnoreProviderQuota {
			return true
		}
	}
	return false
}

// Ask asks the clouds of some providers once, side by side.
func Ask(ctx context.Context, providers []*config.Provider) map[string]Answer {
	type named struct {
		name string
		Answer
	}
	got := make(chan named)
	n := 0
	for _, p := range providers {
		if c := open(p); c != nil {
			n++
			go func() {
				a := named{name: p.Name}
				a.round(ctx, c, wantsQuota(p))
				got <- a
			}()
		}
	}
	out := map[string]Answer{}
	for range n {
		a := <-got
		out[a.name] = a.Answer
	}
	return out
}
