package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
)

func validateCommand() *cli.Command {
	return &cli.Command{
		Name:  "config-validate",
		Usage: "check the configuration; exit 1 when it has errors",
		Flags: []cli.Flag{outputFlag(), &cli.BoolFlag{Name: "strict", Usage: "also fail on what only stops the launcher from loading the file"}},
		Action: func(c *cli.Context) error {
			check := config.Validate
			if c.Bool("strict") {
				check = config.ValidateStrict
			}
			issues := check(c.String("config"), c.String("secure"), os.Environ())
			if c.String("output") == "json" {
				enc := json.NewEncoder(c.App.Writer)
				enc.SetIndent("", "  ")
				if issues == nil {
					issues = []config.Issue{}
				}
				if err := enc.Encode(issues); err != nil {
					return err
				}
			} else {
				for _, i := range issues {
					fmt.Fprintf(c.App.ErrWriter, "%s: %s\n", i.Severity, i)
				}
			}
			if config.HasErrors(issues) {
				return cli.Exit("", 1)
			}
			if c.String("output") != "json" {
				fmt.Fprintf(c.App.Writer, "%s is valid\n", c.String("config"))
			}
			return nil
		},
	}
}
