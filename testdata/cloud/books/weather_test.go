package books

import (
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

func (b *bench) plan(t *testing.T, resource string, op api.Op, flavor ...string) (time.Duration, api.FaultKind) {
	t.Helper()
	d, f, err := b.Plan("acme", resource, op, strings.Join(flavor, ""))
	if err != nil {
		t.Fatal(err)
	}
	if f == nil {
		return d, ""
	}
	return d, f.Kind
}

// TestCountedFaults are used up in order, each by what it is for, also across a restart.
func TestCountedFaults(t *testing.T) {
	b := start(t)
	b.set(t, api.Settings{Faults: []api.Fault{
		{Kind: api.Error, Op: api.Create, Count: 2}, {Kind: api.Hang, Op: api.Create, Count: 1}, {Kind: api.Auth, Op: api.Get}, {Kind: api.Lost, Resource: api.Images},
	}})
	steps := []struct {
		resource string
		op       api.Op
		want     api.FaultKind
	}{
		{api.Instances, api.Create, api.Error}, {api.Instances, api.Delete, ""}, {api.Instances, api.Create, api.Error}, {api.Instances, api.Create, api.Hang},
		{api.Instances, api.Create, ""}, {api.Instances, api.Get, api.Auth}, {api.Instances, api.Get, api.Auth}, {api.Images, api.Create, api.Lost}, {api.Networks, api.Get, ""},
	}
	for n, s := range steps {
		if _, f := b.plan(t, s.resource, s.op); f != s.want {
			t.Errorf("step %d: %q, want %q", n, f, s.want)
		}
		if err := b.reopen(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFaultOfAFlavor strikes no other, and nothing that has none.
func TestFaultOfAFlavor(t *testing.T) {
	b := start(t)
	b.set(t, api.Settings{Faults: []api.Fault{{Kind: api.Capacity, Op: api.Create, Flavor: "large", Count: 2}, {Kind: api.Error, Flavor: "tiny"}}})
	for n, s := range []struct {
		op     api.Op
		flavor string
		want   api.FaultKind
	}{
		{api.Create, "small", ""}, {api.Create, "large", api.Capacity}, {api.Get, "", ""}, {api.Create, "", ""}, {api.Create, "large", api.Capacity}, {api.Create, "large", ""},
		{api.Create, "tiny", api.Error},
	} {
		if _, f := b.plan(t, api.Instances, s.op, s.flavor); f != s.want {
			t.Errorf("step %d: %q, want %q", n, f, s.want)
		}
	}
}

// TestSeed: the same seed brings the same, however the requests of other kinds fall between; the share is kept.
func TestSeed(t *testing.T) {
	s := api.Settings{Seed: 7, Pace: api.Pace{Create: api.Delay{Fixed: time.Second, Jitter: time.Second}}, Faults: []api.Fault{{Kind: api.Error, Op: api.Create, Rate: 0.2}}}
	var runs [2][1000]time.Duration
	var struck [2]int
	for n := range runs {
		b := start(t)
		b.set(t, s)
		for i := range runs[n] {
			d, f := b.plan(t, api.Instances, api.Create)
			if n == 1 {
				b.plan(t, api.Instances, api.Get)
			}
			if f != "" {
				struck[n]++
			}
			runs[n][i] = d
			if d < time.Second || d >= 2*time.Second {
				t.Fatalf("delay %s", d)
			}
		}
	}
	if runs[0] != runs[1] || struck[0] != struck[1] {
		t.Errorf("the runs differ; %v struck", struck)
	}
	if struck[0] < 150 || struck[0] > 250 {
		t.Errorf("%d of 1000 struck, want 200", struck[0])
	}
}
