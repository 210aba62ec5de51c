package reconciler

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/sweep"
)

// listCloud begins a sweep of a provider. Where its driver lists, that comes first and waits for no run; what modules of
// the operator's own list is added.
func (lp *loop) listCloud(p *config.Provider, s *providerSweep) {
	if !lp.l.clouds.Lists(p.Name) {
		lp.list(p, s, distinctSpecs(p), nil)
		return
	}
	lp.do(func(ctx context.Context) {
		found, _, err := lp.l.clouds.List(ctx, p.Name)
		lp.post(func() {
			if err != nil {
				lp.notListed(p, s, cloudClass(err), err)
				return
			}
			s.learnRemovers(p, found)
			lp.list(p, s, ownModules(p), listedResources(found))
		})
	})
}

func cloudClass(err error) execute.Class {
	var refused *driver.Refused
	if errors.As(err, &refused) {
		return execute.Auth
	}
	return execute.Unknown
}

func listedResources(found []driver.Resource) []sweep.Resource {
	out := make([]sweep.Resource, len(found))
	for i, r := range found {
		out[i] = sweep.Resource(r)
	}
	return out
}

// ownModules are the specs of a provider with modules of the operator's own: those of this program have no list where
// their drivers list.
func ownModules(p *config.Provider) []*modules.Spec {
	return slices.DeleteFunc(distinctSpecs(p), func(s *modules.Spec) bool { return s.Module.Shipped != nil })
}

// learnRemovers notes whose providers remove what a driver lists.
func (s *providerSweep) learnRemovers(p *config.Provider, found []driver.Resource) {
	if s.specs == nil {
		s.specs = map[string]*modules.Spec{}
	}
	for _, r := range found {
		if s.specs[r.Type] == nil {
			s.specs[r.Type] = remover(distinctSpecs(p), r.Type)
		}
	}
}

// remover is the first spec with the Terraform provider of a resource type, which is named by what comes before the
// type's first underscore. Without one, it is nil.
func remover(specs []*modules.Spec, resourceType string) *modules.Spec {
	provider, _, _ := strings.Cut(resourceType, "_")
	for _, s := range specs {
		if _, ok := s.RequiredProviders[provider]; ok {
			return s
		}
	}
	return nil
}
