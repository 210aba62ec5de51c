package clouds

import (
	"context"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
)

// Lister is a Cloud that lists what carries the tags of our nodes, for drivers whose Terraform provider cannot. It may
// leave out what has other tags. Half a list is an error: what is not in it would count as gone.
type Lister interface {
	List(context.Context) ([]driver.Resource, error)
}

// listTime bounds one list: all pages of all kinds.
const listTime = 5 * time.Minute

// List lists what a provider's cloud has. Not offered: its cloud is no Lister.
func List(ctx context.Context, p *config.Provider) (found []driver.Resource, offered bool, err error) {
	return list(ctx, open(p))
}

// Lists tells whether List offers a list of a provider's cloud.
func (w *Watch) Lists(provider string) bool {
	_, ok := w.cloud(provider).(Lister)
	return ok
}

// List is the function List, of a provider that is followed.
func (w *Watch) List(ctx context.Context, provider string) (found []driver.Resource, offered bool, err error) {
	return list(ctx, w.cloud(provider))
}

func list(ctx context.Context, c Cloud) (found []driver.Resource, offered bool, err error) {
	l, ok := c.(Lister)
	if !ok {
		return nil, false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, listTime)
	defer cancel()
	if found, err = l.List(ctx); err != nil {
		return nil, true, err
	}
	return found, true, nil
}

// cloud is that of a provider, nil where none is followed.
func (w *Watch) cloud(provider string) Cloud {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.all[provider]; a != nil {
		return a.cloud
	}
	return nil
}
