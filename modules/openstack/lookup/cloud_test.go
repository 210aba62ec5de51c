package lookup

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/openstack"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
)

// fakeAPI answers the few calls that are made, as the real services do (recorded from OpenStack Zed, shortened).
type fakeAPI struct {
	*httptest.Server
	answers map[string]string // path and query: body
	status  int               // of the login
	calls   []string
}

func newAPI(t *testing.T) *fakeAPI {
	t.Helper()
	a := &fakeAPI{status: http.StatusCreated, answers: map[string]string{
		"/compute/v2.1/flavors/detail":                 `{"flavors": [{"id": "f1", "name": "m1.tiny", "ram": 256, "vcpus": 1, "disk": 1}, {"id": "f2", "name": "m1.small", "ram": 2048, "vcpus": 2, "disk": 20}]}`,
		"/network/v2.0/networks":                       `{"networks": [{"id": "n1", "name": "ci-net", "router:external": false}, {"id": "n2", "name": "public", "router:external": true}]}`,
		"/image/v2/images?name=ci-image&status=active": `{"images": [{"id": "i1", "name": "ci-image", "status": "active"}]}`,
		"/image/v2/images?name=gone&status=active":     `{"images": []}`,
		"/image/v2/images?id=gone&status=active":       `{"images": []}`,
		"/compute/v2.1/os-availability-zone":           `{"availabilityZoneInfo": [{"zoneName": "nova", "zoneState": {"available": true}}, {"zoneName": "off", "zoneState": {"available": false}}]}`,
		"/compute/v2.1/limits":                         `{"limits": {"rate": [], "absolute": {"maxTotalInstances": 10, "maxTotalCores": -1, "maxTotalRAMSize": 51200}}}`,
		"/compute/v2.1/servers/detail": `{"servers": [
			{"id": "s1", "name": "np1", "metadata": {"nodepool_provider_name": "lab", "nodepool_node_id": "0000000001"}, "flavor": {"id": "f2"}},
			{"id": "s2", "name": "pet", "metadata": {}, "flavor": {"id": "f1"}},
			{"id": "s3", "name": "old", "metadata": {}, "flavor": {"id": "deleted"}}]}`,
		"/volume/v3/limits":         `{"limits": {"rate": [], "absolute": {"maxTotalVolumes": 5, "maxTotalVolumeGigabytes": 1000}}}`,
		"/volume/v3/volumes/detail": `{"volumes": [{"id": "v1", "size": 50, "attachments": [{"server_id": "s1"}]}, {"id": "v2", "size": 7, "attachments": []}]}`,
		"/network/v2.0/floatingips?project_id=p1": `{"floatingips": [
			{"id": "ip1", "project_id": "p1", "port_id": "x", "description": "np1 nodepool_node_id=0000000001 nodepool_pool_name=main nodepool_provider_name=lab", "created_at": "2026-11-26T12:00:00Z"},
			{"id": "ip2", "project_id": "p1", "port_id": null, "description": ""},
			{"id": "ip3", "project_id": "p1", "port_id": "y", "description": "of a person"}]}`,
		"/network/v2.0/ports?project_id=p1&status=DOWN": `{"ports": [
			{"id": "port1", "project_id": "p1", "status": "DOWN", "device_owner": "compute:nova", "device_id": "gone"},
			{"id": "port2", "project_id": "p1", "status": "DOWN", "device_owner": "compute:nova", "device_id": "s2"}]}`,
		"/compute/v2.1/servers/s1/action":             `{"output": "Linux\nkernel panic"}`,
		"/compute/v2.1/servers/detail?name=%5Enp1%24": `{"servers": [{"id": "s1", "name": "np1", "status": "ERROR", "fault": {"code": 500, "message": "Quota exceeded for cores"}}]}`,
	}}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	file := filepath.Join(t.TempDir(), "clouds.yaml")
	text := fmt.Sprintf("clouds: {lab: {auth: {auth_url: %q, username: u, password: sesame-open, project_name: p, user_domain_name: d, project_domain_name: d}, region_name: R1}}\n", a.URL+"/identity/v3")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("OS_CLIENT_CONFIG_FILE", file)
	return a
}

func (a *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if r.URL.RawQuery != "" {
		path += "?" + r.URL.RawQuery
	}
	a.calls = append(a.calls, r.Method+" "+path)
	w.Header().Set("Content-Type", "application/json")
	versions := map[string]string{"/network/": "v2.0", "/image/": "v2.9"}
	switch body, ok := a.answers[path]; {
	case versions[path] != "":
		fmt.Fprintf(w, `{"versions": [{"id": %q, "status": "CURRENT", "links": [{"rel": "self", "href": %q}]}]}`, versions[path], a.URL+path+strings.Replace(versions[path], ".9", "", 1)+"/")
	case path == "/identity/v3/auth/tokens":
		w.Header().Set("X-Subject-Token", "t")
		w.WriteHeader(a.status)
		var services []string
		for kind, path := range map[string]string{"compute": "/compute/v2.1", "network": "/network", "image": "/image", "volumev3": "/volume/v3"} {
			if a.answers["/volume/v3/limits"] == "" && kind == "volumev3" {
				continue
			}
			services = append(services, fmt.Sprintf(`{"type": %q, "name": %q, "endpoints": [{"interface": "public", "region": "R1", "region_id": "R1", "url": %q}]}`, kind, kind, a.URL+path))
		}
		fmt.Fprintf(w, `{"token": {"expires_at": "2099-01-01T00:00:00.000000Z", "project": {"id": "p1"}, "catalog": [%s]}}`, strings.Join(services, ", "))
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	case ok:
		fmt.Fprint(w, body)
	default:
		http.NotFound(w, r)
	}
}

// labelled is a provider with one pool and labels.
func labelled(pool *openstack.Pool, labels ...*openstack.Label) *openstack.Provider {
	p := openstack.New(&driver.Scope{Provider: "lab"})
	p.Cloud = "lab"
	pool.Name, pool.Provider = "main", p
	for _, l := range labels {
		l.Pool = pool
	}
	pool.Labels = option.Set[*openstack.Label]{List: labels}
	p.Pools = option.Set[*openstack.Pool]{List: []*openstack.Pool{pool}}
	return p
}

func TestLookup(t *testing.T) {
	api := newAPI(t)
	small := &openstack.Label{MinRAM: 1000, Networks: []string{"ci-net"}, CloudImage: &openstack.CloudImage{ImageName: "ci-image"}}
	small.Name, small.Resources = "small", map[string]float64{"instances": 1, "volumes": 1, "volume-gb": 50}
	gone := &openstack.Label{FlavorName: "m1.tiny", CloudImage: &openstack.CloudImage{ImageName: "gone"}}
	gone.Name = "gone"
	given := &openstack.Label{FlavorName: "m1.tiny", CloudImage: &openstack.CloudImage{ImageID: "given"}}
	given.Name = "given"
	built := &openstack.Label{FlavorName: "nothing"}
	built.Name, built.DiskImageName = "built", "bookworm"
	found, err := New(labelled(&openstack.Pool{AutoFloatingIP: true}, small, gone, given, built)).Lookup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	key := func(l string) driver.LabelKey { return driver.LabelKey{Pool: "main", Label: l} }
	base := func(flavor string, networks ...string) map[string]any {
		return map[string]any{"flavor_id": flavor, "network_ids": append([]string{}, networks...), "external_networks": []string{"public"}, "private": false, "floating_ip_pool": "public"}
	}
	want := driver.Findings{
		Labels: map[driver.LabelKey]driver.Found{
			key("small"): {ImageID: "i1", Given: base("f2", "n1"), Resources: map[string]float64{"instances": 1, "cores": 2, "ram": 2048, "volumes": 1, "volume-gb": 50}},
			key("gone"):  {Missing: "the cloud has no active image gone"},
			key("given"): {ImageID: "given", Given: base("f1"), Resources: map[string]float64{"instances": 1, "cores": 1, "ram": 256}},
			key("built"): {Missing: "the cloud has no flavor nothing"},
		},
		Zones: map[string][]string{"main": {"nova"}},
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if n := len(api.calls); n > 10 {
		t.Errorf("%d calls: %v", n, api.calls)
	}
}

func TestQuota(t *testing.T) {
	api := newAPI(t)
	c := New(labelled(&openstack.Pool{}))
	q, err := c.Quota(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]float64{"instances": 10, "ram": 51200, "volumes": 5, "volume-gb": 1000}, q.Limits); diff != "" {
		t.Errorf("limits -want +got:\n%s", diff)
	}
	known := func(id string) bool { return id == "0000000001" }
	if diff := cmp.Diff(map[string]float64{"instances": 2, "cores": 1, "ram": 256, "volumes": 1, "volume-gb": 7}, q.Unmanaged("lab", known)); diff != "" {
		t.Errorf("unmanaged -want +got:\n%s", diff)
	}
	leaked := q.Unmanaged("lab", func(string) bool { return false })
	if leaked["instances"] != 3 || leaked["cores"] != 3 || leaked["volume-gb"] != 57 {
		t.Errorf("with a leaked node: %v", leaked)
	}
	delete(api.answers, "/volume/v3/limits") // a cloud without volumes
	if q, err = c.Quota(t.Context()); err != nil || q.Limits["volumes"] != 0 || len(q.Limits) != 2 {
		t.Errorf("%v %v", q.Limits, err)
	}
}

func TestFault(t *testing.T) {
	newAPI(t)
	text, err := New(labelled(&openstack.Pool{})).Fault(t.Context(), "np1")
	if text != "Quota exceeded for cores" || err != nil {
		t.Errorf("%q %v", text, err)
	}
}

func TestConsole(t *testing.T) {
	api := newAPI(t)
	c := New(labelled(&openstack.Pool{}))
	if text, err := c.Console(t.Context(), "np1"); text != "Linux\nkernel panic" || err != nil {
		t.Errorf("%q %v", text, err)
	}
	api.answers["/compute/v2.1/servers/detail?name=%5Enp1%24"] = `{"servers": []}`
	if text, err := c.Console(t.Context(), "np1"); text != "" || err != nil {
		t.Errorf("without a server: %q %v", text, err)
	}
}

// TestList: what carries our tags, whatever provider it was made for, and nothing else.
func TestList(t *testing.T) {
	api := newAPI(t)
	c := New(labelled(&openstack.Pool{}))
	found, err := c.List(t.Context())
	server := map[string]string{"nodepool_provider_name": "lab", "nodepool_node_id": "0000000001"}
	ip := map[string]string{"nodepool_provider_name": "lab", "nodepool_node_id": "0000000001", "nodepool_pool_name": "main"}
	want := []driver.Resource{
		{Type: "openstack_compute_instance_v2", ID: "s1", Tags: server},
		{Type: "openstack_networking_floatingip_v2", ID: "ip1", Tags: ip, Created: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)},
	}
	if diff := cmp.Diff(want, found); diff != "" || err != nil {
		t.Errorf("%v -want +got:\n%s", err, diff)
	}
	delete(api.answers, "/network/v2.0/floatingips?project_id=p1")
	if found, err := c.List(t.Context()); len(found) != 0 || err == nil {
		t.Errorf("half a list: %v %v", found, err)
	}
}

// TestTroubles: what no other try mends is told from what may pass, and no error tells a secret.
func TestTroubles(t *testing.T) {
	api := newAPI(t)
	c := New(labelled(&openstack.Pool{}))
	try := func(what string, refused bool) {
		t.Helper()
		_, err := c.Lookup(t.Context())
		var r *driver.Refused
		if err == nil || errors.As(err, &r) != refused || strings.Contains(err.Error(), "sesame-open") {
			t.Errorf("%s: %v", what, err)
		}
	}
	api.status = http.StatusUnauthorized
	try("wrong password", true)
	api.status = http.StatusInternalServerError
	try("broken", false)
	api.status = http.StatusCreated
	api.answers["/compute/v2.1/flavors/detail"] = "<html>"
	try("garbage", false)
	api.Close()
	try("down", false)
	c.provider.Cloud = "unknown"
	try("not in clouds.yaml", true)
}
