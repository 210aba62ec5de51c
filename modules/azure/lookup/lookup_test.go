package lookup

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/modules/azure"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
	sim "github.com/nodepool-tf/nodepool-tf/testdata/azure"
)

const file = `
name: p
driver: azure
location: West Europe
resource-group: ci-nodes
resource-group-location: westeurope
network: {network: vnet-ci, subnet: nodes}
rate: 1000
cloud-images:
  - {name: market, username: ci, key: k, image-reference: {publisher: p, offer: o, sku: s, version: latest}}
  - {name: tagged, username: ci, key: k, image-filter: {location: westeurope, tags: {channel: stable}}}
  - {name: named, username: ci, key: k, image-filter: {name: alpha}}
  - {name: none, username: ci, key: k, image-filter: {name: alpha, tags: {channel: stable}}}
  - {name: gallery, username: ci, key: k, community-gallery-image: {gallery-name: public, name: noble, version: 1.0.0}}
  - {name: old, username: ci, key: k, community-gallery-image: {gallery-name: public, name: focal}}
diskimages: [{name: built, username: ci, key: k}]
pools:
  - name: main
    max-servers: 10
    labels:
      - {name: market, cloud-image: market, hardware-profile: {vm-size: standard_d2S_v5}}
      - {name: tagged, cloud-image: tagged, hardware-profile: {vm-size: Standard_B1ls}}
      - {name: named, cloud-image: named, hardware-profile: {vm-size: Standard_B1ls}}
      - {name: built, diskimage: built, hardware-profile: {vm-size: Standard_D4s_v5}}
      - {name: gallery, cloud-image: gallery, hardware-profile: {vm-size: Standard_B1ls}}
      - {name: gone, cloud-image: none, hardware-profile: {vm-size: Standard_B1ls}}
      - {name: old, cloud-image: old, hardware-profile: {vm-size: Standard_B1ls}}
      - {name: big, cloud-image: market, hardware-profile: {vm-size: none.big}}
      - {name: barred, cloud-image: market, hardware-profile: {vm-size: Standard_HB120rs_v3}}
      - {name: imageless, hardware-profile: {vm-size: Standard_B1ls}}
`

// open is a provider's cloud on a simulated Azure. changes are pairs of text in the file.
func open(t *testing.T, changes ...string) (*Cloud, *sim.Server) {
	t.Helper()
	s := sim.Start()
	t.Cleanup(s.Close)
	auth := filepath.Join(t.TempDir(), "azure.json")
	if err := s.AuthFile(auth); err != nil {
		t.Fatal(err)
	}
	v, issues := schema.Parse("nodepool.yaml", []byte(strings.NewReplacer(changes...).Replace(file+"auth-path: "+auth)))
	if v == nil {
		t.Fatal(issues)
	}
	rep := schema.NewReport("nodepool.yaml", schema.Load, nil)
	m, _ := rep.Root(v).Mapping()
	m.Accept("name", "driver")
	env := map[string]string{"ARM_METADATA_HOSTNAME": s.Host}
	p := azure.New(&driver.Scope{
		Provider: "p", Driver: "azure", IsLabel: func(string) bool { return true }, Images: map[string]driver.Global{"built": {}}, Getenv: func(name string) string { return env[name] },
	})
	option.Read(p, m)
	if schema.HasErrors(rep.Issues()) {
		t.Fatal(rep.Issues())
	}
	c := New(p)
	c.client = s.Client
	return c, s
}

// stock puts images there, more than a page of them.
func stock(s *sim.Server) {
	image := sim.GroupPath + "/providers/Microsoft.Compute/images/"
	s.Put(image+"alpha", `{"tags": {"channel": "edge"}}`)
	for _, name := range []string{"zeta-1", "zeta-3", "zeta-2"} {
		s.Put(image+name, `{"tags": {"channel": "stable"}}`)
	}
	s.Put(image+"zeta-9", `{"tags": {"channel": "stable"}, "location": "northeurope"}`)
	s.Put("/subscriptions/"+sim.Subscription+"/providers/Microsoft.Compute/locations/westeurope/communityGalleries/public/images/noble/versions/1.0.0", `{}`)
}

func TestLookup(t *testing.T) {
	c, s := open(t)
	stock(s)
	got, err := c.Lookup(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]any{"subscription_id": sim.Subscription, "subnet_id": sim.GroupPath + "/providers/Microsoft.Network/virtualNetworks/vnet-ci/subnets/nodes"}
	tiny := map[string]float64{"instances": 1, "cores": 1, "ram": 512}
	want := map[string]driver.Found{
		"market":    {Given: given, Resources: map[string]float64{"instances": 1, "cores": 2, "ram": 8192}},
		"tagged":    {Given: given, Resources: tiny, ImageID: sim.GroupPath + "/providers/Microsoft.Compute/images/zeta-3"},
		"named":     {Given: given, Resources: tiny, ImageID: sim.GroupPath + "/providers/Microsoft.Compute/images/alpha"},
		"built":     {Given: given, Resources: map[string]float64{"instances": 1, "cores": 4, "ram": 16384}},
		"gallery":   {Given: given, Resources: tiny},
		"gone":      {Missing: "resource group ci-nodes has no image that is ready and matches the image-filter of none"},
		"old":       {Missing: "location West Europe has no image /communityGalleries/public/images/focal"},
		"big":       {Missing: "location West Europe has no VM size none.big"},
		"barred":    {Missing: "the subscription may not use VM size Standard_HB120rs_v3 in location West Europe (NotAvailableForSubscription)"},
		"imageless": {Missing: "the label has neither cloud-image nor diskimage"},
	}
	labels := map[string]driver.Found{}
	for key, found := range got.Labels {
		labels[key.Label] = found
	}
	if d := cmp.Diff(want, labels); d != "" {
		t.Error(d)
	}
	for end, times := range map[string]int{"/skus": 1, "/images": 3, "/subnets/nodes": 1} {
		if n := s.Asked(end); n != times {
			t.Errorf("%s was asked for %d times", end, n)
		}
	}
	if u := s.Unknown(); len(u) > 0 {
		t.Error(u)
	}
}

func TestNetworks(t *testing.T) {
	for network, want := range map[string]string{
		"network: vnet-ci": sim.GroupPath + "/providers/Microsoft.Network/virtualNetworks/vnet-ci/subnets/default",
		"network: other":   "resource group ci-nodes has no network other with a subnet default",
		"network: {network: vnet-ci, resource-group: net}": "resource group net has no network vnet-ci with a subnet default",
		"subnet-id: /given": "/given",
		"priority: 1":       "the provider has neither network nor subnet-id",
	} {
		c, _ := open(t, "network: {network: vnet-ci, subnet: nodes}", network)
		got, err := c.Lookup(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		l := got.Labels[driver.LabelKey{Pool: "main", Label: "market"}]
		if l.Missing != want && l.Given["subnet_id"] != want {
			t.Errorf("%s: %+v", network, l)
		}
	}
}

// put makes what nodes have: two machines of ours, one of another provider's, one of nobody's.
func put(s *sim.Server) {
	for name, doc := range map[string]string{
		"np1":   `{"tags": {"nodepool_provider_name": "p", "nodepool_node_id": "1"}, "properties": {"timeCreated": "2026-11-26T12:00:00+00:00", "hardwareProfile": {"vmSize": "Standard_D2s_v5"}, "storageProfile": {"osDisk": {"osType": "Linux"}}}}`,
		"np2":   `{"tags": {"nodepool_provider_name": "p", "nodepool_node_id": "2"}, "properties": {"hardwareProfile": {"vmSize": "Standard_D4s_v5"}, "storageProfile": {"osDisk": {"osType": "Windows"}}}}`,
		"np3":   `{"tags": {"nodepool_provider_name": "q", "nodepool_node_id": "3"}, "properties": {"hardwareProfile": {"vmSize": "Standard_D2s_v5"}}}`,
		"other": `{"properties": {"hardwareProfile": {"vmSize": "Standard_D8s_v5"}}}`,
	} {
		s.Put(sim.GroupPath+machines+"/"+name, doc)
	}
	s.Put(sim.GroupPath+interfaces+"/np1-nic", `{"tags": {"nodepool_provider_name": "p", "nodepool_node_id": "1"}}`)
	s.Put(sim.GroupPath+addresses+"/np1-pip-IPv4", `{"tags": {"nodepool_provider_name": "p", "nodepool_node_id": "1"}}`)
	s.Put(sim.GroupPath+addresses+"/foreign", `{"tags": {"nodepool_provider_name": "p"}}`)
}

func TestQuota(t *testing.T) {
	c, s := open(t)
	put(s)
	got, err := c.Quota(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got.Machines, func(a, b driver.Machine) int { return strings.Compare(b.Node, a.Node) })
	want := driver.Quota{
		Limits: map[string]float64{"cores": 104, "instances": 25000},
		Machines: []driver.Machine{
			{Provider: "q", Node: "3", Resources: map[string]float64{"instances": 1, "cores": 2, "ram": 8192}},
			{Provider: "p", Node: "2", Resources: map[string]float64{"instances": 1, "cores": 4, "ram": 16384}},
			{Provider: "p", Node: "1", Resources: map[string]float64{"instances": 1, "cores": 2, "ram": 8192}},
			{Resources: map[string]float64{"instances": 1, "cores": 8, "ram": 32768}},
			{Resources: map[string]float64{"instances": 1, "cores": 4}}, // in another resource group
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got := got.Unmanaged("p", func(id string) bool { return id == "1" }); got["cores"] != 18 {
		t.Errorf("unmanaged %v", got)
	}
}

func TestList(t *testing.T) {
	c, s := open(t)
	put(s)
	got, err := c.List(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range got {
		created := ""
		if !r.Created.IsZero() {
			created = r.Created.Format(" 15:04")
		}
		lines = append(lines, r.Type+" "+strings.TrimPrefix(r.ID, sim.GroupPath+"/providers/")+" of "+r.Tags["nodepool_node_id"]+created)
	}
	want := []string{
		"azurerm_linux_virtual_machine Microsoft.Compute/virtualMachines/np1 of 1 12:00", "azurerm_windows_virtual_machine Microsoft.Compute/virtualMachines/np2 of 2",
		"azurerm_network_interface Microsoft.Network/networkInterfaces/np1-nic of 1", "azurerm_public_ip Microsoft.Network/publicIPAddresses/np1-pip-IPv4 of 1",
	}
	if d := cmp.Diff(want, lines); d != "" {
		t.Error(d)
	}
}

// TestRefused: who is refused is told so in a line, without the secret, and a new secret is used by the next round.
func TestRefused(t *testing.T) {
	c, s := open(t)
	s.Rotate("another-secret")
	_, err := c.Lookup(context.Background())
	var refused *driver.Refused
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "login: AADSTS7000215: Invalid client secret provided.") || strings.ContainsAny(err.Error(), "\r\n") || strings.Contains(err.Error(), "sesame") {
		t.Errorf("%v", err)
	}
	if err := s.AuthFile(c.provider.AuthPath); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Lookup(context.Background()); err != nil {
		t.Error(err)
	}
	s.Close()
	if _, err := c.Lookup(context.Background()); err == nil || errors.As(err, &refused) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("nobody listens: %v", err)
	}
}

// FuzzAnswers: whatever the cloud answers, what is made of it are numbers.
func FuzzAnswers(f *testing.F) {
	f.Add(`[{"name": {"value": "cores"}, "currentValue": 3, "limit": -1}]`, `[{"properties": {"hardwareProfile": {"vmSize": "A"}}}]`, "NaN", "1e400")
	f.Add(`[{"name": {"value": "virtualMachines"}, "limit": 1e308}]`, `[{"tags": {"nodepool_node_id": "1"}}, {}]`, "-1", "0.5")
	f.Fuzz(func(t *testing.T, usages, machines, cores, memory string) {
		var u []usage
		var m []machine
		_ = json.Unmarshal([]byte(usages), &u)
		_ = json.Unmarshal([]byte(machines), &m)
		z := size{Name: "A", Capabilities: []capability{{"vCPUs", cores}, {"MemoryGB", memory}}}
		q := quota(u, m, map[string]size{"a": z, "": z}, "")
		for resource, n := range q.Limits {
			if !(n >= 0) {
				t.Errorf("limit of %s is %v", resource, n)
			}
		}
		for _, machine := range q.Machines {
			for resource, n := range machine.Resources {
				if !(n >= 0) || math.IsInf(n, 0) {
					t.Errorf("%v %s", n, resource)
				}
			}
		}
	})
}
