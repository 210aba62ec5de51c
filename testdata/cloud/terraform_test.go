package cloud_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

const one = `
resource "simcloud_instance" "vm" {
  name     = "np1"
  image    = "ubuntu"
  flavor   = "small"
  tags     = { node = "1" }
  timeouts = { create = "30s" }
}
`

const vm = "simcloud_instance.vm"

// TestLife: created, changed in place, replaced, destroyed.
func TestLife(t *testing.T) {
	w := newWorkspace(t, "", one)
	if err := w.Configure(t.Context(), "acme", api.Settings{Token: "s3cr3t", Pace: api.Pace{Boot: api.Delay{Fixed: 200 * time.Millisecond}, Shutdown: api.Delay{Fixed: 200 * time.Millisecond}}}); err != nil {
		t.Fatal(err)
	}
	w.apply()
	r := w.resources()[vm].values
	id := r["id"]
	if r["state"] != "ACTIVE" || !strings.HasPrefix(r["public_ipv4"].(string), "127.") {
		t.Errorf("state %v", r)
	}
	w.write("main.tf", strings.Replace(one, `node = "1"`, `node = "2"`, 1))
	w.apply()
	there, err := w.Instances(t.Context(), "acme", map[string]string{"node": "2"})
	if err != nil || len(there) != 1 || there[0].ID != id {
		t.Errorf("after new tags: %+v %v", there, err)
	}
	w.write("main.tf", strings.Replace(one, "small", "large", 1))
	w.apply()
	if w.resources()[vm].values["id"] == id {
		t.Error("a new flavor did not replace it")
	}
	if changes, err := w.Plan(t.Context()); err != nil || changes {
		t.Errorf("there is more to do: %v %v", changes, err)
	}
	w.destroy()
	if b := bill(t, w.Cloud); b.Created != 2 || b.Deleted != 2 {
		t.Errorf("books %+v", b)
	}
}

// TestModule is testdata/modules/simcloud as the launcher uses it.
func TestModule(t *testing.T) {
	dir, err := filepath.Abs("../modules/simcloud")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorkspace(t, "", `
module "n1" {
  source = "`+dir+`"
  name   = "np1"
  tags   = { node = "1" }
}
output "n1" { value = module.n1 }
`)
	w.apply()
	out, err := w.Output(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	there, err := w.Instances(t.Context(), "acme", map[string]string{"node": "1"})
	if err != nil || len(there) != 1 {
		t.Fatalf("%+v %v", there, err)
	}
	for _, want := range []string{there[0].ID, there[0].PublicIPv4, there[0].PrivateIPv4} {
		if !strings.Contains(string(out["n1"].Value), `"`+want+`"`) {
			t.Errorf("outputs lack %s: %s", want, out["n1"].Value)
		}
	}
	w.destroy()
}

func TestImport(t *testing.T) {
	w := newWorkspace(t, "", one)
	i, err := create(t, w.Client(""), map[string]string{"node": "1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Import(t.Context(), vm, i.ID); err != nil {
		t.Fatal(err)
	}
	if r := w.resources()[vm].values; r["public_ipv4"] != i.PublicIPv4 || r["name"] != "np" {
		t.Errorf("imported %v", r)
	}
	if err := w.Import(t.Context(), vm, "i-0000000000000bad"); err == nil {
		t.Error("imported what is not there")
	}
	w.destroy()
}

// TestVanished: what went behind Terraform's back leaves its state, and is made anew.
func TestVanished(t *testing.T) {
	w := newWorkspace(t, "", one)
	w.apply()
	first := w.resources()[vm].values["id"].(string)
	if err := w.Vanish(t.Context(), "acme", first); err != nil {
		t.Fatal(err)
	}
	if err := w.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := w.resources(); len(r) != 0 {
		t.Errorf("still in the state: %v", r)
	}
	w.apply()
	if err := w.Vanish(t.Context(), "acme", w.resources()[vm].values["id"].(string)); err != nil {
		t.Fatal(err)
	}
	w.destroy() // of what is gone already
}

// TestObjectsAndData: images, networks and the data sources.
func TestObjectsAndData(t *testing.T) {
	w := newWorkspace(t, "", one+`
resource "simcloud_image" "own" {
  name    = "ubuntu-build-7"
  details = { format = "qcow2" }
  tags    = { build = "7" }
}
resource "simcloud_network" "net" {
  name    = "private"
  details = { cidr = "127.128.0.0/10" }
}
data "simcloud_images" "all" {
  tags       = { build = "" }
  depends_on = [simcloud_image.own]
}
data "simcloud_instances" "all" {
  tags       = { node = "1" }
  depends_on = [simcloud_instance.vm]
}
data "simcloud_flavors" "all" {}
output "found" {
  value = {
    images    = one(data.simcloud_images.all.images[*].id) == simcloud_image.own.id
    instances = one(data.simcloud_instances.all.instances[*].id) == simcloud_instance.vm.id
    flavors   = contains(data.simcloud_flavors.all.flavors[*].name, "small")
  }
}
`)
	w.apply()
	out, err := w.Output(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s := string(out["found"].Value); strings.Contains(s, "false") || strings.Count(s, "true") != 3 {
		t.Errorf("found %s", s)
	}
	if b := bill(t, w.Cloud); b.Alive != 1 || b.Images != 1 || b.Networks != 1 {
		t.Errorf("books %+v", b)
	}
	w.destroy()
}

// TestNothingSecret: the token is in no state.
func TestNothingSecret(t *testing.T) {
	w := newWorkspace(t, "", one)
	w.apply()
	data, err := os.ReadFile(filepath.Join(w.dir, "terraform.tfstate"))
	if err != nil || strings.Contains(string(data), "s3cr3t") {
		t.Errorf("the state holds the token: %v", err)
	}
	w.destroy()
}
