package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/nodepool-tf/nodepool-tf/reconciler/admin"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

func imageBuildCommand() *cli.Command {
	return &cli.Command{
		Name: "image-build", Usage: "ask builders to build an image now", ArgsUsage: "IMAGE",
		Flags: []cli.Flag{outputFlag(), timeoutFlag(), strictFlag()},
		Action: func(c *cli.Context) error {
			image, err := one(c, "the name of a diskimage")
			if err != nil {
				return err
			}
			cfg, err := loadConfig(c, quiet())
			if err != nil {
				return err
			}
			if err := admin.CheckBuildable(cfg, image); err != nil {
				return err
			}
			return withSession(c, func(ctx context.Context, s *session.Session) error { return admin.BuildImage(ctx, s, image) })
		},
	}
}
