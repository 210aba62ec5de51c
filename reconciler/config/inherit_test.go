package config

import (
	"testing"

	"github.com/nodepool-tf/nodepool-tf/modules/aws"
	"github.com/nodepool-tf/nodepool-tf/modules/azure"
	"github.com/nodepool-tf/nodepool-tf/modules/kubernetes"
	"github.com/nodepool-tf/nodepool-tf/modules/openstack"
)

// only loads a configuration of one provider, whether we drive it yet or not.
func only(t *testing.T, text string) *Provider {
	t.Helper()
	cfg := load(t, "labels: [{name: a}, {name: b}, {name: c}]\n"+text)
	all := append(cfg.Undriven, cfg.Providers...)
	if len(all) != 1 {
		t.Fatalf("%d providers", len(all))
	}
	return all[0]
}

// TestLevels is config-reference A1, A6 and A10 for aws: label, pool, provider,
// default; false and 0 count as given.
func TestLevels(t *testing.T) {
	p := only(t, `
providers:
  - name: p
    driver: aws
    region-name: r
    max-servers: 10
    max-cores: 20
    max-resources: {L-1: 5, L-2: 6}
    public-ipv4: false
    host-key-checking: false
    cloud-images: [{name: i, username: u, image-id: x}]
    pools:
      - {name: own, max-servers: 0, max-resources: {L-2: 7, L-3: 8}, public-ipv4: true, use-internal-ip: true, host-key-checking: true, labels: [{name: a, cloud-image: i, instance-type: t, key-name: k}]}
      - {name: up, labels: [{name: a, cloud-image: i, instance-type: t, key-name: k, tags: {n: 1.10, b: true}}]}
      - {name: old, public-ip-address: true, public-ipv4: false, labels: []}
`)
	same(t, "own", map[string]float64{"instances": 0, "cores": 20, "L-1": 5, "L-2": 7, "L-3": 8}, p.Pools[0].Limits)
	same(t, "up", map[string]float64{"instances": 10, "cores": 20, "L-1": 5, "L-2": 6}, p.Pools[1].Limits)
	o := p.Options.(*aws.Provider)
	var got []any
	for _, pool := range o.Pools.List {
		got = append(got, pool.Network.PublicIPv4, pool.Network.PublicIPv6, pool.UseInternalIP, pool.HostKeyChecking)
	}
	same(t, "pools", []any{true, false, true, true, false, false, false, false, true, false, false, false}, got)
	same(t, "host keys", []bool{true, false}, []bool{p.Pools[0].Labels["a"].HostKeyChecking, p.Pools[1].Labels["a"].HostKeyChecking})
	same(t, "tags", map[string]string{"n": "1.1", "b": "True"}, o.Pools.List[1].Labels.List[0].Tags)
	same(t, "priority", []int{100, 100}, []int{p.Pools[0].Priority, p.Pools[1].Priority})
}

// TestUploadedLogin is config-reference A3: who takes what from the global image.
func TestUploadedLogin(t *testing.T) {
	global := "diskimages: [{name: i, username: ci, python-path: /py, shell-type: fish}]\n"
	for text, want := range map[string][3]string{
		"cloud: c, diskimages: [{name: i}], pools: [{name: m, labels: [{name: a, diskimage: i, min-ram: 1}]}]":                                                                                   {"ci", "/py", "fish"},
		"driver: aws, region-name: r, diskimages: [{name: i}], pools: [{name: m, labels: [{name: a, diskimage: i, instance-type: t, key-name: k}]}]":                                             {"ci", "auto", ""},
		"driver: aws, region-name: r, diskimages: [{name: i, username: me, python-path: /p}], pools: [{name: m, labels: [{name: a, diskimage: i}]}]":                                             {"me", "/p", ""},
		"driver: ibmvpc, vpc: v, region: r, zone: z, subnet: s, diskimages: [{name: i, operating-system: o, shell-type: sh}], pools: [{name: m, labels: [{name: a, diskimage: i, profile: p}]}]": {"ci", "auto", "sh"},
	} {
		l := only(t, global+"providers:\n  - {name: p, "+text+"}\n").Pools[0].Labels["a"]
		same(t, text, want, [3]string{l.Username, l.PythonPath, l.ShellType})
	}
}

// TestConnection is config-reference A11.
func TestConnection(t *testing.T) {
	p := only(t, `
providers:
  - name: p
    cloud: c
    cloud-images: [{name: w, connection-type: winrm}, {name: o, connection-type: winrm, connection-port: 22}, {name: s}]
    pools: [{name: m, networks: [n], host-key-checking: false, labels: [{name: a, cloud-image: w, min-ram: 1}, {name: b, cloud-image: o, min-ram: 1, networks: [], host-key-checking: true}, {name: c, cloud-image: s, min-ram: 1, boot-from-volume: true}]}]
`)
	labels := p.Pools[0].Labels
	same(t, "ports", []int{5986, 22, 22}, []int{labels["a"].ConnectionPort, labels["b"].ConnectionPort, labels["c"].ConnectionPort})
	same(t, "host keys", []bool{false, true}, []bool{labels["a"].HostKeyChecking, labels["b"].HostKeyChecking})
	same(t, "resources", map[string]float64{"instances": 1, "volumes": 1, "volume-gb": 50}, labels["c"].Resources)
	own := p.Options.(*openstack.Provider).Pools.List[0].Labels.List
	same(t, "networks", []int{1, 0}, []int{len(own[0].Networks), len(own[1].Networks)})
}

// TestAzureAddresses is config-reference A4.
func TestAzureAddresses(t *testing.T) {
	for text, want := range map[string][2]bool{
		"":                                      {true, false},
		"ipv4: false":                           {true, false}, // a public address needs it
		"ipv4: false, public-ipv4: false":       {true, false}, // one there must be
		"public-ipv4: false, ipv6: true":        {false, true},
		"public-ipv4: false, public-ipv6: true": {false, true},
		"public-ipv6: true":                     {true, true},
	} {
		p := only(t, `providers: [{name: p, driver: azure, location: l, resource-group: g, resource-group-location: l, auth-path: /a, subnet-id: s, ipv6: false, pools: [{name: m, max-servers: 1, labels: [], `+text+`}]}]`)
		a := p.Options.(*azure.Provider).Pools.List[0].Addresses
		same(t, text, want, [2]bool{*a.IPv4, *a.IPv6})
	}
}

// TestPodSizes is config-reference A5 and A6 of the kubernetes family.
func TestPodSizes(t *testing.T) {
	p := only(t, `
providers:
  - name: p
    driver: openshiftpods
    context: c
    max-projects: 4
    max-pods: 3
    pools:
      - name: m
        default-label-cpu: 2
        default-label-memory-limit: 900
        default-label-extra-resources: {licence: 1}
        labels:
          - {name: a, image: i, memory: 100, storage: 7, storage-limit: 0}
          - {name: b, image: i, cpu: 0, memory-limit: 5, gpu: 0.5, gpu-resource: g, extra-resources: {disk: 2}}
          - {name: c, spec: {containers: []}}
`)
	same(t, "limits", map[string]float64{"instances": 3}, p.Pools[0].Limits)
	l := p.Pools[0].Labels
	same(t, "a", map[string]float64{"instances": 1, "cores": 2, "ram": 100, "ephemeral-storage": 7, "licence": 1}, l["a"].Resources)
	same(t, "b", map[string]float64{"instances": 1, "g": 0.5, "disk": 2}, l["b"].Resources)
	same(t, "c", map[string]float64{"instances": 1, "cores": 2, "licence": 1}, l["c"].Resources)
	got := []any{}
	for _, label := range p.Options.(*kubernetes.Provider).Pools.List[0].Labels.List {
		for _, n := range []*int{label.Limit.CPU, label.Limit.Memory, label.Limit.Storage} {
			if n == nil {
				got = append(got, nil)
			} else {
				got = append(got, *n)
			}
		}
	}
	same(t, "container limits", []any{2, 900, nil, nil, 5, nil, 2, 900, nil}, got)
}
