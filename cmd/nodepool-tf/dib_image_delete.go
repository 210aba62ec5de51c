package main

import (
	"context"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/nodepool-tf/nodepool-tf/reconciler/admin"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

func dibImageDeleteCommand() *cli.Command {
	return &cli.Command{
		Name: "dib-image-delete", Usage: "delete an image build, its files and its uploads", ArgsUsage: "IMAGE-BUILD",
		Flags: []cli.Flag{outputFlag(), timeoutFlag(), strictFlag()},
		Action: func(c *cli.Context) error {
			name, err := one(c, "the id of a build as dib-image-list shows it")
			if err != nil {
				return err
			}
			if err := admin.CheckBuildName(name); err != nil {
				return err
			}
			return withSession(c, func(ctx context.Context, s *session.Session) error {
				return admin.DeleteBuild(ctx, s, name, time.Now)
			})
		},
	}
}
