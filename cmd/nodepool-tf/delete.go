package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/nodepool-tf/nodepool-tf/reconciler/admin"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

func deleteCommand() *cli.Command {
	return &cli.Command{
		Name:      "delete",
		Usage:     "delete a node",
		ArgsUsage: "NODE",
		Description: "The node's record is put into state `deleting`; the launcher that made the node destroys what it has in the cloud and removes\n" +
			"the record. With --now the command waits for that, at most 600 s (exit code 1 when the node is still there).\n\n" +
			"It does not destroy anything itself, not even with --now: the Terraform state of the node is in a workspace that its launcher has\n" +
			"locked, and a second Terraform beside it could destroy the node's neighbours or lose what it is making. When no launcher is there to\n" +
			"do it, the command says which one is missing.",
		Flags: []cli.Flag{outputFlag(), timeoutFlag(), strictFlag(), &cli.BoolFlag{Name: "now", Usage: "wait until the node is gone"}},
		Action: func(c *cli.Context) error {
			id, err := one(c, "the id of a node")
			if err != nil {
				return err
			}
			return withSession(c, func(ctx context.Context, s *session.Session) error {
				n, err := admin.Node(ctx, s, id)
				if err != nil {
					return err
				}
				if c.Bool("now") {
					err = deleteNow(ctx, c, s, n)
				} else {
					err = deleteSoon(ctx, c, s, n)
				}
				if err != nil {
					return err
				}
				return showNode(c.Context, c, s, id)
			})
		},
	}
}

// deleteSoon has a node deleted, and says so when nobody is there to do it.
func deleteSoon(ctx context.Context, c *cli.Context, s *session.Session, n *record.Node) error {
	if err := admin.Delete(c.Context, s, n.ID, time.Now); err != nil {
		return err
	}
	keeper, err := admin.FindKeeper(ctx, s, n)
	if err == nil && !keeper.Served() {
		warn(c)(fmt.Errorf("node %s is in state deleting: %s", n.ID, keeper))
	}
	return err
}

// deleteNow deletes a node and waits for its end.
func deleteNow(ctx context.Context, c *cli.Context, s *session.Session, n *record.Node) error {
	id := n.ID
	cfg, err := loadConfig(c, quiet())
	if err != nil {
		return err
	}
	if err := admin.CheckConfigured(cfg, n); err != nil {
		return err
	}
	if err := admin.Delete(c.Context, s, id, time.Now); err != nil {
		return err
	}
	keeper, err := admin.FindKeeper(ctx, s, n)
	if err != nil {
		return err
	}
	tty := isTerminal(os.Stderr)
	if tty || !keeper.Served() {
		fmt.Fprintf(c.App.ErrWriter, "nodepool-tf: node %s is in state deleting: %s\n", id, keeper)
	}
	var progress func(time.Duration)
	if tty {
		progress = func(d time.Duration) {
			fmt.Fprintf(c.App.ErrWriter, "\rwaiting for its end: %s ", d.Round(time.Second))
		}
		defer fmt.Fprint(c.App.ErrWriter, "\r\033[K")
	}
	if err := admin.AwaitGone(c.Context, s, id, admin.DeleteTimeout, progress); err != nil {
		return fmt.Errorf("%w; %s. `nodepool-tf explain %s` says more", err, keeper, id)
	}
	return nil
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
