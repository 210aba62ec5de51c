package main

import (
	"context"
	"errors"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/nodepool-tf/nodepool-tf/reconciler/admin"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

func holdCommand() *cli.Command {
	return &cli.Command{
		Name:      "hold",
		Usage:     "keep a node for somebody to look at: nothing uses or deletes it until max-hold-age is over, or `delete`",
		ArgsUsage: "NODE",
		Description: "A node that a job, or a launcher, is using is locked. The command waits 5 s for it, and with --wait as long as it takes:\n" +
			"the node is then held as soon as it is given back, before it is deleted, if the command is the first to ask.",
		Flags: []cli.Flag{outputFlag(), timeoutFlag(), strictFlag(), &cli.BoolFlag{Name: "wait", Usage: "wait for a locked node as long as it takes"}},
		Action: func(c *cli.Context) error {
			id, err := one(c, "the id of a node")
			if err != nil {
				return err
			}
			wait := admin.LockWait
			if c.Bool("wait") {
				wait = 0
			}
			return withSession(c, func(ctx context.Context, s *session.Session) error {
				before, err := admin.Node(ctx, s, id)
				if err != nil {
					return err
				}
				// The lock is waited for longer than ZooKeeper's answers are.
				if err := admin.Hold(c.Context, s, id, wait, time.Now); err != nil {
					return err
				}
				if why := admin.Promised(before); why != "" {
					warn(c)(errors.New(why))
				}
				return showNode(c.Context, c, s, id)
			})
		},
	}
}
