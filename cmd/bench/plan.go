package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud"
	"github.com/nodepool-tf/nodepool-tf/testdata/requestor"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
	"github.com/nodepool-tf/nodepool-tf/testdata/zkserver"
)

// plan is what `nodepool-tf plan` costs for many requests, with nothing initialised that it could use (First) and where
// a launcher has run (Again).
type plan struct {
	Nodes     int     `json:"nodes"`
	Providers int     `json:"providers"`
	First     planRun `json:"first"`
	Again     planRun `json:"again"`
	// Decided is the second without Terraform: the workspaces are rendered and written.
	Decided planRun `json:"render_only"`
}

type planRun struct {
	Seconds    float64 `json:"seconds"`
	CPUms      float64 `json:"cpu_ms"`
	PeakRSSMiB float64 `json:"peak_rss_mib"` // with everything that it starts
	PeakSelf   float64 `json:"peak_own_rss_mib"`
}

const planProviders = 4

const planProvider = `
  - name: sim%N%
    driver: terraform
    required-providers: {simcloud: {source: %SOURCE%}}
    provider-config: {simcloud: {endpoint: "%ENDPOINT%", project: plan%N%, token: none}}
    module: {source: %CLOUD%}
    pools:
      - name: main
        host-key-checking: false
        labels:
          - name: vm%N%
            inputs: {name: "${node.hostname}", tags: "${node.tags}"}
`

func (w *world) plan(ctx context.Context, nodes int) (*plan, error) {
	progress("plan: %d nodes over %d providers", nodes, planProviders)
	dir := filepath.Join(w.dir, "plan")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	zk, err := zkserver.Start(ctx, filepath.Join(dir, "zookeeper"), zkserver.Options{TLS: w.certs, Heap: 512})
	if err != nil {
		return nil, err
	}
	defer zk.Stop()
	text := "labels: [{name: vm0}, {name: vm1}, {name: vm2}, {name: vm3}]\nproviders:"
	for n := range planProviders {
		text += strings.NewReplacer("%N%", fmt.Sprint(n), "%SOURCE%", cloud.Source, "%ENDPOINT%", w.cloud.Endpoint(), "%CLOUD%", rig.Module("simcloud")).Replace(planProvider)
	}
	r, err := rig.New(rig.Options{Dir: dir, Binary: w.binary, Servers: []string{zk.Addr}, TLS: w.tls(), Config: text, Terraform: w.settings})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	s, err := r.Session(ctx)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	zuul, err := requestor.Direct(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := each(ctx, nodes, window, func(ctx context.Context, i int) error {
		_, err := zuul.Submit(ctx, "acme", fmt.Sprintf("vm%d", i%planProviders))
		return err
	}); err != nil {
		return nil, err
	}
	p := &plan{Nodes: nodes, Providers: planProviders}
	if p.First, err = planned(ctx, r, nodes, "plan", "--output", "json"); err != nil {
		return nil, err
	}
	if err := warmed(ctx, r); err != nil {
		return nil, err
	}
	if p.Again, err = planned(ctx, r, nodes, "plan", "--output", "json"); err != nil {
		return nil, err
	}
	p.Decided, err = planned(ctx, r, 0, "render", filepath.Join(dir, "rendered"))
	return p, err
}

// warmed has a launcher initialise the modules. Told to stop at once, it takes no request.
func warmed(ctx context.Context, r *rig.Rig) error {
	if err := r.WriteConfig(); err != nil {
		return err
	}
	chroot := r.Chroot
	r.Chroot = "/elsewhere" // where nobody asks for anything
	if err := errors.Join(r.WriteConfig(), r.Start()); err != nil {
		return err
	}
	for strings.Count(r.Log(), "module initialised") < planProviders {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := r.Stop(ctx)
	r.Chroot = chroot
	return errors.Join(err, r.WriteConfig())
}

// planned runs a command and holds what it says against the number of nodes.
func planned(ctx context.Context, r *rig.Rig, nodes int, args ...string) (p planRun, err error) {
	m := newMeter()
	defer m.close()
	cmd := r.Command(ctx, args...)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	m.begin()
	if err := cmd.Start(); err != nil {
		return p, err
	}
	if err := m.follow(cmd.Process.Pid); err != nil {
		return p, err
	}
	err = cmd.Wait()
	m.leave()
	u := m.end()
	if err != nil {
		return p, fmt.Errorf("%v: %w: %s", args, err, stderr.String())
	}
	p = planRun{Seconds: u.Seconds, CPUms: ms(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()), PeakRSSMiB: u.PeakRSSMiB, PeakSelf: u.PeakLauncher}
	if nodes == 0 {
		return p, nil
	}
	var said struct {
		Summary struct {
			Launch int `json:"launch"`
			Add    int `json:"terraform_add"`
		} `json:"summary"`
	}
	if err := json.Unmarshal(out.Bytes(), &said); err != nil {
		return p, err
	}
	if said.Summary.Launch != nodes || said.Summary.Add != 2*nodes {
		return p, fmt.Errorf("the plan has %d nodes and %d resources, not %d and %d", said.Summary.Launch, said.Summary.Add, nodes, 2*nodes)
	}
	return p, nil
}

// planTable prints the figures of the phase.
func (r *report) planTable(t *printer) {
	if r.Plan == nil {
		return
	}
	t.head(fmt.Sprintf("Plan of %d nodes over %d providers", r.Plan.Nodes, r.Plan.Providers))
	for _, row := range []struct {
		name string
		run  planRun
	}{{"first, modules are initialised", r.Plan.First}, {"beside a launcher's state directory", r.Plan.Again}, {"render, without Terraform's plans", r.Plan.Decided}} {
		t.row(row.name, "%s s\tCPU %s ms\tpeak %s MiB, itself %s MiB", number(row.run.Seconds), number(row.run.CPUms), number(row.run.PeakRSSMiB), number(row.run.PeakSelf))
	}
}
