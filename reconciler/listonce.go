package reconciler

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"

	"github.com/nodepool-tf/nodepool-tf/reconciler/clouds"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/sweep"
	"github.com/nodepool-tf/nodepool-tf/reconciler/workspace"
)

// Lister lists what clouds have, as the sweep for leaks does, beside a launcher that may be running: in a state directory
// of its own, so that it waits for no lock. It only reads: its runs are refreshes.
type Lister struct {
	manager *workspace.Manager
	dir     string
}

// OpenLister needs of the options those that say how Terraform is run. Modules and providers are initialised anew, which
// takes as long as Terraform's downloads do (TF_PLUGIN_CACHE_DIR helps).
func OpenLister(ctx context.Context, o Options) (*Lister, error) {
	t := o.Config.Terraform
	engine, err := execute.FindEngine(ctx, execute.EngineOptions{Path: t.ExecPath, Product: t.Product, Constraint: t.Version, InstallDir: filepath.Join(t.StateDir, "engine")})
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "nodepool-tf-list-") // 0700: provider files hold credentials
	if err != nil {
		return nil, err
	}
	m, err := workspace.Open(workspace.Options{
		Dir: dir, Self: o.Worker, Engine: engine, Log: o.Log, MaxApplies: 2, ColdPlugins: true, // one run is kept free
		ProviderConfig: func(name string) map[string]any { return providerConfig(o.Config.Provider(name)) },
	})
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return &Lister{manager: m, dir: dir}, nil
}

// Close removes all that was made for lists. A run that is interrupted by that was only looking.
func (l *Lister) Close() {
	l.manager.Close()
	_ = os.RemoveAll(l.dir)
}

// List is all that a provider's driver and its list modules name. Not offered: neither lists.
func (l *Lister) List(ctx context.Context, p *config.Provider) (found []sweep.Resource, offered bool, err error) {
	type answer struct {
		found []sweep.Resource
		err   error
	}
	cloud, offered, err := clouds.List(ctx, p)
	if err != nil {
		return nil, true, err
	}
	specs := distinctSpecs(p)
	if offered {
		found, specs = listedResources(cloud), ownModules(p)
	}
	for _, spec := range specs {
		told := make(chan answer, 1)
		l.manager.List(p.Name, spec, func(some []sweep.Resource, err error) { told <- answer{some, err} })
		select {
		case a := <-told:
			if a.err != nil {
				return nil, true, a.err
			}
			offered = offered || a.found != nil
			found = append(found, a.found...)
		case <-ctx.Done():
			return nil, true, ctx.Err()
		}
	}
	// Modules of one provider may list the same.
	slices.SortFunc(found, func(a, b sweep.Resource) int { return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID)) })
	return slices.CompactFunc(found, func(a, b sweep.Resource) bool { return a.Key() == b.Key() }), offered, nil
}
