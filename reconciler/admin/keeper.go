package admin

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/state/store"
)

// Keeper says who is to destroy a node's resources: the launcher whose workspaces hold them, or, where that one is not
// running, another that serves the provider.
type Keeper struct {
	Provider string
	Owner    string   // host of the nodepool-tf launcher that made it, "" for a node that none made
	Alive    bool     // it is running
	Others   []string // hosts of other running nodepool-tf launchers with the provider, which take over
	Serving  []string // hosts of launchers of any kind that have a pool of the provider registered
}

// FindKeeper looks for whoever is to destroy a node.
func FindKeeper(ctx context.Context, s *session.Session, n *record.Node) (Keeper, error) {
	k := Keeper{Provider: n.Provider}
	var err error
	if k.Serving, err = serving(ctx, s, n.Provider); err != nil {
		return k, err
	}
	launchers, err := store.NewReader(s, nil).Launchers(ctx)
	if err != nil {
		return k, err
	}
	owner := n.OwnerAmong(func(yield func(string) bool) {
		for _, l := range launchers {
			if !yield(l.ID) {
				return
			}
		}
	})
	for _, l := range launchers {
		switch {
		case l.ID == owner:
			k.Owner, k.Alive = hostOf(l), l.Alive
		case l.Alive && slices.Contains(l.About.Providers, n.Provider):
			k.Others = append(k.Others, hostOf(l))
		}
	}
	return k, nil
}

// serving lists the hosts of launchers that have a pool of a provider registered.
func serving(ctx context.Context, s *session.Session, provider string) (hosts []string, err error) {
	pools, err := Pools(ctx, s)
	for _, p := range pools {
		if p.ProviderName == provider && !slices.Contains(hosts, p.Hostname) {
			hosts = append(hosts, p.Hostname)
		}
	}
	return hosts, err
}

func hostOf(l store.Launcher) string {
	if l.About.Hostname != "" {
		return l.About.Hostname
	}
	return "(unknown host, state directory " + l.ID + ")"
}

// Served reports whether anybody is there to do it.
func (k Keeper) Served() bool {
	if k.Owner != "" {
		return k.Alive || len(k.Others) > 0
	}
	return len(k.Serving) > 0
}

// String tells it to an operator.
func (k Keeper) String() string {
	switch {
	case k.Owner != "" && k.Alive:
		return fmt.Sprintf("the launcher on %s destroys it", quote(k.Owner))
	case k.Owner != "" && len(k.Others) > 0:
		return fmt.Sprintf("the launcher on %s, which made it, is not running; %s takes its workspace over, within two minutes, and destroys it", quote(k.Owner), hosts(k.Others))
	case k.Owner != "":
		return fmt.Sprintf("the launcher on %s, which made it, is not running, and no other serves provider %s: nothing is destroyed until one does. Start it (`nodepool-tf launcher` on %s), or any with the same providers and state-key",
			quote(k.Owner), quote(k.Provider), quote(k.Owner))
	case len(k.Serving) > 0:
		return fmt.Sprintf("the launcher of provider %s (%s) destroys it", quote(k.Provider), hosts(k.Serving))
	}
	return fmt.Sprintf("no launcher that serves provider %s is running: nothing is destroyed until one is started", quote(k.Provider))
}

func hosts(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = quote(n)
	}
	return strings.Join(quoted, ", ")
}
