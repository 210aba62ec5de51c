package main

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/nodepool-tf/nodepool-tf/reconciler"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

func terraformCommand() *cli.Command {
	return &cli.Command{
		Name:      "terraform",
		Usage:     "run a sub-command of Terraform that only reads (state list, show, ...) in a copy of a workspace",
		ArgsUsage: "WORKSPACE|NODE -- SUB-COMMAND [ARGUMENT]...",
		Description: "The copy is made of the state directory where that is here, else of what is kept in ZooKeeper. Terraform masks what\n" +
			"it knows to be sensitive in its text; in JSON and raw output it does not, so that takes --reveal.",
		Flags: []cli.Flag{
			timeoutFlag(),
			&cli.BoolFlag{Name: "reveal", Usage: "allow what prints sensitive values in clear: show -json, output -json, output -raw, output NAME"},
		},
		Action: func(c *cli.Context) error {
			args := c.Args().Slice()
			if len(args) == 0 || strings.HasPrefix(args[0], "-") {
				return cli.Exit("terraform takes a workspace or node and, after --, a sub-command: `nodepool-tf terraform --help`", 2)
			}
			name, args := args[0], args[1:]
			if len(args) > 0 && args[0] == "--" {
				args = args[1:]
			}
			if err := execute.ReadOnly(args, c.Bool("reveal")); err != nil {
				return cli.Exit(err.Error(), 2)
			}
			code := 0
			err := withForecast(c, reconciler.ForecastOptions{}, func(ctx context.Context, f *reconciler.Forecast) (err error) {
				code, err = f.Terraform(ctx, name, args, c.App.Writer, c.App.ErrWriter, colourful(c.App.Writer))
				return err
			})
			if err == nil && code != 0 {
				return cli.Exit("", code)
			}
			return err
		},
	}
}
