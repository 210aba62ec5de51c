package lookup

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/modules/openstack"
)

// TestFlavor is config-reference.md 4.1, min-ram and flavor-name.
func TestFlavor(t *testing.T) {
	all := []flavor{{ID: "4", Name: "c2.large", RAM: 16000, VCPUs: 8}, {ID: "1", Name: "m1.small", RAM: 2000}, {ID: "3", Name: "m1.medium", RAM: 8000}, {ID: "2", Name: "c2.medium", RAM: 8000}, {ID: "c2.large", Name: "odd", RAM: 1}}
	for _, c := range []struct {
		ram        int
		name       string
		id, absent string
	}{
		{0, "m1.small", "1", ""},
		{0, "3", "3", ""},
		{0, "c2.large", "c2.large", ""}, // the id of a smaller one
		{0, "c2", "", "the cloud has no flavor c2"},
		{8000, "", "2", ""}, // of one size the first by name
		{8000, "m1", "3", ""},
		{8001, "", "4", ""},
		{1, "", "c2.large", ""},
		{20000, "", "", "the cloud has no flavor with 20000 MiB of memory"},
		{9000, "m1", "", "the cloud has no flavor with m1 in its name and 9000 MiB of memory"},
	} {
		f, missing := chooseFlavor(all, c.ram, c.name)
		if f.ID != c.id || missing != c.absent {
			t.Errorf("%d %q: %q %q", c.ram, c.name, f.ID, missing)
		}
	}
}

func TestImage(t *testing.T) {
	all := []image{{"1", "a"}, {"2", "b"}, {"3", "b"}, {"a", "c"}}
	for name, want := range map[string][2]string{
		"a": {"a", ""}, "1": {"1", ""}, "c": {"a", ""}, "b": {"", "the cloud has 2 images b; give the image-id of one"}, "x": {"", "the cloud has no active image x"},
	} {
		all := all
		if name == "a" {
			all = all[3:]
		}
		if id, missing := chooseImage(all, name); id != want[0] || missing != want[1] {
			t.Errorf("%s: %q %q", name, id, missing)
		}
	}
}

func TestNetworks(t *testing.T) {
	all := []network{{"1", "in", false}, {"2", "out", true}, {"in", "odd", false}}
	got, missing := chooseNetworks(all, []string{"out", "in"})
	if diff := cmp.Diff([]network{all[1], all[2]}, got); diff != "" || missing != "" {
		t.Error(diff, missing)
	}
	if _, missing := chooseNetworks(all, []string{"out", "x"}); missing != "the cloud has no network x" {
		t.Error(missing)
	}
}

// TestFloating: who gets a floating address.
func TestFloating(t *testing.T) {
	in, out := network{"1", "in", false}, network{"2", "out", true}
	label := func(auto bool) *openstack.Label { return &openstack.Label{Pool: &openstack.Pool{AutoFloatingIP: auto}} }
	for name, c := range map[string]struct {
		auto     bool
		profile  profile
		all, own []network
		want     string
	}{
		"inside":         {true, profile{}, []network{in, out}, []network{in}, "out"},
		"off":            {false, profile{}, []network{in, out}, []network{in}, ""},
		"outside":        {true, profile{}, []network{in, out}, []network{out}, ""},
		"both":           {true, profile{}, []network{in, out}, []network{in, out}, ""},
		"the cloud's":    {true, profile{}, []network{in, out}, nil, "out"},
		"only outside":   {true, profile{}, []network{out}, nil, ""},
		"no outside":     {true, profile{}, []network{in}, []network{in}, ""},
		"private cloud":  {true, profile{Private: true}, []network{in, out}, []network{in}, ""},
		"none in clouds": {true, profile{FloatingIPSource: "None"}, []network{in, out}, []network{in}, ""},
	} {
		if got := floatingPool(label(c.auto), c.profile, c.all, c.own); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
