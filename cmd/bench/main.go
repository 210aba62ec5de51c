// Command bench measures the launcher beside bare Terraform and Nodepool, in one run on one machine, and prints JSON.
// Times are worth little by themselves; the ratios hold on other machines too.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver"
)

// report is what the bench prints. Times are in milliseconds, CPU in milliseconds of one core, memory in MiB.
type report struct {
	Machine struct {
		CPUs   int    `json:"cpus"`
		Engine string `json:"engine"`
	} `json:"machine"`
	Bare     bare      `json:"bare_terraform"`
	Idle     idle      `json:"idle"`
	Burst    burst     `json:"burst"`
	Growth   growth    `json:"growth"`
	Daemon   daemon    `json:"daemon"`
	Nodepool *nodepool `json:"nodepool,omitempty"`
}

func main() {
	requests := flag.Int("requests", 50, "one-node requests of the idle phase")
	size := flag.Int("burst", 200, "requests of the burst")
	fleet := flag.Int("fleet", 500, "existing nodes at which the next node is measured")
	daemon := flag.String("daemon", "", "launcher binary to measure; empty: build it")
	nodepool := flag.Bool("nodepool", true, "measure Nodepool itself too, where Python and a package index are there")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *daemon, *requests, *size, *fleet, *nodepool); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, daemon string, requests, size, fleet int, nodepool bool) error {
	dir, err := os.MkdirTemp("", "nodepool-tf-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b, err := newBench(ctx, dir, daemon)
	if err != nil {
		return err
	}
	defer b.close() //nolint:contextcheck // also after ctx has ended
	var rep report
	rep.Machine.CPUs = runtime.NumCPU()
	if rep.Bare, err = b.bare(ctx, requests); err != nil {
		return err
	}
	rep.Machine.Engine = b.engine
	progress("idle: %d requests one after the other", requests)
	if rep.Idle, err = b.idle(ctx, requests, rep.Bare); err != nil {
		return err
	}
	progress("burst of %d", size)
	if rep.Burst, err = b.burst(ctx, size); err != nil {
		return err
	}
	progress("next node beside %d", fleet)
	if rep.Growth, err = b.growth(ctx, fleet, requests); err != nil {
		return err
	}
	rep.Daemon = b.usage(b.began)
	if nodepool {
		if rep.Nodepool, err = b.nodepool(ctx, rep, size); err != nil {
			return err
		}
	}
	enc := json.NewEncoder(os.Stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(rep)
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }

const config = `
labels: [{name: small}]
providers:
  - name: local
    driver: terraform
    module: {source: %q}
    pools:
      - name: main
        host-key-checking: false
        labels:
          - name: small
            inputs: {name: "${node.hostname}"}
`

// newBench starts ZooKeeper and a launcher with a module that takes no time itself.
func newBench(ctx context.Context, dir, binary string) (*bench, error) {
	progress("starting ZooKeeper and the launcher")
	if binary == "" {
		var err error
		if binary, err = rig.Build(ctx, dir); err != nil {
			return nil, err
		}
	}
	certs, err := zkserver.NewCerts(filepath.Join(dir, "certs"))
	if err != nil {
		return nil, err
	}
	zk, err := zkserver.Start(ctx, filepath.Join(dir, "zookeeper"), zkserver.Options{TLS: certs})
	if err != nil {
		return nil, err
	}
	b := &bench{dir: dir, zk: zk, label: "small"}
	b.rig, err = rig.New(rig.Options{
		Dir: dir, Binary: binary, Servers: []string{zk.Addr}, TLS: [3]string{certs.ClientCert, certs.ClientKey, certs.CA},
		Config: fmt.Sprintf(config, rig.Module("instant")),
	})
	if err == nil {
		err = b.rig.Start() //nolint:contextcheck // ends with close
	}
	if err == nil {
		b.zuul, b.session, err = b.rig.Requestor(ctx, nil)
	}
	if err != nil {
		b.close() //nolint:contextcheck // also after ctx has ended
		return nil, err
	}
	b.pid, b.log = b.rig.Pid(), b.rig.LogFile()
	b.began = b.sample()
	// The first request waits for the module's init; measured is what follows.
	return b, b.roundTrips(ctx, 1, nil, nil)
}

func (b *bench) close() {
	if b.zuul != nil {
		b.zuul.Close()
		b.session.Close()
	}
	if b.rig != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		_ = b.rig.Stop(ctx)
		b.rig.Close()
	}
	b.zk.Stop()
}
