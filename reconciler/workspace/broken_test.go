package workspace

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
)

// TestBrokenModules: each fault gives one failed outcome that names it, and destroying what is left leaves nothing.
func TestBrokenModules(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		module string // "": the good one
		order  []func(*Order)
		class  execute.Class
		err    []string
	}{
		"does not exist": {order: []func(*Order){from("/nonexistent/module")}, class: execute.Config,
			err: []string{"read module /nonexistent/module", "no such file"}},
		"does not init": {module: `module "x" { source = "./gone" }`, class: execute.Config,
			err: []string{"initialise module", "gone"}},
		"has no such variable": {order: []func(*Order){with("colour", "red")}, class: execute.Config,
			err: []string{"Unsupported argument", "colour"}},
		"lacks an input": {order: []func(*Order){func(o *Order) { delete(o.Spec.Inputs, "hand") }}, class: execute.Config,
			err: []string{"Missing required argument", "hand"}},
		"lacks an output": {order: []func(*Order){output("az", "output.zone")}, class: execute.Config,
			err: []string{"read outputs of label small", "zone", "interface_ip"}},
		"input is no value": {order: []func(*Order){with("extra", `${split("-", node.pool)[7]}`)}, class: execute.Config,
			err: []string{"evaluate inputs of label small"}},
		"fails on apply": {module: strings.ReplaceAll(nodeModule, "while test -e $node.hold", "echo 'Quota exceeded for cores' >&2; exit 1; while false"), class: execute.Quota,
			err: []string{"Quota exceeded for cores"}},
		"output has a wrong type": {module: nodeModule + `output "az" { value = [1] }`, class: execute.Config,
			err: []string{"read outputs of label small", "az"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if c.module != "" {
				write(t, filepath.Join(b.source, "main.tf"), c.module)
			}
			b.m.Launch(b.order("1", c.order...))
			o := b.wait("1", Failed, Created)
			if o.Class() != c.class {
				t.Errorf("class %s, want %s", o.Class(), c.class)
			}
			for _, part := range c.err {
				if !strings.Contains(o.Err.Error(), part) {
					t.Errorf("error does not say %q: %v", part, o.Err)
				}
			}
			if s, ok := b.m.State("1"); !ok || s.Kind != Failed {
				t.Errorf("state %+v", s)
			}
			b.destroy("1")
			b.gone()
		})
	}
}

// TestHangs: an apply that takes too long is interrupted, its commands end, and what it made is destroyed.
func TestHangs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.say("1", "hold")
	b.m.Launch(b.order("1", within(time.Second)))
	o := b.wait("1", Failed, Created)
	if o.Class() != execute.Timeout || !strings.Contains(o.Err.Error(), "longer than 1s") || !strings.Contains(o.Err.Error(), "launch-timeout") {
		t.Errorf("error %v of class %s", o.Err, o.Class())
	}
	if pids := commands(b.hand); len(pids) > 0 {
		t.Errorf("still running: %v", pids)
	}
	b.destroy("1")
	b.gone()
}

// TestHangingNeighbour: a node that failed for a reason of its own before its neighbour's timeout keeps that reason.
func TestHangingNeighbour(t *testing.T) {
	t.Parallel()
	b := newBench(t, oneRun)
	b.say("1", "hold")
	b.say("2", "fail")
	b.batch(b.order("1", within(2*time.Second)), b.order("2", within(2*time.Second)), b.order("3", within(2*time.Second)))
	b.created("3")
	if o := b.wait("1", Failed, Created); o.Class() != execute.Timeout {
		t.Errorf("error %v of class %s", o.Err, o.Class())
	}
	if o := b.wait("2", Failed, Created); !strings.Contains(o.Err.Error(), "it fails") {
		t.Errorf("error %v of class %s", o.Err, o.Class())
	}
	b.destroy("1", "2", "3", "first")
	b.gone()
}

// commands lists the processes whose environment speaks of the folder hand.
func commands(hand string) []string {
	var found []string
	procs, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, p := range procs {
		if data, err := os.ReadFile(p); err == nil && strings.Contains(string(data), "node="+hand) {
			found = append(found, p)
		}
	}
	return found
}

// TestFrozen: a changed module reaches new nodes only; a live node is destroyed with what it was made from, even when
// the folder is gone.
func TestFrozen(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.launch("1")
	b.created("1")
	write(t, filepath.Join(b.source, "main.tf"), strings.ReplaceAll(nodeModule, `"127.0.0.1"`, `"127.0.0.2"`)+"# no longer the same\n")
	// The change is seen within a second: until then new nodes are like the old.
	var news []string
	for i := 0; ; i++ {
		n := "new" + string(rune('a'+i))
		news = append(news, n)
		b.launch(n)
		if b.wait(n, Created, Failed).Fields.InterfaceIP == "127.0.0.2" {
			break
		}
		time.Sleep(300 * time.Millisecond)
	}
	b.restart(func() {
		if err := os.RemoveAll(b.source); err != nil {
			t.Fatal(err)
		}
	})
	if o, ok := b.m.State("1"); !ok || o.Kind != Created || o.Fields.InterfaceIP != "127.0.0.1" {
		t.Errorf("the live node: %+v", o)
	}
	b.destroy(append(news, "1")...)
	b.gone()
}

// TestRelativeModules: a module that calls others by ../ paths, seen from the configuration file's folder.
func TestRelativeModules(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	conf := t.TempDir()
	write(t, filepath.Join(conf, "lib/vm/main.tf"), nodeModule)
	write(t, filepath.Join(conf, "modules/server/main.tf"), `
variable "name" { type = string }
variable "hand" { type = string }
module "vm" {
  source = "../../lib/vm"
  name   = var.name
  hand   = var.hand
}
output "interface_ip" { value = module.vm.interface_ip }`)
	b.m.Launch(b.order("1", func(o *Order) { o.Spec.Module = modules.Module{Source: "./modules/server", Base: conf} }))
	b.created("1")
	if err := os.RemoveAll(conf); err != nil {
		t.Fatal(err)
	}
	b.destroy("1")
	b.gone()
}
