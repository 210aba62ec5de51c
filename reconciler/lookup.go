package reconciler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/reconciler/clouds"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/journal"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// cloudIndex is what was looked up of a configuration's providers, as decisions and launches need it.
type cloudIndex struct {
	clouds map[string]*desire.Cloud
	found  map[string]*driver.Findings
	quotas map[string]*driver.Quota // those that clouds were made from
	news   int
}

// update takes newer answers in. What is unmanaged is told by the nodes that are known by now: each was there before its
// machine was.
func (x *cloudIndex) update(answers map[string]clouds.Answer, nodes map[string]*desire.Node) {
	before := *x
	*x = cloudIndex{clouds: map[string]*desire.Cloud{}, found: map[string]*driver.Findings{}, quotas: map[string]*driver.Quota{}, news: before.news}
	for name, a := range answers {
		c := &desire.Cloud{Asked: a.Asked}
		if a.Err != nil {
			c.Trouble, c.Class = clouds.Text(a.Err), a.Class()
		}
		if a.Findings != nil {
			c.Labels = a.Findings.Labels
			if c.Labels == nil {
				c.Labels = map[driver.LabelKey]driver.Found{}
			}
			x.found[name] = a.Findings
		}
		if q := a.Quota; q != nil {
			c.Limits = q.Limits
			if was := before.clouds[name]; before.quotas[name] == q && was != nil {
				c.Unmanaged = was.Unmanaged
			} else {
				c.Unmanaged = q.Unmanaged(name, func(id string) bool { return nodes[id] != nil })
			}
			x.quotas[name] = q
		}
		x.clouds[name] = c
	}
}

// of is what was found for a label.
func (x *cloudIndex) of(l *config.PoolLabel) driver.Found {
	if f := x.found[l.Pool.Provider.Name]; f != nil {
		return f.Labels[driver.LabelKey{Pool: l.Pool.Name, Label: l.Name}]
	}
	return driver.Found{}
}

// zones are those that nodes of a pool may be put into.
func (x *cloudIndex) zones(pool *config.Pool) []string {
	if f := x.found[pool.Provider.Name]; f != nil {
		return f.Zones[pool.Name]
	}
	return nil
}

// QuotaOf asks the cloud of a provider for its quota now; nodes are all records. It is nil for clouds without one.
func QuotaOf(ctx context.Context, p *config.Provider, nodes []*record.Node) (*status.Quota, error) {
	a := clouds.Ask(ctx, []*config.Provider{p})[p.Name]
	if a.Err != nil || a.Quota == nil || len(a.Quota.Limits) == 0 {
		return nil, a.Err
	}
	known, used := map[string]bool{}, map[string]float64{}
	for _, n := range nodes {
		known[n.ID] = true
		if n.Provider == p.Name {
			for res, amount := range n.Resources {
				used[res] += amount
			}
		}
	}
	return &status.Quota{Limits: a.Quota.Limits, Used: used, Unmanaged: a.Quota.Unmanaged(p.Name, func(id string) bool { return known[id] })}, nil
}

// seeClouds takes the newest answers of the clouds into the view.
func (lp *loop) seeClouds() {
	if lp.l.clouds.News() == lp.clouds.news {
		return
	}
	answers, news := lp.l.clouds.Answers()
	lp.clouds.update(answers, lp.view.Nodes)
	lp.clouds.news = news
	lp.view.Clouds = lp.clouds.clouds
	for _, la := range lp.launches { // a few times in five minutes
		if la.phase == asking {
			lp.start(la)
		}
	}
}

// errSilent is why an attempt fails whose cloud has never said what the label is made of.
var errSilent = errors.New("it is not known what the label is made of")

// informed reports whether an attempt can be rendered: without what the cloud says it would be a node without an image,
// which is refused like a mistake in the configuration and stops the label. A cloud that has not been asked yet, because
// the launcher has just started or the provider has just changed, is waited for (a round of questions has an end); one
// that does not answer fails the attempt as one that did not reach it.
func (lp *loop) informed(la *launch, waited bool) bool {
	switch c := lp.view.Clouds[la.node.Provider]; {
	case c == nil:
	case !c.Asked:
		la.phase = asking
		return false
	case c.Labels == nil:
		lp.l.clouds.Again(la.node.Provider)
		lp.attemptFailed(la, silence(la, c), "")
		return false
	case waited: // its record was made before
		fromLabel(la.node.Node, la.label, lp.basisOf(la.label))
		la.node.AZ = lp.zone(la.handler, la.label.Pool)
	}
	return true
}

func silence(la *launch, c *desire.Cloud) error {
	return &execute.Error{Class: execute.Unknown, Op: "look up label " + la.label.Name, Err: fmt.Errorf("%w: %s", errSilent, c.Silence(la.node.Provider))}
}

// zone is where the nodes of a request go: where a node that it took is, else any (protocol.md 4.6.2).
func (lp *loop) zone(h *handler, pool *config.Pool) string {
	if h.Zone == "" {
		if zones := lp.clouds.zones(pool); len(zones) > 0 {
			h.Zone = zones[rand.IntN(len(zones))]
		}
	}
	return h.Zone
}

// logConsole logs, line by line, what the machine of a node that did not boot wrote to its console: there may be passwords
// in it. It asks the cloud.
func (lp *loop) logConsole(ctx context.Context, n *record.Node, attempt int) {
	ctx, cancel := context.WithTimeout(ctx, faultTime)
	defer cancel()
	log := lp.log.With("node", n.ID, "provider", n.Provider, "pool", n.Pool, "attempt", attempt)
	lines, err := lp.l.clouds.Console(ctx, n.Provider, hostname(n.ID))
	if err != nil {
		log.Warn("the console of a node that did not boot is not there", "err", clouds.Text(err))
	}
	for _, line := range lines {
		log.InfoContext(journal.LogOnly(ctx), "console", "line", line)
	}
}

// faultTime bounds the question what went wrong with a node.
const faultTime = 30 * time.Second

// withFault adds to an error of Terraform's what the cloud says went wrong with the node's machine. It asks the cloud.
func (lp *loop) withFault(ctx context.Context, n *record.Node, err error) error {
	ctx, cancel := context.WithTimeout(ctx, faultTime)
	defer cancel()
	if text := lp.l.clouds.Fault(ctx, n.Provider, hostname(n.ID)); text != "" {
		return execute.Explained(err, text)
	}
	return err
}

// stale tells that a failure may come from answers of the cloud that are out of date: its quota, or an image, flavor or
// network that is not there any more.
func stale(err error) bool {
	switch execute.ClassOf(err) {
	case execute.Quota, execute.Config:
		return true
	case execute.Unknown:
		return notThere.MatchString(err.Error())
	}
	return false
}

var notThere = regexp.MustCompile(`(?i)\b40[04]\b|bad request|(not|n't) (be )?f(ind|ound)`)

// lookUp completes a trial with what was found for its label.
func (x *cloudIndex) lookUp(t *trial) {
	f := x.of(t.label)
	t.image, t.given = cmp.Or(t.image, f.ImageID), f.Given
}
