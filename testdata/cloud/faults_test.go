package cloud_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud/api"
)

// TestFaultsInTerraform: what each fault looks like from there, and what it leaves. Afterwards the workspace applies.
func TestFaultsInTerraform(t *testing.T) {
	cases := []struct {
		name  string
		fault api.Fault
		says  []string
		alive int // after the apply that fails
		leaks int // for ever
	}{
		{name: "quota", fault: api.Fault{Kind: api.NoQuota}, says: []string{"Instance could not be created", "403 QuotaExceeded: Quota exceeded for cores, instances"}},
		{name: "capacity", fault: api.Fault{Kind: api.Capacity}, says: []string{"InsufficientInstanceCapacity"}},
		{name: "error", fault: api.Fault{Kind: api.Error}, says: []string{"500 InternalServerError"}},
		{name: "auth", fault: api.Fault{Kind: api.Auth}, says: []string{"401 Unauthorized"}},
		{name: "hang", fault: api.Fault{Kind: api.Hang}, says: []string{"Instance could not be created", "Client.Timeout"}},
		{name: "lost", fault: api.Fault{Kind: api.Lost}, says: []string{"Instance could not be created", "Client.Timeout"}, alive: 1, leaks: 1},
		{name: "broken", fault: api.Fault{Kind: api.Broken}, says: []string{"Instance did not become active", "unexpected state 'ERROR', wanted target 'ACTIVE'"}, alive: 1},
		{name: "stuck", fault: api.Fault{Kind: api.Stuck}, says: []string{"last seen in state BUILD: timeout"}, alive: 1},
		{name: "vanish", fault: api.Fault{Kind: api.Vanish}, says: []string{"404 NotFound"}},
	}
	w := newWorkspace(t, `request_timeout = "1s"`, strings.Replace(one, "30s", "3s", 1))
	leaked := 0
	for _, c := range cases {
		c.fault.Op, c.fault.Count = api.Create, 1
		s := api.Settings{Faults: []api.Fault{c.fault}, Pace: api.Pace{Boot: api.Delay{Fixed: 60 * time.Millisecond}}}
		if err := w.Configure(t.Context(), "acme", s); err != nil {
			t.Fatal(err)
		}
		w.fails(c.says...)
		if b := bill(t, w.Cloud); b.Alive != leaked+c.alive {
			t.Errorf("%s: books %+v", c.name, b)
		}
		w.apply()
		leaked += c.leaks
		if b := bill(t, w.Cloud); b.Alive != leaked+1 {
			t.Errorf("%s: afterwards books %+v", c.name, b)
		}
		if err := w.Destroy(t.Context()); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if b := bill(t, w.Cloud); b.Alive != leaked {
			t.Errorf("%s: destroyed, books %+v", c.name, b)
		}
	}
}

// TestRepeats: throttled requests, and failed ones that change nothing, are repeated.
func TestRepeats(t *testing.T) {
	w := newWorkspace(t, "", one)
	faults := []api.Fault{
		{Kind: api.Throttle, Op: api.Create, Count: 2}, {Kind: api.Error, Op: api.Get, Count: 2}, {Kind: api.Error, Op: api.Delete, Count: 2},
	}
	if err := w.Configure(t.Context(), "acme", api.Settings{Faults: faults, Pace: api.Pace{Boot: api.Delay{Fixed: 60 * time.Millisecond}}}); err != nil {
		t.Fatal(err)
	}
	w.apply()
	w.destroy()
	if s, err := w.Settings(t.Context(), "acme"); err != nil || len(s.Faults) != 0 {
		t.Errorf("faults that were not met: %+v %v", s.Faults, err)
	}
	if err := w.Faults(t.Context(), "acme", api.Fault{Kind: api.Throttle, Op: api.Create, Count: 4}); err != nil {
		t.Fatal(err)
	}
	w.fails("429 RequestLimitExceeded: Too many requests")
}

// TestInterrupted: Terraform is told to stop while the cloud boots an instance. The provider stops waiting and the
// instance is in the state.
func TestInterrupted(t *testing.T) {
	w := newWorkspace(t, "", strings.Replace(one, "30s", "1h", 1))
	if err := w.Faults(t.Context(), "acme", api.Fault{Kind: api.Stuck, Op: api.Create}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- w.Apply(ctx) }()
	w.polled()
	stop() // tfexec sends SIGINT
	if err := <-done; err == nil {
		t.Error("the apply succeeded")
	}
	if r := w.resources(); !r[vm].tainted {
		t.Errorf("state %v", r)
	}
	w.destroy()
}

// TestCloudRestarts while an instance boots: the provider goes on when the cloud is back.
func TestCloudRestarts(t *testing.T) {
	w := newWorkspace(t, "max_retries = 20", one)
	if err := w.Pace(t.Context(), "acme", api.Pace{Boot: api.Delay{Fixed: 2 * time.Second}}); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- w.Apply(t.Context()) }()
	w.polled()
	w.Kill()
	if err := w.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	w.destroy()
}

// TestEnvironment: endpoint and token may come from there.
func TestEnvironment(t *testing.T) {
	w := newWorkspace(t, "", one)
	if err := w.Configure(t.Context(), "acme", api.Settings{Token: "from-outside"}); err != nil {
		t.Fatal(err)
	}
	w.fails("401 Unauthorized")
	env := map[string]string{"SIMCLOUD_TOKEN": "from-outside", "SIMCLOUD_ENDPOINT": w.Endpoint()}
	for _, name := range []string{"PATH", "HOME", "TF_CLI_CONFIG_FILE", "CHECKPOINT_DISABLE"} {
		env[name] = os.Getenv(name)
	}
	if err := w.SetEnv(env); err != nil {
		t.Fatal(err)
	}
	w.write("provider.tf", "terraform {\n  required_providers { simcloud = { source = \"nodepool-tf.invalid/testdata/simcloud\" } }\n}\nprovider \"simcloud\" { project = \"acme\" }\n")
	w.apply()
	w.destroy()
}
