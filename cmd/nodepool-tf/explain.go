package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/nodepool-tf/nodepool-tf/reconciler"
	"github.com/nodepool-tf/nodepool-tf/reconciler/admin"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/explain"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

func explainCommand() *cli.Command {
	return &cli.Command{
		Name:      "explain",
		Usage:     "say why a request waits, was declined or got its nodes, or what becomes of a node",
		ArgsUsage: "REQUEST|NODE",
		Description: "It reads ZooKeeper and the configuration and applies the launcher's own rules to them; nothing is locked or written. When the\n" +
			"launcher's web port answers on this host (webapp), what only the running launcher knows is added: what clouds refused lately, how far\n" +
			"launches are, and its journal. The numbers behind verdicts (--output json) are those of the protocol's rules.",
		Flags: []cli.Flag{outputFlag(), timeoutFlag(), strictFlag()},
		Action: func(c *cli.Context) error {
			id, err := one(c, "the id of a request or node")
			if err != nil {
				return err
			}
			cfg, err := loadConfig(c, quiet())
			if err != nil {
				return err
			}
			return withSession(c, func(ctx context.Context, s *session.Session) error {
				rep, err := explained(ctx, c, s, cfg, id)
				if err != nil {
					return err
				}
				if rep.Daemon, err = explain.Ask(ctx, cfg.WebApp, id); err != nil {
					rep.Silent = fmt.Sprintf("no launcher answered on this host (%v): what clouds refused lately, and the journal, are not known. Run this where the launcher runs", err)
				}
				if err := show(c, rep); err != nil {
					return err
				}
				if rep.State == "gone" {
					return &admin.Refusal{Missing: true, Text: "there is no " + rep.Kind + " of that id", Next: "`nodepool-tf list` and `nodepool-tf request-list` show those there are"}
				}
				return nil
			})
		},
	}
}

// explained is the part that ZooKeeper and the configuration tell.
func explained(ctx context.Context, c *cli.Context, s *session.Session, cfg *config.Config, id string) (*explain.Report, error) {
	w, err := readWorld(ctx, c, s)
	if err != nil {
		return nil, err
	}
	var rep *explain.Report
	owners, nodes := map[string]bool{}, map[string]bool{}
	for _, r := range w.Requests {
		if r.ID == id {
			rep = explain.AboutRequest(r, w, cfg)
		}
	}
	for _, n := range w.Nodes {
		if n.ID == id {
			keeper, err := admin.FindKeeper(ctx, s, n)
			if err != nil {
				return nil, err
			}
			rep = explain.AboutNode(n, keeper.String(), w, cfg)
		}
		if (n.ID == id || n.AllocatedTo == id) && n.Owner() != "" {
			owners[n.Owner()], nodes[n.ID] = true, true
		}
	}
	if rep == nil {
		return explain.Gone(id), nil
	}
	if len(nodes) > 0 {
		if rep.Places, err = explain.Places(ctx, s, cfg.Terraform.StateKey, owners, nodes); err != nil {
			warn(c)(fmt.Errorf("which workspaces hold its nodes is not known: %w", err))
		}
	}
	redact := redactor() // what Terraform said is kept as it said it
	for i := range rep.Places {
		rep.Places[i].Error = redact(rep.Places[i].Error)
	}
	return rep, nil
}

func readWorld(ctx context.Context, c *cli.Context, s *session.Session) (*explain.World, error) {
	w := &explain.World{Now: time.Now()}
	host, _ := os.Hostname()
	w.Host, _, _ = strings.Cut(host, ".")
	var err error
	if w.Nodes, w.Locked, err = admin.Nodes(ctx, s, warn(c)); err != nil {
		return nil, err
	}
	if w.Requests, err = admin.Requests(ctx, s, warn(c)); err != nil {
		return nil, err
	}
	if w.Pools, err = admin.Pools(ctx, s); err != nil {
		return nil, err
	}
	images, err := admin.ReadImages(ctx, s, warn(c))
	w.Uploads = images.Uploads
	return w, err
}

// explainer is the launcher's part, for its web server.
func explainer(l *reconciler.Launcher) func(context.Context, string) (any, error) {
	return func(ctx context.Context, id string) (any, error) { return l.Explain(ctx, id) }
}
