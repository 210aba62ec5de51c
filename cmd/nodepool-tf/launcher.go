package main

import (
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/nodepool-tf/nodepool-tf/reconciler"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/metrics"
	"github.com/nodepool-tf/nodepool-tf/reconciler/reload"
)

func launcherCommand() *cli.Command {
	return &cli.Command{
		Name:  "launcher",
		Usage: "serve node requests until SIGTERM or SIGINT (in the foreground, logging to stderr)",
		Flags: []cli.Flag{
			&cli.DurationFlag{Name: "stop-timeout", Value: 120 * time.Second, Usage: "how long a stop waits for launches in hand; they go on after it, and the next start takes them up"},
			&cli.BoolFlag{Name: "f", Usage: "stay in the foreground (always so; accepted for Nodepool's sake)"},
			&cli.BoolFlag{Name: "d", Usage: "stay in the foreground and log at level debug"},
			&cli.StringFlag{Name: "p", Usage: "write the process id to `FILE`, and do not start when it names a running process"},
			&cli.BoolFlag{Name: "no-webapp", Usage: "do not open the HTTP port"},
		},
		Action: func(c *cli.Context) error {
			if err := none(c); err != nil {
				return err
			}
			// Most of the heap is records that stay: with a fleet of ten thousand it would be twice as large as what is in it.
			if _, set := os.LookupEnv("GOGC"); !set {
				debug.SetGCPercent(40)
			}
			hangup := make(chan os.Signal, 1)
			signal.Notify(hangup, syscall.SIGHUP) // before anybody may send one: it would end the launcher
			defer signal.Stop(hangup)
			log := newLogger(c.Bool("debug") || c.Bool("d"))
			defer dumpOnSignal(log)()
			super := findSupervisor(log)
			removePID, err := writePID(c.String("p"))
			if err != nil {
				return err
			}
			defer removePID()
			cfg, err := loadConfig(c, log)
			if err != nil {
				return err
			}
			if err := cfg.ZooKeeper.Check(); err != nil {
				return fmt.Errorf("%s: %w", cfg.File, err)
			}
			if len(cfg.Providers) == 0 {
				log.Warn("no provider to serve: add one with `driver: terraform` or `driver: static`", "config", cfg.File)
			}
			self, err := os.Executable()
			if err != nil {
				return err
			}
			statsd := metrics.StatsdFrom(os.Getenv, log)
			meter := metrics.NewMeter(statsd)
			serve, end, err := openWeb(c, cfg.WebApp, meter, log)
			if err != nil {
				return err
			}
			defer end()
			asked := super.relay(hangup)
			l, err := reconciler.NewLauncher(c.Context, reconciler.Options{
				Config: cfg, Files: reload.Files{Main: cfg.File, Secure: c.String("secure"), Env: os.Environ()}, Reload: asked,
				Log: log, Worker: []string{self, "worker"}, StopTimeout: c.Duration("stop-timeout"), Version: "nodepool-tf " + version, Redact: redactor(), Meter: meter,
			})
			if err != nil && c.Err() != nil {
				return nil //nolint:nilerr // told to stop while it started: what failed was interrupted by that
			}
			if err != nil {
				return err
			}
			serve(l)
			defer super.watch(c.Context, l, hangup, asked)()
			defer report(c.Context, l, meter, statsd, log)()
			return l.Run(c.Context)
		},
	}
}

// workerCommand is the process that runs Terraform in one workspace. The launcher starts it; it outlives the launcher.
func workerCommand() *cli.Command {
	return &cli.Command{
		Name:      "worker",
		Usage:     "run Terraform in one workspace (started by the launcher)",
		ArgsUsage: "FOLDER",
		Hidden:    true,
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return cli.Exit("worker takes one workspace folder", 2)
			}
			return execute.RunWorker(c.Args().First())
		},
	}
}

// loadConfig reads the configuration and logs what is worth saying about it.
func loadConfig(c *cli.Context, log *slog.Logger) (*config.Config, error) {
	cfg, issues, err := config.Load(c.String("config"), c.String("secure"), os.Environ())
	for _, i := range issues {
		if err == nil || i.Severity == config.Warning {
			log.Warn("configuration", "issue", i.String())
		}
	}
	return cfg, err
}
