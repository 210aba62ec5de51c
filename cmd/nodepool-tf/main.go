// Command nodepool-tf gives Zuul its build nodes through Terraform.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"
)

// version is set by the linker.
var version = "0.1.0-dev"

func main() {
	if isInit(alias(os.Args)) {
		os.Exit(runInit(os.Args))
	}
	os.Exit(run(alias(os.Args)))
}

func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGUSR1)
	defer stop()
	// The first signal begins a clean stop; with the handler gone, the next one ends the process.
	context.AfterFunc(ctx, stop)
	a := app()
	err := a.RunContext(ctx, optionsFirst(a, args))
	var exit cli.ExitCoder
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		if msg := err.Error(); msg != "" {
			fmt.Fprintln(os.Stderr, "nodepool-tf: "+msg)
		}
		return exit.ExitCode()
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return 130
	}
	fmt.Fprintln(os.Stderr, "nodepool-tf: "+err.Error())
	return 1
}

func app() *cli.App {
	cli.VersionPrinter = func(c *cli.Context) { fmt.Fprintln(c.App.Writer, "nodepool-tf version: "+version) }
	usage := func(c *cli.Context, err error, _ bool) error {
		said := err.Error()
		if strings.HasPrefix(said, "invalid value") && strings.HasSuffix(said, "parse error") { // of a time: no other flag has a value that must be parsed
			said += ", a time has a unit: 30s, 5m"
		}
		fmt.Fprintf(c.App.ErrWriter, "nodepool-tf: %s\nRun `nodepool-tf --help` to see what there is.\n", said)
		return cli.Exit("", 2)
	}
	a := &cli.App{
		Name:      "nodepool-tf",
		Usage:     "build nodes for Zuul, through any Terraform module",
		Version:   version,
		Writer:    os.Stdout,
		ErrWriter: os.Stderr,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "config", Aliases: []string{"c"}, Value: "/etc/nodepool/nodepool.yaml", Usage: "main configuration `FILE`"},
			&cli.StringFlag{Name: "secure", Aliases: []string{"s"}, Usage: "secure configuration `FILE`: ZooKeeper servers and TLS, image env-vars, state-key, admin-token"},
			&cli.StringFlag{Name: "logging", Aliases: []string{"l"}, Usage: "logging configuration `FILE` of Nodepool's (accepted for its sake; not read)"},
			&cli.BoolFlag{Name: "debug", Usage: "log at level debug"},
		},
		Commands: []*cli.Command{
			launcherCommand(), validateCommand(), workerCommand(),
			planCommand(), renderCommand(), terraformCommand(), listCommand(), requestListCommand(), infoCommand(), holdCommand(), deleteCommand(), eraseCommand(),
			imageListCommand(), dibImageListCommand(), imageStatusCommand(), imagePauseCommand(), imageUnpauseCommand(),
			imageBuildCommand(), imageDeleteCommand(), dibImageDeleteCommand(), explainCommand(),
			alienListCommand(), alienImageListCommand(),
		},
		OnUsageError:         usage,
		ExitErrHandler:       func(*cli.Context, error) {},
		EnableBashCompletion: true,
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usage(c, fmt.Errorf("there is no sub-command %q", c.Args().First()), false)
			}
			_ = cli.ShowAppHelp(c)
			return cli.Exit("", 1)
		},
	}
	for _, cmd := range a.Commands {
		cmd.OnUsageError = usage
	}
	return a
}
