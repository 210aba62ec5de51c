package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/nodepool-tf/nodepool-tf/reconciler/admin"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

func eraseCommand() *cli.Command {
	return &cli.Command{
		Name:      "erase",
		Usage:     "remove all records of a provider; its cloud is not asked",
		ArgsUsage: "PROVIDER",
		Description: "For a provider that is gone for good. Image uploads and nodes of the provider lose their records, nothing in the cloud is touched, and\n" +
			"this cannot be undone. Terraform workspaces are no records: what they hold stays theirs, and a launcher destroys what no node's\n" +
			"record wants any more, when it has seen that twice, a minute apart. To keep resources, stop the launchers first.",
		Flags: []cli.Flag{outputFlag(), timeoutFlag(), strictFlag(), &cli.BoolFlag{Name: "force", Usage: "do not ask"}},
		Action: func(c *cli.Context) error {
			provider, err := one(c, "the name of a provider")
			if err != nil {
				return err
			}
			return withSession(c, func(ctx context.Context, s *session.Session) error {
				what, err := admin.Erasable(ctx, s, provider, warn(c))
				if err != nil {
					return err
				}
				fmt.Fprint(c.App.ErrWriter, what.Warning(provider))
				if !c.Bool("force") && !agreed(c.Context, c.App.ErrWriter, os.Stdin) {
					fmt.Fprintln(c.App.ErrWriter, "nothing was erased")
					return nil
				}
				return erase(c.Context, c, s, provider, what)
			})
		},
	}
}

func erase(ctx context.Context, c *cli.Context, s *session.Session, provider string, what admin.Erased) error {
	name := status.Printable(provider)
	fmt.Fprintf(c.App.ErrWriter, "erasing the image uploads of provider %s\n", name)
	if err := admin.EraseUploads(ctx, s, provider); err != nil {
		return err
	}
	fmt.Fprintf(c.App.ErrWriter, "erasing the nodes of provider %s\n", name)
	if err := admin.EraseNodes(ctx, s, what.Nodes, time.Now); err != nil {
		return err
	}
	if c.String("output") == string(status.Pretty) {
		return nil
	}
	return show(c, what.Report(provider))
}

// agreed asks on a terminal, or whatever stdin is. Only `y` is yes; so an ended stdin is no.
func agreed(ctx context.Context, out io.Writer, in io.Reader) bool {
	fmt.Fprint(out, "Erase them? [y/N] ")
	answer := make(chan string, 1)
	go func() { // reading a terminal cannot be interrupted; the process ends soon
		line, _ := bufio.NewReader(in).ReadString('\n')
		answer <- line
	}()
	select {
	case line := <-answer:
		return strings.EqualFold(strings.TrimSpace(line), "y")
	case <-ctx.Done():
		return false
	}
}
