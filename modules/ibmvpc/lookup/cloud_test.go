package lookup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/ibmvpc"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
	sim "github.com/nodepool-tf/nodepool-tf/testdata/ibmvpc"
)

const file = `
name: Frankfurt
driver: ibmvpc
vpc: ci-vpc
region: eu-de
zone: eu-de-1
subnet: ci-de-1
rate: 1000
quota: {instances: 3, ram: 65536}
cloud-images:
  - {name: named, username: ci, keys: [ci-key, last-key], image-name: ibm-ubuntu-24-04-minimal-amd64-1}
  - {name: by-id, username: ci, image-id: r010-9}
  - {name: by-url, username: ci, image-href: "https://eu-de.iaas.cloud.ibm.com/v1/images/r010-8"}
  - {name: z, username: ci, image-filter: {operating-system: {architecture: s390x, vendor: Canonical, dedicated-host-only: false}, owner-type: provider, status: available}}
  - {name: z-mine, username: ci, image-filter: {operating-system: {architecture: s390x}}}
  - {name: old, username: ci, image-filter: {status: obsolete}}
  - {name: none, username: ci, image-filter: {operating-system: {vendor: SUSE}}}
  - {name: half, username: ci, image-name: half}
  - {name: no-key, username: ci, keys: [his-key], image-id: r010-9}
diskimages: [{name: built, operating-system: o}]
pools:
  - name: main
    labels:
      - {name: named, cloud-image: named, profile: bx2-4x16}
      - {name: by-id, cloud-image: by-id, profile: gx-any}
      - {name: by-url, cloud-image: by-url, profile: bx2-2x8}
      - {name: built, diskimage: built, profile: bx2-2x8}
      - {name: z, cloud-image: z, profile: bx2-2x8}
      - {name: z-mine, cloud-image: z-mine, profile: bx2-2x8}
      - {name: old, cloud-image: old, profile: bx2-2x8}
      - {name: none, cloud-image: none, profile: bx2-2x8}
      - {name: half, cloud-image: half, profile: bx2-2x8}
      - {name: no-key, cloud-image: no-key, profile: bx2-2x8}
      - {name: no-image, profile: bx2-2x8}
      - {name: no-profile, cloud-image: by-id, profile: none}
  - {name: other-zone, zone: eu-de-2, labels: [{name: a, cloud-image: by-id, profile: bx2-2x8}]}
  - {name: no-subnet, subnet: none, labels: [{name: a, cloud-image: by-id, profile: bx2-2x8}]}
  - {name: new, labels: [{name: a, cloud-image: by-id, profile: bx2-2x8}]}
`

func cloud(t *testing.T, text string) *Cloud {
	t.Helper()
	v, issues := schema.Parse("nodepool.yaml", []byte(text))
	if v == nil {
		t.Fatal(issues)
	}
	rep := schema.NewReport("nodepool.yaml", schema.Load, nil)
	m, _ := rep.Root(v).Mapping()
	m.Accept("name", "driver")
	p := ibmvpc.New(&driver.Scope{
		Provider: "Frankfurt", Driver: "ibmvpc", IsLabel: func(string) bool { return true }, Getenv: os.Getenv,
		Images: map[string]driver.Global{"built": {}},
	})
	option.Read(p, m)
	if schema.HasErrors(rep.Issues()) {
		t.Fatal(rep.Issues())
	}
	return New(p)
}

// account is a simulated one with the groups of all pools but the new one.
func account(t *testing.T) *sim.Cloud {
	t.Helper()
	c := sim.Start("np_Frankfurt_main", "np_Frankfurt_other-zone", "np_Frankfurt_no-subnet", "np_other_main")
	t.Cleanup(c.Close)
	for _, name := range []string{"IBM_CREDENTIALS_FILE", "IC_API_KEY", "IBMCLOUD_API_KEY", "VPC_BEARER_TOKEN", "VPC_IAM_PROFILE_ID"} {
		t.Setenv(name, "")
	}
	for _, kv := range c.Env() {
		name, value, _ := strings.Cut(kv, "=")
		t.Setenv(name, value)
	}
	return c
}

func TestLookup(t *testing.T) {
	there := account(t)
	got, err := cloud(t, file).Lookup(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	with := func(image string, cores, ram float64, keys ...any) driver.Found {
		given := map[string]any{"vpc_id": "r010-vpc", "subnet_id": "02b7-subnet-0", "resource_group_id": "rg-np_Frankfurt_main"}
		if image != "" {
			given["key_ids"] = append([]any{}, keys...)
		}
		return driver.Found{ImageID: image, Given: given, Resources: map[string]float64{"instances": 1, "cores": cores, "ram": ram}}
	}
	missing := func(text string) driver.Found { return driver.Found{Missing: text} }
	want := map[string]driver.Found{
		"main named":      with("r010-image-0", 4, 16384, "r010-key-1", "r010-key-2"),
		"main by-id":      with("r010-9", 0, 0),
		"main by-url":     with("r010-8", 2, 8192),
		"main built":      with("", 2, 8192),
		"main z":          with("r010-image-2", 2, 8192),
		"main z-mine":     with("r010-image-3", 2, 8192),
		"main old":        with("r010-image-5", 2, 8192),
		"main none":       missing("the region has no available image that matches the image-filter of none"),
		"main half":       missing("the region has no available image half"),
		"main no-key":     missing("the region has no SSH key his-key"),
		"main no-image":   missing("the label has neither cloud-image nor diskimage"),
		"main no-profile": missing("region eu-de has no instance profile none"),
		"other-zone a":    missing("E-IBM-SUBNET-ZONE: subnet ci-de-1 is in zone eu-de-1, the pool in eu-de-2"),
		"no-subnet a":     missing("VPC ci-vpc has no subnet none"),
		"new a":           missing("the account has no resource group np_Frankfurt_new: make it with ibmcloud resource group-create np_Frankfurt_new"),
	}
	labels := map[string]driver.Found{}
	for key, found := range got.Labels {
		if found.Missing != "" {
			found = missing(found.Missing)
		}
		labels[key.Pool+" "+key.Label] = found
	}
	if d := cmp.Diff(want, labels); d != "" {
		t.Error(d)
	}
	asked := there.Asked()
	if n := len(asked); n != 12 || asked[0] != "POST /identity/token" { // pages of two
		t.Errorf("%d calls %q", n, asked)
	}
}

// TestLittle: what no label needs is not asked for.
func TestLittle(t *testing.T) {
	there := account(t)
	text, _, _ := strings.Cut(file, "cloud-images:")
	text += "cloud-images: [{name: i, username: u, image-id: x}]\npools: [{name: main, labels: [{name: a, cloud-image: i, profile: bx2-2x8}]}]\n"
	text = strings.Replace(text, "quota: {instances: 3, ram: 65536}\n", "", 1)
	c := cloud(t, text)
	got, err := c.Lookup(context.Background())
	if err != nil || got.Labels[driver.LabelKey{Pool: "main", Label: "a"}].ImageID != "x" {
		t.Errorf("%v %v", got, err)
	}
	if asked := there.Asked(); slices.Contains(asked, "GET /v1/images") || slices.Contains(asked, "GET /v1/keys") {
		t.Errorf("asked %q", asked)
	}
	if q, err := c.Quota(context.Background()); err != nil || len(q.Limits) > 0 || len(there.Asked()) > 0 {
		t.Errorf("%v %v", q, err)
	}
}

// TestNames: images that are all named are asked for by their names.
func TestNames(t *testing.T) {
	there := account(t)
	text, _, _ := strings.Cut(file, "  - {name: by-id")
	text += "pools: [{name: main, labels: [{name: a, cloud-image: named, profile: bx2-2x8}, {name: b, cloud-image: named, profile: bx2-4x16}]}]\n"
	got, err := cloud(t, text).Lookup(context.Background())
	if err != nil || got.Labels[driver.LabelKey{Pool: "main", Label: "b"}].ImageID != "r010-image-0" {
		t.Errorf("%v %v", got, err)
	}
	if n := strings.Count(strings.Join(there.Asked(), "\n"), "GET /v1/images"); n != 1 {
		t.Errorf("%d calls for images", n)
	}
}

// TestQuota: the option bounds, and all of the region's instances count, whoever made them.
func TestQuota(t *testing.T) {
	there := account(t)
	there.Make("np0000000007", "np_Frankfurt_main", false, false)
	there.Make("np0000000008", "np_other_main", false, false)
	there.Make("bastion", "np_Frankfurt_main", false, false)
	got, err := cloud(t, file).Quota(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	size := map[string]float64{"instances": 1, "cores": 4, "ram": 16384}
	want := driver.Quota{
		Limits:   map[string]float64{"instances": 3, "ram": 65536},
		Machines: []driver.Machine{{Provider: "Frankfurt", Node: "0000000007", Resources: size}, {Resources: size}, {Resources: size}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestList: group and name say whose something is, tags what else is known.
func TestList(t *testing.T) {
	there := account(t)
	there.Make("np0000000007", "np_Frankfurt_main", true, true, "nodepool_provider_name:Frankfurt", "nodepool_node_id:forged", "nodepool_tf_launcher:ab12", "env:ci", "alone")
	there.Make("np0000000008", "np_Frankfurt_other-zone", false, false, "nodepool_tf_launcher:ab12")
	there.Make("np0000000009", "np_other_main", true, true)
	there.Make("bastion", "np_Frankfurt_main", true, true)
	got, err := cloud(t, file).List(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range got {
		if r.Created.IsZero() || r.ID == "" {
			t.Errorf("%+v", r)
		}
		lines = append(lines, fmt.Sprint(r.Type, r.Tags[modules.TagProvider], " ", r.Tags[modules.TagPool], " ", r.Tags[modules.TagNodeID], " ", r.Tags[modules.TagLauncher], " ", len(r.Tags)))
	}
	slices.Sort(lines)
	want := []string{
		"ibm_is_floating_ipFrankfurt main 0000000007 ab12 4", "ibm_is_instanceFrankfurt main 0000000007 ab12 4", "ibm_is_instanceFrankfurt other-zone 0000000008  3",
	}
	if d := cmp.Diff(want, lines); d != "" {
		t.Error(d)
	}
}

// TestProfile: the key's owner takes a trusted profile on, and is then that one only.
func TestProfile(t *testing.T) {
	there := account(t)
	t.Setenv("VPC_AUTH_TYPE", "iamAssume")
	t.Setenv("VPC_IAM_PROFILE_ID", sim.Trusted)
	if _, err := cloud(t, file).Lookup(context.Background()); err != nil {
		t.Error(err)
	}
	if who := there.Who(); !slices.Equal(who, []string{sim.Trusted}) {
		t.Errorf("asked by %q", who)
	}
	t.Setenv("VPC_IAM_PROFILE_ID", "iam-Profile-other")
	var refused *driver.Refused
	if _, err := cloud(t, file).Lookup(context.Background()); !errors.As(err, &refused) {
		t.Errorf("%v", err)
	}
}

// TestRefused: wrong credentials are told apart from a cloud that does not answer. No error tells them.
func TestRefused(t *testing.T) {
	there := account(t)
	c := cloud(t, file)
	there.Deny(true)
	var refused *driver.Refused
	for what, ask := range map[string]func() error{
		"lookup": func() error { _, err := c.Lookup(context.Background()); return err },
		"quota":  func() error { _, err := c.Quota(context.Background()); return err },
		"list":   func() error { _, err := c.List(context.Background()); return err },
	} {
		if err := ask(); !errors.As(err, &refused) || !strings.Contains(err.Error(), "BXNIM0415E: Provided API key could not be found.") || strings.Contains(err.Error(), sim.Key) {
			t.Errorf("%s: %v", what, err)
		}
	}
	t.Setenv("VPC_AUTH_TYPE", "bearertoken")
	t.Setenv("VPC_BEARER_TOKEN", "stale")
	if _, err := c.Lookup(context.Background()); !errors.As(err, &refused) || !strings.Contains(err.Error(), "not_authenticated") {
		t.Errorf("%v", err)
	}
	t.Setenv("VPC_BEARER_TOKEN", sim.Token("somebody"))
	if _, err := c.Lookup(context.Background()); err != nil {
		t.Errorf("%v", err)
	}
	there.Close()
	if _, err := c.Lookup(context.Background()); err == nil || errors.As(err, &refused) {
		t.Errorf("%v", err)
	}
}
