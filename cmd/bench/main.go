// Command bench measures the launcher beside bare Terraform and Nodepool, in one run on one machine. Times are worth
// little by themselves; the ratios hold on other machines too.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// options of a run.
type options struct {
	phases    string
	requests  int
	burst     int
	rate      float64
	length    time.Duration
	hold      time.Duration
	fleet     sizes
	next      int
	launches  int
	bareFleet sizes
	nodepool  int
	plan      int
	daemon    string
	terraform string
	profile   string
	output    string
	svg       string
	from      string
	check     bool
	keep      bool
	quick     bool
}

var phases = []string{"idle", "burst", "steady", "fleet", "bare", "nodepool", "plan", "web"}

// sizes is a list of numbers, smallest first.
type sizes []int

func (s *sizes) String() string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint([]int(*s)), " ", ","), "[]")
}

// Set reads "10,100".
func (s *sizes) Set(text string) error {
	*s = nil
	for f := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(f))
		if err != nil || n < 1 {
			return errors.New("give numbers of nodes, such as 1000,10000")
		}
		*s = append(*s, n)
	}
	slices.Sort(*s)
	return nil
}

func main() {
	o := options{fleet: sizes{1000, 10_000}, bareFleet: sizes{10, 100, 250}}
	flag.StringVar(&o.phases, "phases", strings.Join(phases, ","), "what to measure")
	flag.IntVar(&o.requests, "requests", 100, "one-node requests of the idle phase, for each module")
	flag.IntVar(&o.burst, "burst", 500, "requests of a burst")
	flag.Float64Var(&o.rate, "rate", 10, "requests a second of the steady phase")
	flag.DurationVar(&o.length, "steady", 2*time.Minute, "length of the steady phase")
	flag.DurationVar(&o.hold, "hold", 10*time.Second, "how long its nodes are in use")
	flag.Var(&o.fleet, "fleet", "numbers of existing nodes at which the next node is measured")
	flag.IntVar(&o.next, "next", 40, "next nodes measured at each")
	flag.IntVar(&o.launches, "launches", 200, "launches in flight beside the largest fleet, and interrupted by a kill; 0: no restarts")
	flag.Var(&o.bareFleet, "bare-fleet", "nodes in one workspace of bare Terraform; it is slow from a few hundred on")
	flag.IntVar(&o.nodepool, "nodepool-burst", 500, "requests of Nodepool's burst")
	flag.IntVar(&o.plan, "plan", 1000, "nodes of the plan, over four providers")
	flag.StringVar(&o.daemon, "daemon", "", "launcher binary to measure; empty: build it")
	flag.StringVar(&o.terraform, "terraform", "", "a line for the terraform section of the launcher's configuration, such as \"max-concurrent-applies: 4\"")
	flag.StringVar(&o.profile, "profile", "", "folder for CPU and heap profiles of the launcher, which is then built for that; times are a little worse with it")
	flag.StringVar(&o.output, "output", "", "json or table; empty: a table on a terminal, JSON elsewhere")
	flag.StringVar(&o.svg, "svg", "", "file to draw the picture into")
	flag.StringVar(&o.from, "from", "", "read the figures from a file of JSON, measure nothing")
	flag.BoolVar(&o.check, "check", false, "fail when a budget is not met")
	flag.BoolVar(&o.keep, "keep", false, "keep the folder with logs and state directories")
	flag.BoolVar(&o.quick, "quick", false, "small sizes, to see that everything works: not for figures")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

func run(ctx context.Context, o options) error {
	if o.quick {
		o.requests, o.burst, o.length, o.hold, o.fleet, o.next, o.launches, o.bareFleet, o.nodepool, o.plan = 8, 30, 5*time.Second, 2*time.Second, sizes{20, 60}, 6, 20, sizes{5, 10}, 10, 40
	}
	for p := range strings.SplitSeq(o.phases, ",") {
		if !slices.Contains(phases, p) {
			return fmt.Errorf("there is no phase %q; phases: %s", p, strings.Join(phases, ","))
		}
	}
	var rep *report
	var err error
	if o.from != "" {
		rep, err = readReport(o.from)
	} else {
		rep, err = measure(ctx, o)
	}
	if err != nil {
		return err
	}
	if o.svg != "" {
		if err := os.WriteFile(o.svg, rep.picture(), 0o644); err != nil { //nolint:gosec // a picture for everybody
			return err
		}
	}
	if o.output == "table" || o.output == "" && terminal(os.Stdout) {
		rep.table(os.Stdout)
	} else {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(rep); err != nil {
			return err
		}
	}
	if n := len(rep.Errors); n > 0 {
		return fmt.Errorf("%d phases could not be measured: %s", n, strings.Join(rep.Errors, "; "))
	}
	if n := rep.unmet(); n > 0 && o.check {
		return fmt.Errorf("%d budgets are not met", n)
	}
	return nil
}

func readReport(path string) (*report, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := &report{}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r.Budgets = r.budgets()
	return r, nil
}

// terminal reports whether somebody looks.
func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }
