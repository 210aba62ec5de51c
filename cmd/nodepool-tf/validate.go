package main

import (
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/status"
)

func validateCommand() *cli.Command {
	return &cli.Command{
		Name:  "config-validate",
		Usage: "check the configuration; exit 1 when it has errors",
		Description: "Exit codes are those of Nodepool's validator: what it lets through, and only its launcher refuses to load, is a warning here. " +
			"With --strict it is an error, as it is for the launcher.",
		Flags: []cli.Flag{outputFlag(), &cli.BoolFlag{Name: "strict", Usage: "also fail on what Nodepool finds out only when it loads the file, starts, or launches a node"}},
		Action: func(c *cli.Context) error {
			if err := none(c); err != nil {
				return err
			}
			format, err := status.ParseFormat(c.String("output"))
			if err != nil {
				return cli.Exit("--output: "+err.Error(), 2)
			}
			check := config.Validate
			if c.Bool("strict") {
				check = config.ValidateStrict
			}
			issues := check(c.String("config"), c.String("secure"), os.Environ())
			if err := tell(c, issues, format); err != nil {
				return err
			}
			if config.HasErrors(issues) {
				return cli.Exit("", 1)
			}
			return nil
		},
	}
}

// tell writes issues in the order of the files: to stderr for people, to stdout for programs.
func tell(c *cli.Context, issues []config.Issue, format status.Format) error {
	if format != status.Pretty {
		return issueTable(issues).Write(c.App.Writer, format)
	}
	errs := 0
	for _, i := range issues {
		if i.Severity == config.Error {
			errs++
		}
		fmt.Fprintf(c.App.ErrWriter, "%s: %s\n", i.Severity, i)
	}
	counts := fmt.Sprintf("errors %d, warnings %d", errs, len(issues)-errs)
	if errs > 0 {
		fmt.Fprintf(c.App.ErrWriter, "%s is not valid: %s\n", c.String("config"), counts)
		return nil
	}
	_, err := fmt.Fprintf(c.App.Writer, "%s is valid: %s\n", c.String("config"), counts)
	return err
}

func issueTable(issues []config.Issue) status.Table {
	t := status.Table{Columns: []status.Column{
		{Title: "Severity", Key: "severity"}, {Title: "File", Key: "file"}, {Title: "Line", Key: "line"}, {Title: "Column", Key: "column"},
		{Title: "Path", Key: "path"}, {Title: "Code", Key: "code"}, {Title: "Text", Key: "text"},
	}}
	for _, i := range issues {
		t.Rows = append(t.Rows, []any{i.Severity.String(), i.File, int64(i.Line), int64(i.Col), i.Path, i.Code, i.Text})
	}
	return t
}
