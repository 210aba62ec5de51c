package books

import (
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// TestFates: what becomes of an instance, seen before and after it boots, and after it was deleted.
func TestFates(t *testing.T) {
	cases := []struct {
		name          string
		fault         *api.Fault
		before, after api.State // Gone: not found
	}{
		{"healthy", nil, api.Build, api.Active},
		{"ends in ERROR", &api.Fault{Kind: api.Broken, Text: "No valid host was found."}, api.Build, api.Errored},
		{"vanishes", &api.Fault{Kind: api.Vanish}, api.Build, api.Gone},
		{"vanishes later", &api.Fault{Kind: api.Vanish, After: time.Hour}, api.Build, api.Active},
		{"never boots", &api.Fault{Kind: api.Stuck}, api.Build, api.Build},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := start(t)
			b.set(t, api.Settings{Pace: api.Pace{Boot: api.Delay{Fixed: 10 * time.Second}, Shutdown: api.Delay{Fixed: 5 * time.Second}}})
			id := b.make(t, api.InstanceSpec{}, c.fault).ID
			state := func() api.State {
				i, err := b.Instance("acme", id)
				if status(err) == 404 {
					return api.Gone
				}
				if err != nil {
					t.Fatal(err)
				}
				if (i.Fault != "") != (i.State == api.Errored) {
					t.Errorf("fault %q in state %s", i.Fault, i.State)
				}
				return i.State
			}
			if s := state(); s != c.before {
				t.Errorf("at first %s, want %s", s, c.before)
			}
			b.at = b.at.Add(10*time.Second + 1)
			if s := state(); s != c.after {
				t.Errorf("later %s, want %s", s, c.after)
			}
			if c.after != api.Gone {
				if left, err := b.Delete("acme", id, nil); err != nil || left == nil || left.State != api.Deleting {
					t.Errorf("delete: %+v %v", left, err)
				}
				b.at = b.at.Add(5 * time.Second)
			}
			if s := state(); s != api.Gone {
				t.Errorf("at last %s", s)
			}
			bill := b.Bill("acme")
			if !bill.Balanced() || bill.Created != 1 || (bill.Vanished == 1) != (c.after == api.Gone) {
				t.Errorf("books %+v", bill)
			}
		})
	}
}

func TestSecondsAreBilled(t *testing.T) {
	b := start(t)
	id := b.make(t, api.InstanceSpec{}, nil).ID
	b.make(t, api.InstanceSpec{}, &api.Fault{Kind: api.Broken})
	b.at = b.at.Add(10 * time.Second)
	if _, err := b.Delete("acme", id, nil); err != nil {
		t.Fatal(err)
	}
	b.at = b.at.Add(10 * time.Second)
	if bill := b.Bill("acme"); bill.InstanceSeconds != 30 || bill.Failed != 1 {
		t.Errorf("books %+v", bill)
	}
}

// TestStuckDeletion: a deletion that is accepted and never ends is helped by another one.
func TestStuckDeletion(t *testing.T) {
	b := start(t)
	id := b.make(t, api.InstanceSpec{}, nil).ID
	for _, fault := range []*api.Fault{{Kind: api.Stuck}, {Kind: api.Stuck}, nil} {
		left, err := b.Delete("acme", id, fault)
		if err != nil || (left != nil) != (fault != nil) {
			t.Fatalf("delete: %v %v", left, err)
		}
		b.at = b.at.Add(time.Hour)
	}
	if _, err := b.Delete("acme", id, nil); status(err) != 404 {
		t.Errorf("deleting again: %v", err)
	}
}

func TestQuota(t *testing.T) {
	b := start(t)
	b.set(t, api.Settings{Quota: api.Quota{Instances: 3, Cores: 5}})
	big := b.make(t, api.InstanceSpec{Flavor: "large"}, &api.Fault{Kind: api.Broken}) // in ERROR counts too
	b.make(t, api.InstanceSpec{}, nil)
	_, err := b.Create("acme", api.InstanceSpec{Image: "ubuntu", Flavor: "small"}, nil)
	if status(err) != 403 || err.Error() != "403 QuotaExceeded: Quota exceeded for cores: Requested 1, but already used 5 of 5 cores" {
		t.Errorf("error %v", err)
	}
	if _, err := b.Create("other", api.InstanceSpec{Image: "ubuntu", Flavor: "small"}, nil); err != nil {
		t.Errorf("another project: %v", err)
	}
	if _, err := b.Delete("acme", big.ID, nil); err != nil {
		t.Fatal(err)
	}
	b.make(t, api.InstanceSpec{}, nil)
	b.make(t, api.InstanceSpec{}, nil)
	if _, err := b.Create("acme", api.InstanceSpec{Image: "ubuntu", Flavor: "large"}, nil); err == nil || err.Error() != "403 QuotaExceeded: Quota exceeded for cores, instances: Requested 4, 1, but already used 3, 3 of 5, 3 cores, instances" {
		t.Errorf("error %v", err)
	}
}

func TestUnknownFlavorAndImage(t *testing.T) {
	b := start(t)
	for _, spec := range []api.InstanceSpec{{Image: "ubuntu", Flavor: "vast"}, {Image: "none", Flavor: "small"}} {
		if _, err := b.Create("acme", spec, nil); status(err) != 400 {
			t.Errorf("%+v: %v", spec, err)
		}
	}
	own, err := b.AddObject("acme", api.Object{Kind: api.Images, Name: "mine"})
	if err != nil {
		t.Fatal(err)
	}
	for _, image := range []string{"mine", own.ID} {
		if i, err := b.Create("acme", api.InstanceSpec{Image: image, Flavor: "tiny"}, nil); err != nil || i.ImageID != own.ID || i.Image != image {
			t.Errorf("instance %+v %v", i, err)
		}
	}
}
