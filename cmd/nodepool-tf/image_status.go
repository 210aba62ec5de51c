package main

import (
	"context"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/nodepool-tf/nodepool-tf/reconciler/admin"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

func imageStatusCommand() *cli.Command {
	return &cli.Command{
		Name:  "image-status",
		Usage: "show which images are paused and of which a build was asked for",
		Flags: []cli.Flag{outputFlag(), timeoutFlag()},
		Action: func(c *cli.Context) error {
			if err := none(c); err != nil {
				return err
			}
			return withSession(c, func(ctx context.Context, s *session.Session) error {
				images, err := admin.ImageStates(ctx, s)
				if err != nil {
					return err
				}
				return show(c, status.ImageStateTable(images, time.Now()))
			})
		},
	}
}
