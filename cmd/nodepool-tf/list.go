package main

import (
	"context"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/nodepool-tf/nodepool-tf/reconciler/admin"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

func listCommand() *cli.Command {
	return &cli.Command{
		Name:  "list",
		Usage: "list the nodes there are",
		Flags: []cli.Flag{outputFlag(), timeoutFlag(), &cli.BoolFlag{Name: "detail", Usage: "show all columns"}},
		Action: func(c *cli.Context) error {
			if err := none(c); err != nil {
				return err
			}
			return withSession(c, func(ctx context.Context, s *session.Session) error {
				nodes, locked, err := admin.Nodes(ctx, s, warn(c))
				if err != nil {
					return err
				}
				return show(c, status.NodeTable(nodes, locked, c.Bool("detail"), time.Now()))
			})
		},
	}
}

// showNode shows the one row of a node, none when it is gone.
func showNode(ctx context.Context, c *cli.Context, s *session.Session, id string) error {
	var nodes []*record.Node
	if n, err := admin.Node(ctx, s, id); err == nil {
		nodes = append(nodes, n)
	} else if !admin.IsMissing(err) {
		return err
	}
	locked, err := admin.Locked(ctx, s, nodes)
	if err != nil {
		return err
	}
	return show(c, status.NodeTable(nodes, locked, false, time.Now()))
}
