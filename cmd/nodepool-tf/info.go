package main

import (
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/nodepool-tf/nodepool-tf/reconciler"
	"github.com/nodepool-tf/nodepool-tf/reconciler/admin"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

func infoCommand() *cli.Command {
	return &cli.Command{
		Name:      "info",
		Usage:     "show the images and nodes of a provider",
		ArgsUsage: "PROVIDER",
		Flags:     []cli.Flag{outputFlag(), timeoutFlag(), strictFlag()},
		Action: func(c *cli.Context) error {
			provider, err := one(c, "the name of a provider")
			if err != nil {
				return err
			}
			return withSession(c, func(ctx context.Context, s *session.Session) error {
				images, err := admin.ReadImages(ctx, s, warn(c))
				if err != nil {
					return err
				}
				nodes, _, err := admin.Nodes(ctx, s, warn(c))
				if err != nil {
					return err
				}
				r := status.InfoReport(provider, images.Uploads, nodes)
				empty := r.Empty()
				addQuota(c, &r, provider, nodes)
				if err := show(c, r); err != nil {
					return err
				}
				if empty {
					return &admin.Refusal{Missing: true, Text: fmt.Sprintf("nothing is known of provider %q", provider), Next: "`nodepool-tf list` shows nodes and their providers"}
				}
				return nil
			})
		},
	}
}

// askTime bounds the question to a cloud: what ZooKeeper knows is worth more than its answer.
const askTime = 20 * time.Second

// addQuota asks the provider's cloud, if it has quotas.
func addQuota(c *cli.Context, r *status.Report, provider string, nodes []*record.Node) {
	cfg, err := loadConfig(c, quiet())
	if err != nil || cfg.Provider(provider) == nil {
		return
	}
	ctx, cancel := context.WithTimeout(c.Context, askTime)
	defer cancel()
	q, err := reconciler.QuotaOf(ctx, cfg.Provider(provider), nodes)
	switch {
	case err != nil:
		warn(c)(fmt.Errorf("ask the cloud of provider %s for its quota: %w", provider, err))
	case q != nil:
		r.AddQuota(*q)
	}
}
