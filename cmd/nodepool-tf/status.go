package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/urfave/cli/v2"
	"golang.org/x/sync/errgroup"

	"github.com/nodepool-tf/nodepool-tf/reconciler"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/lock"
	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

func outputFlag() cli.Flag {
	return &cli.StringFlag{Name: "output", Aliases: []string{"o"}, Value: "pretty", Usage: "`FORMAT` of the result: pretty, json or yaml"}
}

func timeoutFlag() cli.Flag {
	return &cli.DurationFlag{Name: "timeout", Usage: "give up after this `TIME` when ZooKeeper does not answer (default: wait for ever)"}
}

func listCommand() *cli.Command {
	return &cli.Command{
		Name:  "list",
		Usage: "list the nodes there are",
		Flags: []cli.Flag{outputFlag(), timeoutFlag(), &cli.BoolFlag{Name: "detail", Usage: "show all columns"}},
		Action: func(c *cli.Context) error {
			return withSession(c, func(ctx context.Context, s *session.Session) error {
				nodes, locked, err := readNodes(ctx, s, c.App.ErrWriter)
				if err != nil {
					return err
				}
				return show(c, status.NodeTable(nodes, locked, c.Bool("detail"), time.Now()))
			})
		},
	}
}

func requestListCommand() *cli.Command {
	return &cli.Command{
		Name:  "request-list",
		Usage: "list the node requests there are",
		Flags: []cli.Flag{outputFlag(), timeoutFlag()},
		Action: func(c *cli.Context) error {
			return withSession(c, func(ctx context.Context, s *session.Session) error {
				var requests []*record.Request
				err := readAll(ctx, s, "/nodepool/requests", func(id string, data []byte) {
					r, err := record.ParseRequest(id, data)
					if err != nil {
						fmt.Fprintf(c.App.ErrWriter, "nodepool-tf: request %s cannot be read: %v\n", id, err)
						return
					}
					requests = append(requests, r)
				})
				if err != nil {
					return err
				}
				return show(c, status.RequestTable(requests))
			})
		},
	}
}

func show(c *cli.Context, t status.Table) error {
	f, err := status.ParseFormat(c.String("output"))
	if err != nil {
		return cli.Exit("--output: "+err.Error(), 2)
	}
	return t.Write(c.App.Writer, f)
}

// withSession runs f on a ZooKeeper session made from the configuration; only its ZooKeeper part is needed.
func withSession(c *cli.Context, f func(context.Context, *session.Session) error) error {
	if _, err := status.ParseFormat(c.String("output")); err != nil {
		return cli.Exit("--output: "+err.Error(), 2)
	}
	quiet := slog.New(slog.DiscardHandler)
	log := newLogger(c.Bool("debug"))
	cfg, err := loadConfig(c, quiet)
	if err != nil {
		return err
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

func readNodes(ctx context.Context, s *session.Session, warn io.Writer) ([]*record.Node, map[string]bool, error) {
	var nodes []*record.Node
	locked := map[string]bool{}
	err := readAll(ctx, s, "/nodepool/nodes", func(id string, data []byte) {
		n, err := record.ParseNode(id, data)
		if err != nil {
			fmt.Fprintf(warn, "nodepool-tf: node %s cannot be read: %v\n", id, err)
			return
		}
		nodes = append(nodes, n)
	})
	if err != nil {
		return nil, nil, err
	}
	var mu sync.Mutex
	err = inParallel(ctx, len(nodes), func(ctx context.Context, i int) error {
		names, err := lock.Contenders(ctx, s, "/nodepool/nodes/"+nodes[i].ID+"/lock")
		mu.Lock()
		defer mu.Unlock()
		locked[nodes[i].ID] = len(names) > 0
		return err
	})
	return nodes, locked, err
}

// inParallel calls f for 0 to n-1, several at a time: ZooKeeper answers one question in a fraction of a millisecond, but
// a fleet has ten thousand nodes.
func inParallel(ctx context.Context, n int, f func(context.Context, int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(64)
	for i := range n {
		g.Go(func() error { return f(ctx, i) })
	}
	return g.Wait()
}

// readAll reads the children of a path in the order of their names. Those that vanish meanwhile are passed over.
func readAll(ctx context.Context, s *session.Session, dir string, each func(id string, data []byte)) error {
	ids, _, err := s.Children(ctx, dir)
	if errors.Is(err, zk.ErrNoNode) {
		return nil
	}
	if err != nil {
		return err
	}
	slices.Sort(ids)
	records := make([][]byte, len(ids))
	err = inParallel(ctx, len(ids), func(ctx context.Context, i int) error {
		data, _, err := s.Get(ctx, dir+"/"+ids[i])
		if errors.Is(err, zk.ErrNoNode) {
			return nil
		}
		records[i] = append([]byte{}, data...) // not nil: there is one
		return err
	})
	if err != nil {
		return err
	}
	for i, data := range records {
		if data != nil {
			each(ids[i], data)
		}
	}
	return nil
}
