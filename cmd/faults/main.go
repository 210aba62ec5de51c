package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

type options struct {
	plan
	bound  bool
	binary string
	keep   string
	output string
	settle time.Duration
}

func main() {
	o, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(2)
	}
	inside, code := alone()
	if !inside {
		os.Exit(code)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	os.Exit(run(ctx, o))
}

func parse(args []string) (options, error) {
	var o options
	var without string
	f := flag.NewFlagSet("faults", flag.ContinueOnError)
	f.Uint64Var(&o.Seed, "seed", 0, "`number` that the schedule is a function of; 0: a random one, which is printed")
	f.DurationVar(&o.For, "for", 10*time.Minute, "`time` during which there are faults")
	f.BoolVar(&o.bound, "bound", false, "the short form for CI: 40 s of faults in quick succession, unless -for says otherwise")
	f.IntVar(&o.Launchers, "launchers", 2, "`number` of launchers side by side, 1 or 2; with two, hosts are lost too; the short form has one unless told otherwise")
	f.BoolVar(&o.Python, "python", true, "Nodepool's own `launcher` serves beside ours; the short form has none unless told otherwise")
	f.StringVar(&without, "without", "", "comma separated `names` of faults to leave out: "+strings.Join(opNames(), ", "))
	f.StringVar(&o.binary, "daemon", "", "launcher `binary`; empty: it is built, with a clock that can be set")
	f.StringVar(&o.keep, "keep", "", "`folder` into which logs and state are copied at the end of a failed run")
	f.StringVar(&o.output, "output", "text", "`text` or json: the form of the summary")
	f.DurationVar(&o.settle, "settle", 6*time.Minute, "how much `time` everything has to come to rest once the faults are over")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	set := map[string]bool{}
	f.Visit(func(f *flag.Flag) { set[f.Name] = true })
	if o.bound {
		o.Dense = true
		if !set["for"] {
			o.For = 40 * time.Second
		}
		if !set["launchers"] {
			o.Launchers = 1
		}
		if !set["python"] {
			o.Python = false
		}
	}
	if o.Seed == 0 {
		var b [4]byte
		_, _ = rand.Read(b[:])
		o.Seed = uint64(binary.BigEndian.Uint32(b[:]))
	}
	for name := range strings.SplitSeq(without, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if !slices.Contains(opNames(), name) {
			return o, fmt.Errorf("-without: there is no fault %q; there are %s", name, strings.Join(opNames(), ", "))
		}
		o.Without = append(o.Without, name)
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("unknown argument %q", f.Arg(0))
	case o.output != "text" && o.output != "json":
		return o, errors.New("-output is text or json")
	case o.Launchers < 1 || o.Launchers > 2:
		return o, errors.New("-launchers is 1 or 2")
	}
	return o, nil
}

// again is the command that runs the same schedule.
func (o options) again() string {
	text := fmt.Sprintf("make test-faults ARGS='-seed %d", o.Seed)
	if o.bound {
		text += " -bound"
	}
	text += fmt.Sprintf(" -for %s -launchers %d -python=%t", o.For, o.Launchers, o.Python)
	if len(o.Without) > 0 {
		text += " -without " + strings.Join(o.Without, ",")
	}
	return text + "'"
}

// run is the whole of it. 0: everything adds up; 1: something does not; 3: the suite itself could not do its work; 130:
// interrupted.
func run(ctx context.Context, o options) (code int) {
	show := newScreen(os.Stderr)
	events := schedule(o.plan)
	show.say("seed %d: %d faults in %s, %d launcher(s); again with: %s", o.Seed, len(events), o.For, o.Launchers, o.again())
	for _, e := range events {
		show.say("  %s", e)
	}
	w := &world{options: o, show: show, verdict: newVerdict(o)}
	err := w.live(ctx, events)
	if w.dir != "" && o.keep != "" && (err != nil || w.verdict.failed()) {
		show.say("kept: %v %s", os.CopyFS(o.keep, os.DirFS(w.dir)), o.keep)
	}
	if err := w.close(); err != nil {
		w.verdict.add("left behind by the suite", "%v", err)
	}
	show.end()
	if err != nil {
		w.verdict.add("the suite broke off", "%v", err)
	}
	w.verdict.print(os.Stdout, o.output)
	switch {
	case errors.Is(context.Cause(ctx), context.Canceled):
		fmt.Fprintln(os.Stderr, "faults: interrupted")
		return 130
	case err != nil:
		fmt.Fprintln(os.Stderr, "faults:", err)
		return 3
	case w.verdict.failed():
		fmt.Fprintln(os.Stderr, "faults: FAILED, replay with: "+o.again())
		return 1
	}
	return 0
}
