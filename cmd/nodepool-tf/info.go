package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/nodepool-tf/nodepool-tf/reconciler/admin"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
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
				if err := show(c, r); err != nil {
					return err
				}
				if r.Empty() {
					return &admin.Refusal{Missing: true, Text: fmt.Sprintf("nothing is known of provider %q", provider), Next: "`nodepool-tf list` shows nodes and their providers"}
				}
				return nil
			})
		},
	}
}
