package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/session"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud"
	"github.com/nodepool-tf/nodepool-tf/testdata/requestor"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver"
)

// Labels of a site.
const (
	inCloud = "vm"      // in the simulated cloud, through its provider
	instant = "instant" // with what is built into Terraform
)

const config = `
labels: [{name: vm}, {name: instant}]
providers:
  - name: sim
    driver: terraform
    required-providers: {simcloud: {source: %SOURCE%}}
    provider-config: {simcloud: {endpoint: "%ENDPOINT%", project: %PROJECT%, token: none}}
    module: {source: %CLOUD%}
    pools:
      - name: main
        host-key-checking: false
        labels:
          - name: vm
            inputs: {name: "${node.hostname}", tags: "${node.tags}"}
  - name: builtin
    driver: terraform
    module: {source: %INSTANT%}
    pools:
      - name: main
        host-key-checking: false
        labels:
          - name: instant
            inputs: {name: "${node.hostname}"}
`

// site is a launcher with a ZooKeeper and a project in the cloud of its own.
type site struct {
	*world
	project string
	zk      *zkserver.Server
	rig     *rig.Rig
	meter   *meter
	session *session.Session
	zuul    *requestor.Requestor
	socket  string // for profiles
}

// open starts a site and has its first nodes made: what is measured later finds modules initialised.
func (w *world) open(ctx context.Context, name string) (*site, error) {
	s := &site{world: w, project: name, meter: newMeter()}
	err := s.start(ctx)
	if err != nil {
		s.close() //nolint:contextcheck // also after ctx has ended
		return nil, err
	}
	return s, nil
}

func (s *site) start(ctx context.Context) (err error) {
	dir := filepath.Join(s.dir, s.project)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if s.zk, err = zkserver.Start(ctx, filepath.Join(dir, "zookeeper"), zkserver.Options{TLS: s.certs, Heap: 1024}); err != nil {
		return err
	}
	s.socket = filepath.Join(dir, "pprof")
	text := strings.NewReplacer("%SOURCE%", cloud.Source, "%ENDPOINT%", s.cloud.Endpoint(), "%PROJECT%", s.project,
		"%CLOUD%", rig.Module("simcloud"), "%INSTANT%", rig.Module("instant")).Replace(config)
	s.rig, err = rig.New(rig.Options{Dir: dir, Binary: s.binary, Servers: []string{s.zk.Addr}, TLS: s.tls(), Config: text, Terraform: s.settings})
	if err != nil {
		return err
	}
	if err := s.run(); err != nil { //nolint:contextcheck // it ends with close
		return err
	}
	if s.session, err = s.rig.Session(ctx); err != nil {
		return err
	}
	if s.zuul, err = requestor.Direct(ctx, s.session); err != nil {
		return err
	}
	for _, label := range []string{inCloud, instant} {
		for range 2 {
			if _, _, err := s.client(label).roundTrip(ctx, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *site) client(label string) client { return client{s.zuul, label, s.rig.LogFile()} }

// run starts the launcher.
func (s *site) run() error {
	if s.profile != "" {
		if err := os.Setenv("NODEPOOL_TF_PPROF", s.socket); err != nil {
			return err
		}
	}
	if err := s.rig.Start(); err != nil {
		return err
	}
	return s.meter.follow(s.rig.Pid())
}

// kill ends the launcher as a crash would.
func (s *site) kill() {
	s.meter.leave()
	s.rig.Kill()
}

func (s *site) close() {
	if s.zuul != nil {
		s.zuul.Close()
	}
	if s.session != nil {
		s.session.Close()
	}
	if s.rig != nil {
		s.meter.leave()
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		_ = s.rig.Stop(ctx)
		s.rig.Close()
	}
	s.meter.close()
	if s.zk != nil {
		s.zk.Stop()
	}
}

// alive is how many instances the cloud bills the site.
func (s *site) alive(ctx context.Context) (int, error) {
	b, err := s.cloud.Books(ctx, s.project)
	return b.Alive, err
}

// others is the CPU time of everything else that works for a phase, in milliseconds.
type others struct {
	ZooKeeper float64 `json:"zookeeper_cpu_ms"`
	Cloud     float64 `json:"cloud_cpu_ms"`
	Bench     float64 `json:"bench_cpu_ms"`
}

func (s *site) others() others {
	return others{ms(ownCPU(s.zk.Pid())), ms(ownCPU(s.cloud.Pid())), ms(ownCPU(os.Getpid()))}
}

func (o others) since(was others, n int) others {
	k := float64(n)
	return others{(o.ZooKeeper - was.ZooKeeper) / k, (o.Cloud - was.Cloud) / k, (o.Bench - was.Bench) / k}
}

// balanced says what the cloud still bills although it should not.
func (s *site) balanced(ctx context.Context, want int) error {
	alive, err := s.alive(ctx)
	if err == nil && alive != want {
		err = fmt.Errorf("the cloud bills %s %d instances, %d are wanted; see %s", s.project, alive, want, s.rig.LogFile())
	}
	return err
}
