package reconciler

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/reconciler/config"
	"github.com/nodepool-tf/nodepool-tf/reconciler/desire"
	"github.com/nodepool-tf/nodepool-tf/state/record"
)

func TestRefuse(t *testing.T) {
	cases := []struct {
		name            string
		declined, pools string
		want            record.RequestState
	}{
		{"the only pool", "", "own", record.RequestFailed},
		{"another is left", "", "own other", record.RequestRequested},
		{"the other has declined", "other", "own other", record.RequestFailed},
		{"declined before, the other is gone", "own other", "own", record.RequestFailed},
		{"stale ids do not matter", "dead", "own", record.RequestFailed},
		{"nobody is registered", "", "", record.RequestRequested},
	}
	for _, c := range cases {
		r := &record.Request{State: record.RequestPending, DeclinedBy: strings.Fields(c.declined)}
		desire.Refuse(r, "own", strings.Fields(c.pools), time.Now())
		if r.State != c.want || r.StateTime == 0 || strings.Count(strings.Join(r.DeclinedBy, " "), "own") != 1 {
			t.Errorf("%s: %s, declined by %v; want %s", c.name, r.State, r.DeclinedBy, c.want)
		}
	}
}

func TestApplyFields(t *testing.T) {
	label := &config.PoolLabel{Name: "l", Pool: &config.Pool{Provider: &config.Provider{Region: "eu"}, NodeAttributes: json.RawMessage(`{"zone":"a","keep":1}`)}}
	base := record.Node{ConnectionType: "ssh", Username: "zuul", ConnectionPort: json.RawMessage("22"), Attributes: label.Pool.NodeAttributes}
	n := base
	if err := apply(&n, modules.Fields{InterfaceIP: "192.0.2.1"}, label); err != nil {
		t.Fatal(err)
	}
	if n.Region != "eu" || n.ConnectionType != "ssh" || n.Username != "zuul" || string(n.ConnectionPort) != "22" || string(n.Attributes) != `{"zone":"a","keep":1}` {
		t.Errorf("what the module does not say changed: %+v", n)
	}
	n = base
	err := apply(&n, modules.Fields{
		InterfaceIP: "192.0.2.1", Region: "us", ConnectionType: "winrm", Username: "admin", ConnectionPort: json.RawMessage("5986"),
		Attributes: json.RawMessage(`{"zone":"b"}`), HostKeysSet: true, HostKeys: []string{"ssh-ed25519 AAAA"}, Resources: map[string]float64{"cores": 2},
	}, label)
	if err != nil {
		t.Fatal(err)
	}
	if n.Region != "us" || n.ConnectionType != "winrm" || n.Username != "admin" || string(n.ConnectionPort) != "5986" || len(n.HostKeys) != 1 || n.Resources["cores"] != 2 {
		t.Errorf("what the module says is missing: %+v", n)
	}
	if got := string(n.Attributes); got != `{"keep":1,"zone":"b"}` {
		t.Errorf("attributes %s", got)
	}
	n = base
	if err := apply(&n, modules.Fields{}, label); err == nil || !strings.Contains(err.Error(), "no address") {
		t.Errorf("a node without an address: %v", err)
	}
}
