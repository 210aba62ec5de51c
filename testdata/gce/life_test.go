package gce

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2/google"
)

// caller calls the API with the account's key.
type caller struct {
	t      *testing.T
	cloud  *Cloud
	client *http.Client
}

func start(t *testing.T, s Settings) *caller {
	t.Helper()
	s.Project = "acme"
	c, err := Start(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	key := filepath.Join(t.TempDir(), "key.json")
	if err := c.WriteKey(key); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	config, err := google.JWTConfigFromJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	return &caller{t, c, config.Client(context.Background())}
}

// call returns what is answered, with its status.
func (c *caller) call(method, path, body string) (int, map[string]any) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.cloud.Endpoint()+"projects/acme/"+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	resp, err := c.client.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	var out map[string]any
	if err != nil || json.Unmarshal(data, &out) != nil {
		c.t.Fatalf("%v %s", err, data)
	}
	return resp.StatusCode, out
}

const (
	folder = "zones/europe-west1-c/instances"
	body   = `{"name": "a", "machineType": "zones/europe-west1-c/machineTypes/e2-small", "disks": [{"boot": true, "autoDelete": true,
		"initializeParams": {"sourceImage": "projects/debian-cloud/global/images/debian-12-bookworm-v20260101", "diskType": "zones/europe-west1-c/diskTypes/pd-ssd", "diskSizeGb": "10"}}],
		"networkInterfaces": [{"network": "projects/acme/global/networks/default", "accessConfigs": [{}]}], "metadata": {"items": [{"key": "k", "value": "V"}]}}`
)

// TestLife: an instance is there once it was asked for, runs when its operation is done, and is gone when it was deleted.
func TestLife(t *testing.T) {
	c := start(t, Settings{Delay: time.Hour})
	_, op := c.call("POST", folder, body)
	if op["status"] != "RUNNING" || c.cloud.Instances()["a"].Status != "STAGING" {
		t.Errorf("%v %v", op, c.cloud.Instances())
	}
	if status, said := c.call("POST", folder, body); status != http.StatusConflict {
		t.Errorf("the name is taken: %d %v", status, said)
	}
	c.cloud.finish()
	if _, op = c.call("GET", "zones/europe-west1-c/operations/"+op["name"].(string), ""); op["status"] != "DONE" {
		t.Errorf("%v", op)
	}
	if _, i := c.call("GET", folder+"/a", ""); i["status"] != running {
		t.Errorf("%v", i)
	}
	c.call("DELETE", folder+"/a", "")
	c.cloud.finish()
	if status, _ := c.call("GET", folder+"/a", ""); status != http.StatusNotFound || len(c.cloud.Instances()) != 0 || c.cloud.Created() != 1 {
		t.Errorf("%d %v", status, c.cloud.Instances())
	}
}

// finish lets all operations end.
func (c *Cloud) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, op := range c.operations {
		op.done = time.Time{}
	}
}

// TestRefused: what cannot be had is refused in Google's words, at once or when the operation ends, and leaves nothing.
func TestRefused(t *testing.T) {
	c := start(t, Settings{CPUs: 3})
	for _, wrong := range []struct{ right, instead, want string }{
		{"e2-small", "m9-huge", "Invalid value for field 'resource.machineType'"},
		{"v20260101", "v1", "The referenced image resource cannot be found"},
		{`"a"`, `"A"`, "Invalid value for field 'resource.name'"},
		{`"10"`, `"9"`, "Requested disk size cannot be smaller"},
		{"pd-ssd", "standard", "resource.disks[0].initializeParams.diskType"},
		{`"k"`, `"a key"`, "metadata.items[0].key"},
		{"networks/default", "networks/none", "The referenced network resource cannot be found."},
	} {
		status, said := c.call("POST", folder, strings.Replace(body, wrong.right, wrong.instead, 1))
		if status != http.StatusBadRequest || !strings.Contains(message(said), wrong.want) {
			t.Errorf("%s: %d %v", wrong.instead, status, said)
		}
	}
	c.cloud.Refuse(NoCapacity, 1)
	c.cloud.Refuse(TooFast, 1)
	_, op := c.call("POST", folder, body)
	_, op = c.call("GET", "zones/europe-west1-c/operations/"+op["name"].(string), "")
	if op["error"] == nil || len(c.cloud.Instances()) != 0 {
		t.Errorf("%v", op)
	}
	if status, _ := c.call("POST", folder, body); status != http.StatusForbidden {
		t.Errorf("too fast: %d", status)
	}
	c.call("POST", folder, body)
	if status, said := c.call("POST", folder, strings.Replace(body, `"a"`, `"b"`, 1)); status != http.StatusForbidden || !strings.Contains(message(said), "Quota 'CPUS' exceeded.  Limit: 3.0") {
		t.Errorf("quota: %d %v", status, said)
	}
	if err := c.cloud.NewKey(); err != nil {
		t.Fatal(err)
	}
	if status, _ := c.call("GET", folder, ""); status != http.StatusUnauthorized {
		t.Errorf("an old token: %d", status)
	}
}

func message(said map[string]any) string {
	e, _ := said["error"].(map[string]any)
	text, _ := e["message"].(string)
	return text
}
