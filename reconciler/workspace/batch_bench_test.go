package workspace

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/templates"
	"github.com/nodepool-tf/nodepool-tf/testdata/cloud"
)

// BenchmarkBatch is what Options.Batch was chosen by: what a node costs when so many are created by one run, and what
// deleting one of them costs later, while the others stay. CPU and memory are those of worker, Terraform and plugin.
//
//	go test ./reconciler/workspace -run '^$' -bench Batch -benchtime 5x
//
// Two cores, Terraform 1.11.4; ms of CPU, and MiB at most:
//
//	nodes of a run                        1      5     10     25     50
//	built-in: create, a node             39     16     12     12     12
//	built-in: delete one                 36     41     46     80     95
//	built-in: memory                     81     90    104    126    141
//	simulated cloud: create, a node     240     62     43     28     24
//	simulated cloud: delete one         220    242    248    270    299
//	simulated cloud: memory             109    108    130    183    180
//
// The simulated cloud's plugin starts with each run here. Terraform writes the whole state after each resource, so that
// from 25 nodes on a larger run gains nothing more. Deleting one of 25 costs a start of Terraform and a half, because
// its neighbours' blocks are hidden from the run (see needed).
func BenchmarkBatch(b *testing.B) {
	e, err := execute.FindEngine(b.Context(), execute.EngineOptions{Path: os.Getenv("NODEPOOL_TF_ENGINE")})
	if err != nil {
		b.Fatal(err)
	}
	cli, err := cloud.Mirror(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Setenv("TF_CLI_CONFIG_FILE", cli)
	c, err := cloud.Start(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Stop()
	builtin := filepath.Join(b.TempDir(), "module")
	if err := os.MkdirAll(builtin, 0o700); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(builtin, "main.tf"), []byte("variable \"name\" { type = string }\nresource \"terraform_data\" \"vm\" { input = var.name }\noutput \"id\" { value = terraform_data.vm.id }\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	simcloud, err := filepath.Abs("../../testdata/modules/simcloud")
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range []struct {
		name string
		spec modules.Spec
	}{
		{"builtin", modules.Spec{Module: modules.Module{Source: builtin}}},
		{"simcloud", modules.Spec{
			Module:            modules.Module{Source: simcloud},
			RequiredProviders: map[string]modules.RequiredProvider{"simcloud": {Source: cloud.Source}},
			ProviderConfig:    map[string]any{"simcloud": map[string]any{"endpoint": c.Endpoint(), "project": "bench", "token": "t"}},
		}},
	} {
		state := b.TempDir()
		bases := execute.NewBases(e, state, slog.New(slog.DiscardHandler))
		defer bases.Close()
		s.spec.Inputs = map[string]modules.Input{"name": input("${node.id}")}
		base, err := bases.Get(b.Context(), &s.spec)
		if err != nil {
			b.Fatal(err)
		}
		for _, n := range []int{1, 5, 10, 25, 50} {
			b.Run(fmt.Sprintf("%s/nodes=%d", s.name, n), func(b *testing.B) { batchOf(b, e, state, base, &s.spec, n) })
		}
	}
}

func batchOf(b *testing.B, e execute.Engine, state string, base *execute.Base, spec *modules.Spec, n int) {
	var create, destroy execute.Report
	add := func(sum *execute.Report, r execute.Report) {
		sum.CPU += r.CPU
		sum.Wall += r.Wall
		sum.MaxRSS = max(sum.MaxRSS, r.MaxRSS)
	}
	var slots []string
	for i := range n {
		slots = append(slots, SlotName(fmt.Sprintf("%010d", i), 1))
	}
	for b.Loop() {
		dir := filepath.Join(state, "workspaces", "w")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			b.Fatal(err)
		}
		if err := base.Populate(dir, slots); err != nil {
			b.Fatal(err)
		}
		for i, slot := range slots {
			inputs, err := spec.EvalInputs(modules.NodeVars{ID: fmt.Sprint(i)})
			if err != nil {
				b.Fatal(err)
			}
			block, err := templates.RenderSlot(templates.Slot{Name: slot, Source: base.Source, Inputs: inputs})
			if err != nil {
				b.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, slot+".tf"), block, 0o600); err != nil {
				b.Fatal(err)
			}
		}
		run := func(job execute.Job) execute.Report {
			job.ID, job.Exec, job.Timeout, job.Grace, job.Parallelism = string(job.Kind), e.Path, time.Minute, time.Minute, min(10*len(job.Slots), 100)
			r, err := execute.Start(self(), dir, job)
			if err != nil {
				b.Fatal(err)
			}
			var said []string
			rep, err := r.Follow(b.Context(), nil, func(e execute.Event) {
				if e.Diagnostic != nil {
					said = append(said, e.Diagnostic.Text())
				}
			})
			if err != nil || rep.Error != "" {
				b.Fatal(err, rep.Error, said)
			}
			return rep
		}
		add(&create, run(execute.Job{Kind: execute.Create, Slots: slots}))
		if err := showBlocks(dir, slots, slots[:1]); err != nil {
			b.Fatal(err)
		}
		add(&destroy, run(execute.Job{Kind: execute.Destroy, Slots: slots[:1], Whole: n == 1}))
		if n > 1 {
			if err := showBlocks(dir, slots, slots[1:]); err != nil {
				b.Fatal(err)
			}
			run(execute.Job{Kind: execute.Destroy, Slots: slots[1:], Whole: true})
		}
		if err := os.RemoveAll(dir); err != nil {
			b.Fatal(err)
		}
	}
	ms := func(d time.Duration, by int) float64 { return d.Seconds() * 1000 / float64(b.N*by) }
	b.ReportMetric(ms(create.CPU, n), "create-cpu-ms/node")
	b.ReportMetric(ms(create.Wall, 1), "create-wall-ms")
	b.ReportMetric(ms(destroy.CPU, 1), "delete-one-cpu-ms")
	b.ReportMetric(ms(destroy.Wall, 1), "delete-one-wall-ms")
	b.ReportMetric(float64(max(create.MaxRSS, destroy.MaxRSS)>>20), "MiB")
}
