package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/nodepool-tf/nodepool-tf/reconciler"
)

func renderCommand() *cli.Command {
	return &cli.Command{
		Name:      "render",
		Usage:     "write the Terraform workspaces that the launcher would make now, for review; values of provider-config stay out",
		ArgsUsage: "FOLDER",
		Flags:     []cli.Flag{timeoutFlag(), providerFlag()},
		Action: func(c *cli.Context) error {
			dir, err := one(c, "an empty folder, or one to make")
			if err != nil {
				return err
			}
			return withForecast(c, reconciler.ForecastOptions{}, func(_ context.Context, f *reconciler.Forecast) error {
				ids, err := f.Render(dir, redactor())
				for _, id := range ids {
					fmt.Fprintln(c.App.Writer, filepath.Join(dir, "workspaces", id))
				}
				if err == nil && len(ids) == 0 {
					fmt.Fprintln(c.App.ErrWriter, "nodepool-tf: nothing is to be launched now; `nodepool-tf plan` tells why")
				}
				return err
			})
		},
	}
}
