package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/nodepool-tf/nodepool-tf/reconciler/admin"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

func imagePauseCommand() *cli.Command {
	return imageCommand("image-pause", "have builders leave an image alone", admin.PauseImage)
}

func imageUnpauseCommand() *cli.Command {
	return imageCommand("image-unpause", "have builders go on with an image", admin.UnpauseImage)
}

// imageCommand does something about one image, and says nothing when it is done.
func imageCommand(name, usage string, do func(context.Context, *session.Session, string) error) *cli.Command {
	return &cli.Command{
		Name: name, Usage: usage, ArgsUsage: "IMAGE",
		Flags: []cli.Flag{outputFlag(), timeoutFlag(), strictFlag()},
		Action: func(c *cli.Context) error {
			image, err := one(c, "the name of an image")
			if err != nil {
				return err
			}
			return withSession(c, func(ctx context.Context, s *session.Session) error { return do(ctx, s, image) })
		},
	}
}
