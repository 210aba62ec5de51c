package reconciler

import (
	"context"
	"fmt"
	"time"

	"github.com/nodepool-tf/nodepool-tf/reconciler/clouds"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/reconciler/preview"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/state/store"
)

// glimpse is ZooKeeper read once, without a watch, a lock or a write, as a launcher sees it: the one that serves the
// configured pools now, or, where none does, one that starts.
type glimpse struct {
	s   *session.Session
	cfg *config.Config

	scene     preview.Scene
	images    imageIndex
	clouds    cloudIndex
	tree      string
	stateID   string                          // of the launcher's state directory, "" where that is not known
	host      string                          // of the launcher, "" for none
	served    map[desire.PoolKey]*record.Pool // registered, by configured pool
	launchers map[string]store.Launcher       // by id
	warnings  []string

	pools   []component
	owners  map[string]int64 // request: session that owns it
	holders map[string]bool  // pending requests and nodes whose lock is held or wanted
}

type component struct {
	*record.Pool
	session int64
}

func (g *glimpse) warn(format string, args ...any) {
	g.warnings = append(g.warnings, fmt.Sprintf(format, args...))
}

// look reads everything. Its requests cost a round trip for each record and for each lock that may matter, many at a
// time: with ten thousand nodes about a second.
//
// The clouds' answers are from before: a machine that one of them counts must not have a record that was not there yet
// when nodes were read; and asking takes longer than reading, which is to be of one moment.
func look(ctx context.Context, s *session.Session, cfg *config.Config, answers map[string]clouds.Answer, now time.Time) (*glimpse, error) {
	g := &glimpse{
		s: s, cfg: cfg, served: map[desire.PoolKey]*record.Pool{}, launchers: map[string]store.Launcher{}, owners: map[string]int64{}, holders: map[string]bool{},
		scene: preview.Scene{InHand: map[string]bool{}, View: desire.View{
			Now: now, Config: cfg, Requests: map[string]*desire.Request{}, Nodes: map[string]*desire.Node{}, Pools: map[string]*record.Pool{},
			Own: map[desire.PoolKey]string{}, Handlers: map[string]*desire.Handler{}, MinReady: map[string]string{}, MinReadyAfter: map[string]time.Time{},
		}},
	}
	for _, step := range []func(context.Context) error{g.readTree, g.readPools, g.readLaunchers, g.readRequests, g.readNodes, g.readLocks} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	g.images = newestUploads(ctx, s, wantedImages(cfg))
	g.scene.View.Images = g.images.ids()
	g.seeClouds(answers)
	g.choosePools()
	g.chooseLauncher()
	g.seeNodes()
	g.seeRequests()
	return g, nil
}

// seeClouds takes in what the launcher looks up, too. A cloud that does not answer is told, as the launcher declines what
// it needs it for.
func (g *glimpse) seeClouds(answers map[string]clouds.Answer) {
	g.clouds.update(answers, g.scene.View.Nodes)
	for _, p := range g.cfg.Providers {
		if c := g.clouds.clouds[p.Name]; c != nil && c.Trouble != "" {
			so := ""
			if c.Labels == nil {
				so = "; nothing is launched there until that is mended"
			}
			g.warn("%s%s", c.Silence(p.Name), so)
		}
	}
	g.scene.View.Clouds = g.clouds.clouds
}
