package main

import (
	"context"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/nodepool-tf/nodepool-tf/reconciler/admin"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

func dibImageListCommand() *cli.Command {
	return imagesCommand("dib-image-list", "list the image builds there are", func(i admin.Images) status.Table {
		return status.BuildTable(i.Builds, i.Paused, time.Now())
	})
}

// imagesCommand shows one table of what there is of images.
func imagesCommand(name, usage string, table func(admin.Images) status.Table) *cli.Command {
	return &cli.Command{
		Name: name, Usage: usage,
		Flags: []cli.Flag{outputFlag(), timeoutFlag()},
		Action: func(c *cli.Context) error {
			if err := none(c); err != nil {
				return err
			}
			return withSession(c, func(ctx context.Context, s *session.Session) error {
				images, err := admin.ReadImages(ctx, s, warn(c))
				if err != nil {
					return err
				}
				return show(c, table(images))
			})
		},
	}
}
