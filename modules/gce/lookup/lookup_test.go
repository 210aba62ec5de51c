package lookup

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/gce"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
	simulated "github.com/nodepool-tf/nodepool-tf/testdata/gce"
)

const file = `
name: p
driver: gce
project: acme
region: europe-west1
zone: europe-west1-c
rate: 1000
cloud-images:
  - {name: debian, image-project: debian-cloud, image-family: debian-12}
  - {name: gone, image-project: debian-cloud, image-family: debian-10}
  - {name: fixed, image-id: projects/acme/global/images/hardened-2025-06}
  - {name: nothing}
pools:
  - name: main
    labels:
      - {name: newest, cloud-image: debian, instance-type: e2-standard-4}
      - {name: fixed, cloud-image: fixed, instance-type: e2-small}
      - {name: again, cloud-image: debian, instance-type: e2-small}
      - {name: image, cloud-image: gone, instance-type: e2-small}
      - {name: size, cloud-image: debian, instance-type: m9-huge}
      - {name: none, cloud-image: nothing, instance-type: e2-small}
`

// cloud is that of a provider, with a simulated Compute Engine behind it.
func cloud(t *testing.T, s simulated.Settings, change ...string) (*Cloud, *simulated.Cloud, string) {
	t.Helper()
	text := strings.NewReplacer(change...).Replace(file)
	v, issues := schema.Parse("nodepool.yaml", []byte(text))
	if v == nil {
		t.Fatal(issues)
	}
	rep := schema.NewReport("nodepool.yaml", schema.Load, nil)
	m, _ := rep.Root(v).Mapping()
	m.Accept("name", "driver")
	p := gce.New(&driver.Scope{Provider: "p", Driver: "gce", IsLabel: func(string) bool { return true }})
	option.Read(p, m)
	if schema.HasErrors(rep.Issues()) {
		t.Fatal(rep.Issues())
	}
	s.Project = "acme"
	sim, err := simulated.Start(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Stop)
	key := filepath.Join(t.TempDir(), "key.json")
	if err := sim.WriteKey(key); err != nil {
		t.Fatal(err)
	}
	for _, kv := range sim.Env(key) {
		name, value, _ := strings.Cut(kv, "=")
		t.Setenv(name, value)
	}
	return New(p), sim, key
}

func TestLookup(t *testing.T) {
	c, sim, _ := cloud(t, simulated.Settings{})
	small, standard := map[string]float64{"instances": 1, "cores": 2, "ram": 2048}, map[string]float64{"instances": 1, "cores": 4, "ram": 16384}
	newest := "projects/debian-cloud/global/images/debian-12-bookworm-v20260401"
	want := map[string]driver.Found{
		"newest": {ImageID: newest, Resources: standard}, "again": {ImageID: newest, Resources: small}, "fixed": {Resources: small},
		"image": {Missing: "image gone: no family debian-10 in project debian-cloud: The resource 'projects/debian-cloud/global/images/family/debian-10' was not found"},
		"size":  {Missing: "zone europe-west1-c has no machine type m9-huge: The resource 'projects/acme/zones/europe-west1-c/machineTypes/m9-huge' was not found"},
		"none":  {Missing: "image nothing has neither an image-id nor image-project and image-family"},
	}
	if d := cmp.Diff(want, labels(t, c)); d != "" {
		t.Error(d)
	}
	const zone, family, size = "GET zones/{zone}", "GET global/images/family/{name}", "GET zones/{zone}/machineTypes/{name}"
	if d := cmp.Diff(map[string]int{zone: 1, family: 2, size: 3}, sim.Calls()); d != "" {
		t.Errorf("the first round: %s", d)
	}
	sim.Publish("debian-cloud", "debian-12-bookworm-v20260701", "debian-12")
	if got := labels(t, c)["newest"].ImageID; !strings.HasSuffix(got, "v20260701") {
		t.Errorf("the newest image is %s", got)
	}
	if d := cmp.Diff(map[string]int{zone: 1, family: 2, size: 1}, sim.Calls()); d != "" {
		t.Errorf("sizes are known in the second round: %s", d)
	}
}

func labels(t *testing.T, c *Cloud) map[string]driver.Found {
	t.Helper()
	got, err := c.Lookup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]driver.Found{}
	for key, found := range got.Labels {
		out[key.Label] = found
	}
	return out
}

// TestNoZone: no label can be made where there is no such zone, or none is said.
func TestNoZone(t *testing.T) {
	for change, want := range map[string]string{"zone: mars-a": "project acme has no zone mars-a", "zone: ''": "the provider has no project or no zone"} {
		c, _, _ := cloud(t, simulated.Settings{}, "zone: europe-west1-c", change)
		for label, found := range labels(t, c) {
			if found.Missing != want {
				t.Errorf("%s: %+v", label, found)
			}
		}
	}
}

// TestQuota: limits are the region's; what counts are the zone's instances, by their marks.
func TestQuota(t *testing.T) {
	c, sim, _ := cloud(t, simulated.Settings{CPUs: 24, Machines: 9, Page: 2})
	ours := map[string]string{"nodepool_provider_name": "p", "nodepool_node_id": "0000000007", "startup-script": "x"}
	sim.Add("np0000000007", "europe-west1-c", "e2-standard-4", ours)
	sim.Add("web", "europe-west1-c", "e2-small", nil)
	sim.Add("withdrawn", "europe-west1-c", "f1-micro", nil)
	sim.Add("elsewhere", "europe-west1-b", "n2-standard-2", nil)
	got, err := c.Quota(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := driver.Quota{Limits: map[string]float64{"cores": 24, "instances": 9}, Machines: []driver.Machine{
		{Provider: "p", Node: "0000000007", Resources: map[string]float64{"instances": 1, "cores": 4, "ram": 16384}},
		{Resources: map[string]float64{"instances": 1, "cores": 2, "ram": 2048}},
		{Resources: map[string]float64{"instances": 1}},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestList: what carries marks is listed, all pages of it, with the marks word for word and nothing else of its metadata.
func TestList(t *testing.T) {
	c, sim, _ := cloud(t, simulated.Settings{Page: 1})
	marks := map[string]string{"nodepool_provider_name": "My Provider/1", "nodepool_node_id": "0000000007", "nodepool_tf_launcher": "me"}
	ours := map[string]string{"ssh-keys": "ci:k"}
	for key, v := range marks {
		ours[key] = v
	}
	sim.Add("a", "europe-west1-c", "e2-small", ours)
	sim.Add("b", "europe-west1-c", "e2-small", map[string]string{"ssh-keys": "me:k"})
	sim.Add("c", "europe-west1-c", "e2-small", marks)
	sim.Add("d", "europe-west1-d", "e2-small", marks)
	got, err := c.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, r := range got {
		ids = append(ids, r.ID)
		if d := cmp.Diff(marks, r.Tags); d != "" || r.Type != "google_compute_instance" || r.Created.IsZero() {
			t.Errorf("%+v %s", r, d)
		}
	}
	if d := cmp.Diff([]string{"projects/acme/zones/europe-west1-c/instances/a", "projects/acme/zones/europe-west1-c/instances/c"}, ids); d != "" {
		t.Error(d)
	}
}

// TestRefused: a key that is not known any more is told as a refusal, and a new one in the same file is used at once.
func TestRefused(t *testing.T) {
	c, sim, key := cloud(t, simulated.Settings{})
	if err := sim.NewKey(); err != nil {
		t.Fatal(err)
	}
	_, err := c.Lookup(t.Context())
	var refused *driver.Refused
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "Invalid JWT Signature") {
		t.Errorf("%v", err)
	}
	if err := sim.WriteKey(key); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Lookup(t.Context()); err != nil {
		t.Error(err)
	}
	other, _, _ := cloud(t, simulated.Settings{}, "project: acme", "project: globex")
	if _, err := other.Lookup(t.Context()); !errors.As(err, &refused) || !strings.Contains(err.Error(), "Required 'compute.zones.get' permission for 'projects/globex'") {
		t.Errorf("%v", err)
	}
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", filepath.Join(t.TempDir(), "none.json"))
	if _, err := c.Lookup(t.Context()); !errors.As(err, &refused) || !strings.Contains(err.Error(), "none.json") {
		t.Errorf("%v", err)
	}
}

// TestRefusal: what no other credentials mend is no refusal.
func TestRefusal(t *testing.T) {
	for body, want := range map[string]bool{
		`{"error": {"message": "Rate Limit Exceeded", "errors": [{"reason": "rateLimitExceeded"}]}}`:              false,
		`{"error": {"message": "Compute Engine API is disabled", "errors": [{"reason": "accessNotConfigured"}]}}`: true,
		`<html>`: true,
	} {
		err := refusal(403, []byte(body))
		if refused := (*driver.Refused)(nil); errors.As(err, &refused) != want {
			t.Errorf("%s: %v", body, err)
		}
	}
}
