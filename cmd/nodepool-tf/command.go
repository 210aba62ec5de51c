package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/nodepool-tf/nodepool-tf/reconciler"
	"github.com/nodepool-tf/nodepool-tf/reconciler/admin"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

func outputFlag() cli.Flag {
	return &cli.StringFlag{Name: "output", Aliases: []string{"o"}, Value: "pretty", Usage: "`FORMAT` of the result: pretty, json or yaml"}
}

func timeoutFlag() cli.Flag {
	return &cli.DurationFlag{
		Name: "timeout", Usage: "give up after this `TIME` when ZooKeeper does not answer (default: wait for ever)",
		Action: func(_ *cli.Context, t time.Duration) error {
			if t < 0 {
				return cli.Exit(fmt.Sprintf("--timeout: %s: must not be negative", t), 2)
			}
			return nil
		},
	}
}

func strictFlag() cli.Flag {
	return &cli.BoolFlag{Name: "strict", Usage: "exit with 3 when what was named does not exist and 4 when the command was refused, not with 0 as Nodepool does"}
}

// show writes a result as --output says; withSession has checked that.
func show(c *cli.Context, result interface {
	Write(io.Writer, status.Format) error
}) error {
	f, err := status.ParseFormat(c.String("output"))
	if err != nil {
		return cli.Exit("--output: "+err.Error(), 2)
	}
	return result.Write(c.App.Writer, f)
}

// one is the command's only argument.
func one(c *cli.Context, what string) (string, error) {
	if c.NArg() != 1 || c.Args().First() == "" {
		return "", cli.Exit(fmt.Sprintf("%s takes one argument, %s: `nodepool-tf %s --help`", c.Command.Name, what, c.Command.Name), 2)
	}
	return c.Args().First(), nil
}

// none makes sure that there are no arguments.
func none(c *cli.Context) error {
	if c.Args().Present() {
		return cli.Exit(fmt.Sprintf("%s takes no argument: `nodepool-tf %s --help`", c.Command.Name, c.Command.Name), 2)
	}
	return nil
}

// warn says what is wrong with what a command goes on without.
func warn(c *cli.Context) func(error) {
	return func(err error) { fmt.Fprintln(c.App.ErrWriter, "nodepool-tf: "+status.Printable(err.Error())) }
}

// refusal says why nothing was done. Scripts written against Nodepool see success, with --strict 3 or 4.
func refusal(c *cli.Context, err error) error {
	var r *admin.Refusal
	if !errors.As(err, &r) {
		return err
	}
	warn(c)(r)
	switch {
	case !c.Bool("strict"):
		return nil
	case r.Missing:
		return cli.Exit("", 3)
	}
	return cli.Exit("", 4)
}

// withSession runs f on a ZooKeeper session made from the configuration, of which only the ZooKeeper part is read (D-01).
// --timeout ends the context that f is given; c.Context lasts. A Refusal of f is told.
func withSession(c *cli.Context, f func(context.Context, *session.Session) error) error {
	if _, err := status.ParseFormat(c.String("output")); err != nil {
		return cli.Exit("--output: "+err.Error(), 2)
	}
	cfg, _, err := config.LoadZooKeeper(c.String("config"), c.String("secure"), os.Environ())
	if err != nil {
		return err
	}
	return connected(c, cfg, func(ctx context.Context, s *session.Session) error { return refusal(c, f(ctx, s)) })
}

// connected runs f on a ZooKeeper session made from a configuration. --timeout ends the context that f is given.
func connected(c *cli.Context, cfg *config.Config, f func(context.Context, *session.Session) error) error {
	log := logAt(slog.LevelWarn) // a command's result is no place for news of the connection
	if c.Bool("debug") {
		log = newLogger(true)
	}
	if c.IsSet("logging") {
		log.Warn("logging configurations of Python's are not read; --debug logs more", "file", c.String("logging"))
	}
	if err := cfg.ZooKeeper.Check(); err != nil {
		return fmt.Errorf("%s: %w", cfg.File, err)
	}
	ctx := c.Context
	if t := c.Duration("timeout"); t > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t)
		defer cancel()
	}
	s, err := reconciler.Connect(ctx, cfg.ZooKeeper, log)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("no answer from ZooKeeper at %v within %s: check zookeeper-servers in %s", cfg.ZooKeeper.Addresses(), c.Duration("timeout"), cfg.File)
		}
		return err
	}
	defer s.Close()
	return f(ctx, s)
}
