package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/nodepool-tf/nodepool-tf/reconciler"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/preview"
	"github.com/nodepool-tf/nodepool-tf/state/session"
)

func providerFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "provider", Usage: "only what happens at the provider `NAME`; may be given again"}
}

func planCommand() *cli.Command {
	return &cli.Command{
		Name:  "plan",
		Usage: "show what the launcher would do now, or with another configuration (-c); nothing is locked, written or changed",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Value: "pretty", Usage: "`FORMAT` of the result: pretty or json"},
			timeoutFlag(), providerFlag(),
			&cli.BoolFlag{Name: "refresh-only", Usage: "show what changed in the cloud since it was made: nodes that vanished or were changed outside"},
			&cli.BoolFlag{Name: "detailed-exitcode", Usage: "exit 0 when there is nothing to do, 1 on an error, 2 when there is something to do"},
			&cli.BoolFlag{Name: "detail", Usage: "also list what stays as it is, and add Terraform's own text of its plans"},
		},
		Action: func(c *cli.Context) error {
			format := c.String("output")
			if format != "pretty" && format != "json" {
				return cli.Exit(fmt.Sprintf("--output: %q: must be pretty or json", format), 2)
			}
			err := none(c)
			var p *preview.Plan
			if err == nil {
				p, err = makePlan(c)
			}
			if err != nil {
				return err
			}
			p.Redact(redactor())
			if format == "json" {
				err = p.JSON(c.App.Writer)
			} else {
				err = p.Text(c.App.Writer, preview.Style{Colour: colourful(c.App.Writer), Detail: c.Bool("detail")})
			}
			if err != nil {
				return err
			}
			return planCode(p.Summary(), c.Bool("detailed-exitcode"))
		},
	}
}

// planCode is the exit code of a plan, Terraform's with detailed.
func planCode(s preview.Summary, detailed bool) error {
	switch {
	case s.Problems > 0:
		return cli.Exit("", 1) // each was told
	case detailed && s.Changes():
		return cli.Exit("", 2)
	}
	return nil
}

// makePlan looks, and asks Terraform.
func makePlan(c *cli.Context) (*preview.Plan, error) {
	var p *preview.Plan
	err := withForecast(c, reconciler.ForecastOptions{Drift: c.Bool("refresh-only"), Words: c.Bool("detail")}, func(ctx context.Context, f *reconciler.Forecast) error {
		p = f.Plan()
		return f.AskTerraform(ctx)
	})
	return p, err
}

// withForecast runs f on what is seen in ZooKeeper, in a folder of its own that is gone when it returns.
func withForecast(c *cli.Context, o reconciler.ForecastOptions, f func(context.Context, *reconciler.Forecast) error) error {
	cfg, err := loadConfig(c, quiet())
	if err != nil {
		return err
	}
	tellIgnored(c)
	return connected(c, cfg, func(_ context.Context, s *session.Session) (err error) {
		ctx := c.Context // --timeout is ZooKeeper's, which has answered; clouds and Terraform take their time
		o.Config, o.Session, o.Log, o.Providers = cfg, s, quiet(), c.StringSlice("provider")
		if o.Dir, err = os.MkdirTemp("", "nodepool-tf-plan-"); err != nil {
			return err
		}
		// The first Ctrl-C ends everything within seconds. The next one must not end us before: the folder has secrets.
		again := make(chan os.Signal, 1)
		signal.Notify(again, os.Interrupt, syscall.SIGTERM)
		defer signal.Stop(again)
		defer func() { err = errors.Join(err, os.RemoveAll(o.Dir)) }()
		bar := newProgress(c.App.ErrWriter)
		defer bar.end()
		o.Progress = bar.step
		bar.say("asking the clouds, reading ZooKeeper and the workspaces")
		forecast, err := reconciler.NewForecast(ctx, o)
		if err != nil {
			return err
		}
		defer forecast.Close()
		bar.end()
		return f(ctx, forecast)
	})
}

// tellIgnored says what config-validate calls an error and a launcher goes on without, as Nodepool's does: an option that it
// does not know may be a limit whose name has a typing error.
func tellIgnored(c *cli.Context) {
	for _, i := range config.Validate(c.String("config"), c.String("secure"), os.Environ()) {
		if i.Severity == config.Error {
			warn(c)(fmt.Errorf("a launcher goes on without what is wrong here: %s", i))
		}
	}
}

// progress is a line on a terminal that tells how far a command has got. Elsewhere it says nothing.
type progress struct{ w io.Writer }

func newProgress(w io.Writer) *progress {
	if !terminal(w) {
		return &progress{}
	}
	return &progress{w}
}

func (p *progress) say(text string) {
	if p.w != nil {
		fmt.Fprintf(p.w, "\r\x1b[K%s", text)
	}
}

func (p *progress) step(done, of int) {
	p.say(fmt.Sprintf("asking Terraform: %d of %d", done, of))
}

func (p *progress) end() { p.say("") }

// terminal reports whether somebody looks.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// colourful reports whether a writer takes colours (https://no-color.org).
func colourful(w io.Writer) bool { return terminal(w) && os.Getenv("NO_COLOR") == "" }
