package main

import (
	"context"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/nodepool-tf/nodepool-tf/reconciler/admin"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

func imageDeleteCommand() *cli.Command {
	return &cli.Command{
		Name: "image-delete", Usage: "delete an image that was uploaded to a provider",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "provider", Usage: "`NAME` of the provider"},
			&cli.StringFlag{Name: "image", Usage: "`NAME` of the image"},
			&cli.StringFlag{Name: "build-id", Usage: "`ID` of the build, as image-list shows it"},
			&cli.StringFlag{Name: "upload-id", Usage: "`ID` of the upload, as image-list shows it"},
			outputFlag(), timeoutFlag(), strictFlag(),
		},
		Action: func(c *cli.Context) error {
			if err := none(c); err != nil {
				return err
			}
			for _, option := range []string{"provider", "image", "build-id", "upload-id"} {
				if c.String(option) == "" {
					return cli.Exit("image-delete needs --"+option+": `nodepool-tf image-list` shows all four", 2)
				}
			}
			u := admin.Upload{Image: c.String("image"), Build: c.String("build-id"), Provider: c.String("provider"), ID: c.String("upload-id")}
			return withSession(c, func(ctx context.Context, s *session.Session) error { return admin.DeleteUpload(ctx, s, u, time.Now) })
		},
	}
}
