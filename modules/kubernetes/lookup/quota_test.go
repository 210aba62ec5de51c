package lookup

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/kubernetes"
)

func TestLimits(t *testing.T) {
	for text, want := range map[string]map[string]float64{
		`[]`: {},
		`[{"spec": {"hard": {"pods": "10", "requests.cpu": "4500m", "requests.memory": "8Gi", "limits.cpu": "9", "persistentvolumeclaims": "3"}}}]`:   {"instances": 10, "cores": 4.5, "ram": 8192},
		`[{"spec": {"hard": {"count/pods": "3", "cpu": 2, "memory": "1073741824"}}}, {"spec": {"hard": {"pods": "5", "cpu": "1"}}}]`:                  {"instances": 3, "cores": 1, "ram": 1024},
		`[{"spec": {"hard": {"pods": "0"}, "scopes": ["BestEffort"]}}, {"spec": {"hard": {"pods": "0"}, "scopeSelector": {"matchExpressions": []}}}]`: {},
	} {
		var quotas []resourceQuota
		if err := json.Unmarshal([]byte(text), &quotas); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, limits(quotas)); diff != "" {
			t.Errorf("%s -want +got:\n%s", text, diff)
		}
	}
}

// TestQuota: projects are added up; what has ended does not count, and a resource that one project does not limit has no
// limit.
func TestQuota(t *testing.T) {
	const limit = "?limit=500"
	c := cluster(t, kubernetes.PodOnly, "{name: one, labels: []}, {name: two, labels: []}", map[string]string{
		"/api/v1/namespaces/one/resourcequotas" + limit: `{"items": [{"spec": {"hard": {"pods": "4", "cpu": "8"}}}]}`,
		"/api/v1/namespaces/two/resourcequotas" + limit: `{"items": [{"spec": {"hard": {"pods": "2"}}}]}`,
		"/api/v1/namespaces/one/pods" + limit: `{"items": [
			{"metadata": {"labels": {"nodepool_provider_name": "lab", "nodepool_node_id": "0000000001"}}, "status": {"phase": "Running"},
				"spec": {"containers": [{"resources": {"requests": {"cpu": "1500m", "memory": "512Mi"}}}, {"resources": {}}], "initContainers": [{"resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}]}},
			{"metadata": {}, "status": {"phase": "Succeeded"}, "spec": {"containers": [{"resources": {"requests": {"cpu": "9"}}}]}}]}`,
		"/api/v1/namespaces/two/pods" + limit: `{"items": [{"metadata": {}, "status": {"phase": "Pending"}, "spec": {"containers": [{}]}}]}`,
	})
	got, err := c.Quota(t.Context())
	want := driver.Quota{Limits: map[string]float64{"instances": 6}, Machines: []driver.Machine{
		{Provider: "lab", Node: "0000000001", Resources: map[string]float64{"instances": 1, "cores": 1.5, "ram": 1024}},
		{Resources: map[string]float64{"instances": 1, "cores": 0, "ram": 0}},
	}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v -want +got:\n%s", err, diff)
	}
	if q, err := cluster(t, kubernetes.PodOnly, "{name: one, labels: []}", nil).Quota(t.Context()); len(q.Limits) != 0 || err != nil {
		t.Errorf("an account that may not see quotas: %v %v", q, err)
	}
	if q, err := cluster(t, kubernetes.Kubernetes, "{name: one, labels: []}", nil).Quota(t.Context()); len(q.Limits) != 0 || err != nil {
		t.Errorf("namespaces of their own: %v %v", q, err)
	}
}
