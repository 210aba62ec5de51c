package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/nodepool-tf/nodepool-tf/reconciler/admin"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

func requestListCommand() *cli.Command {
	return &cli.Command{
		Name:  "request-list",
		Usage: "list the node requests there are",
		Flags: []cli.Flag{outputFlag(), timeoutFlag()},
		Action: func(c *cli.Context) error {
			if err := none(c); err != nil {
				return err
			}
			return withSession(c, func(ctx context.Context, s *session.Session) error {
				requests, err := admin.Requests(ctx, s, warn(c))
				if err != nil {
					return err
				}
				return show(c, status.RequestTable(requests))
			})
		},
	}
}
