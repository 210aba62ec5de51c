package main

import (
	"context"
	"log/slog"

	"github.com/urfave/cli/v2"

	"github.com/nodepool-tf/nodepool-tf/reconciler"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/metrics"
	"github.com/nodepool-tf/nodepool-tf/reconciler/web"
)

// openWeb opens the HTTP port before anything else is done: one that is taken must not be found out by an operator who
// already relies on it. serve shows a launcher's pages; end closes the port, after the launcher's end.
func openWeb(c *cli.Context, cfg config.WebApp, meter *metrics.Meter, log *slog.Logger) (serve func(*reconciler.Launcher), end func(), err error) {
	if c.Bool("no-webapp") {
		return func(*reconciler.Launcher) {}, func() {}, nil
	}
	server, err := web.Listen(cfg.ListenAddress, cfg.Port, log)
	if err != nil {
		return nil, nil, err
	}
	log.Info("web pages", "address", server.Addr())
	ctx, stop := context.WithCancel(context.WithoutCancel(c.Context))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := server.Serve(ctx); err != nil {
			log.Error("web pages are not served any more", "err", err)
		}
	}()
	closeBoard := func() {}
	serve = func(l *reconciler.Launcher) {
		board := newDashboard(c, cfg, l, log)
		closeBoard = board.Close
		server.Show(web.NewHandler(web.Options{Source: l, Dashboard: board, Metrics: meter.Handler(l), Log: log, Explain: explainer(l)}))
	}
	return serve, func() { stop(); <-ended; closeBoard() }, nil
}

// report sends figures to statsd until stop is called.
func report(ctx context.Context, l *reconciler.Launcher, meter *metrics.Meter, statsd *metrics.Statsd, log *slog.Logger) (stop func()) {
	if statsd == nil {
		log.Info("statsd is off: neither STATSD_HOST nor STATSD_PORT is set")
		return func() {}
	}
	log.Info("statsd", "address", statsd.Address())
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		meter.Report(ctx, l, l.Host())
	}()
	return func() { cancel(); <-ended }
}
