package reconciler

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// TestGlimpseRole: as whom a preview looks. The configured pools are `a/main` and `a/new`, the second is in no registry.
func TestGlimpseRole(t *testing.T) {
	pool := func(host, provider, name string, session int64) component {
		return component{&record.Pool{ID: host + "/" + provider + "/" + name, Hostname: host, ProviderName: provider, Name: name, SupportedLabels: []string{"old"}}, session}
	}
	here := fqdn()
	for name, c := range map[string]struct {
		registered []component
		host       string
		pools      string // that count, sorted
	}{
		"nobody serves": {nil, "", "plan/a/main plan/a/new"},
		"one does":      {[]component{pool("h1", "a", "main", 7)}, "h1", "h1/a/main plan/a/new"},
		"a removed pool of ours is gone, another launcher's stays": {
			[]component{pool("h1", "a", "main", 7), pool("h1", "a", "gone", 7), pool("h2", "a", "gone", 8)}, "h1", "h1/a/main h2/a/gone plan/a/new",
		},
		"the launcher on this host before others": {
			[]component{pool("a-host", "a", "main", 7), pool(here, "a", "main", 8)}, here, "a-host/a/main " + here + "/a/main plan/a/new",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := &config.Provider{Name: "a"}
			for _, n := range []string{"main", "new"} {
				p.Pools = append(p.Pools, &config.Pool{Name: n, Provider: p, LabelNames: []string{"small", "large"}})
			}
			g := &glimpse{cfg: &config.Config{Providers: []*config.Provider{p}}, pools: c.registered, served: map[desire.PoolKey]*record.Pool{}}
			g.scene.View.Pools, g.scene.View.Own = map[string]*record.Pool{}, map[desire.PoolKey]string{}
			for _, r := range c.registered {
				g.scene.View.Pools[r.ID] = r.Pool
			}
			g.choosePools()
			ids := slices.Sorted(maps.Keys(g.scene.View.Pools))
			want := strings.Fields(c.pools)
			slices.Sort(want)
			if g.host != c.host || !slices.Equal(ids, want) {
				t.Errorf("as %q with %v, want %q with %v", g.host, ids, c.host, want)
			}
			for _, id := range g.scene.View.Own {
				if labels := g.scene.View.Pools[id].SupportedLabels; !slices.Equal(labels, []string{"large", "small"}) {
					t.Errorf("pool %s has %v, not what is configured", id, labels)
				}
			}
		})
	}
}
