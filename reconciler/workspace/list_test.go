package workspace

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/reconciler/execute"
	"github.com/nodepool-tf/nodepool-tf/reconciler/sweep"
)

// listModule tells what it was given, and declares a resource that no list may make.
const listModule = `
variable "provider_name" { type = string }
resource "terraform_data" "never" {
  provisioner "local-exec" { command = "touch %s" }
}
output "resources" {
  value = [
    { type = "vm", id = 7, tags = { nodepool_provider_name = var.provider_name }, created = "2026-11-22T12:00:00Z" },
    { type = "disk", id = "d-1", tags = null, created = "" },
  ]
}
`

type listAnswer struct {
	found []sweep.Resource
	err   error
}

func (b *bench) list(o Order) listAnswer {
	b.t.Helper()
	answer := make(chan listAnswer, 1)
	if !b.m.List("the cloud", o.Spec, func(found []sweep.Resource, err error) { answer <- listAnswer{found, err} }) {
		b.t.Fatal("the list is not begun")
	}
	select {
	case a := <-answer:
		return a
	case <-time.After(time.Minute):
		b.t.Fatal("no list")
		return listAnswer{}
	}
}

// TestList: data is read, nothing is made, and nothing stays behind.
func TestList(t *testing.T) {
	b := newBench(t)
	left := filepath.Join(b.dir, "lists", "of-an-earlier-daemon")
	write(t, filepath.Join(left, "terraform.tfstate"), "")
	if a := b.list(b.order("1")); a.found != nil || a.err != nil {
		t.Errorf("of a module without a list: %+v", a)
	}
	trace := filepath.Join(b.hand, "never")
	write(t, filepath.Join(b.source, "list", "main.tf"), strings.Replace(listModule, "%s", trace, 1))
	time.Sleep(1100 * time.Millisecond) // a module folder is not looked at for changes more often
	a := b.list(b.order("1"))
	want := []sweep.Resource{
		{Type: "vm", ID: "7", Tags: map[string]string{"nodepool_provider_name": "the cloud"}, Created: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)},
		{Type: "disk", ID: "d-1"},
	}
	if diff := cmp.Diff(want, a.found); diff != "" || a.err != nil {
		t.Errorf("%v (-want +got):\n%s", a.err, diff)
	}
	if exists(trace) {
		t.Error("a list has made something")
	}
	if p := b.m.Stats().Providers["the cloud"]; p.BackgroundPeak < 30<<20 || p.CreatePeak != 0 {
		t.Errorf("what it takes was not learned: %+v", p)
	}
	if folders, _ := filepath.Glob(filepath.Join(b.dir, "lists", "*")); len(folders) != 0 {
		t.Errorf("left: %v", folders)
	}
}

// TestListsWait: a list that waits, for hours where its provider is busy, is not asked for again; it keeps no other
// provider of the same module from its own.
func TestListsWait(t *testing.T) {
	b := newBench(t)
	b.m.mu.Lock()
	b.m.draining = true // nothing begins
	b.m.mu.Unlock()
	for i, c := range []struct {
		provider string
		begun    bool
	}{{"busy", true}, {"idle", true}, {"busy", false}} {
		if got := b.m.List(c.provider, b.order("1").Spec, func([]sweep.Resource, error) { t.Error("it has begun") }); got != c.begun {
			t.Errorf("%d: list of %s: %t", i, c.provider, got)
		}
	}
}

// TestListFails: what a list module gets wrong is told as the configuration's mistake.
func TestListFails(t *testing.T) {
	for name, text := range map[string]string{
		"no output resources":  `output "other" { value = 1 }`,
		"no list":              `output "resources" { value = 1 }`,
		"no id":                `output "resources" { value = [{ type = "vm", tags = {} }] }`,
		"an input that it has": "variable \"more\" {}\noutput \"resources\" { value = [] }",
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			write(t, filepath.Join(b.source, "list", "main.tf"), text)
			a := b.list(b.order("1"))
			var e *execute.Error
			if a.found != nil || !errors.As(a.err, &e) || e.Class != execute.Config {
				t.Errorf("%+v", a)
			}
		})
	}
}

// TestRemoveLeaked: a resource is imported, looked at and destroyed; one that does not carry the tags, or that somebody
// knows after all, stays.
func TestRemoveLeaked(t *testing.T) {
	b := newBench(t)
	remove := func(may error) error {
		t.Helper()
		answer := make(chan error, 1)
		r := sweep.Resource{Type: "terraform_data", ID: "x/y", Tags: map[string]string{"nodepool_provider_name": "cloud", "nodepool_node_id": "1"}}
		b.m.RemoveLeaked("cloud", b.order("1").Spec, r, func() error { return may }, func(err error) { answer <- err })
		select {
		case err := <-answer:
			return err
		case <-time.After(time.Minute):
			t.Fatal("no answer")
			return nil
		}
	}
	// terraform_data can be imported, by any id, but has no tags.
	if err := remove(nil); !errors.Is(err, errNotOurs) {
		t.Errorf("listed by the driver, without tags: %v", err)
	}
	write(t, filepath.Join(b.source, "list", "main.tf"), `output "resources" { value = [] }`)
	time.Sleep(1100 * time.Millisecond) // a module folder is not looked at for changes more often
	if err := remove(nil); !errors.Is(err, errNotOurs) {
		t.Errorf("without tags: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(b.dir, "leaks", "*")); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	if _, err := os.Stat(filepath.Join(b.dir, "leaks")); err != nil {
		t.Error(err)
	}
}
