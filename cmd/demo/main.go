package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// limit ends a demo that hangs; a good one takes a few seconds.
const limit = 3 * time.Minute

type options struct {
	daemon string        // path of the nodepool-tf binary
	nodes  int           // nodes to ask for
	soak   time.Duration // run Zuul's own client for so long instead of the story
	kill   time.Duration // during a soak: kill the daemon so often
}

func main() {
	var o options
	flag.StringVar(&o.daemon, "daemon", "bin/nodepool-tf", "path of the daemon's `binary`")
	flag.IntVar(&o.nodes, "nodes", 2, "`number` of nodes to ask for")
	flag.DurationVar(&o.soak, "soak", 0, "instead of the demo, let Zuul's own code send mixed requests for this `time` and check every invariant")
	flag.DurationVar(&o.kill, "kill", 0, "during a soak, kill the daemon each time that so much `time` has passed, and start it again")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	os.Exit(run(ctx, o, os.Stdout, os.Stderr))
}

// run is main with its surroundings as arguments. 0 is success, 1 failure, 130 an interruption.
func run(ctx context.Context, o options, out, problems io.Writer) (code int) {
	show := newScreen(out)
	w := &world{show: show, soak: o.soak > 0}
	defer func() {
		if err := w.close(); err != nil {
			fmt.Fprintf(problems, "demo: clean up: %v\n", err)
			code = max(code, 1)
		}
	}()

	tell := story
	if o.soak > 0 {
		tell = soak
	} else {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	err := tell(ctx, w, o)
	switch {
	case err == nil:
		return 0
	case errors.Is(context.Cause(ctx), context.Canceled):
		fmt.Fprintln(problems, "demo: interrupted, cleaning up")
		return 130
	}
	show.flush()
	fmt.Fprintf(problems, "demo: %v\n", err)
	if tail := w.daemonLog(25); tail != "" {
		fmt.Fprintf(problems, "the daemon's last words:\n%s", tail)
	}
	return 1
}

// story is the demo from the first line to the last.
func story(ctx context.Context, w *world, o options) error {
	w.show.title("nodepool-tf demo: Zuul asks, Terraform builds, Zuul gets its nodes")
	if err := w.build(ctx, o); err != nil {
		return err
	}

	zuul := &requestor{zk: w.zuulSession, show: w.show}
	w.show.title("Zuul asks for %d node(s) with label %q", o.nodes, label)
	if err := zuul.submit(ctx, o.nodes); err != nil {
		return err
	}
	request, err := w.tree.completed(ctx, zuul.request)
	if err != nil {
		return err
	}
	w.show.flush()
	w.show.say("%d node(s) ready %s after the request", len(request.Nodes), ms(w.show.since(stamp(request.StateTime))))

	w.show.title("Zuul takes the nodes and logs in, with the host keys of the node records")
	if err := zuul.accept(ctx); err != nil {
		return err
	}
	for _, n := range zuul.nodes {
		if err := login(ctx, w.show, n, w.key); err != nil {
			return err
		}
	}

	w.show.title("Zuul gives the nodes back")
	if err := zuul.giveBack(ctx); err != nil {
		return err
	}
	if err := w.gone(ctx, zuul.nodes); err != nil {
		return err
	}

	if err := w.stopDaemon(); err != nil {
		return err
	}
	w.show.title("Done. Nothing is left running. Next: README.md, \"Into production\"")
	return nil
}
