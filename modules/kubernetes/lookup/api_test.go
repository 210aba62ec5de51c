package lookup

import (
	"encoding/base64"
	"encoding/pem"
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
	"github.com/nodepool-tf/nodepool-tf/modules/kubernetes"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// cluster answers lists as an API server does; what it has no answer for is forbidden.
func cluster(t *testing.T, f kubernetes.Flavour, pools string, answers map[string]string) *Cluster {
	t.Helper()
	api := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answer, ok := answers[r.URL.RequestURI()]
		switch {
		case r.Header.Get("Authorization") != "Bearer s3cret":
			w.WriteHeader(http.StatusUnauthorized)
		case !ok:
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `{"kind": "Status", "message": "%s is forbidden"}`, r.URL.Path)
		default:
			fmt.Fprint(w, answer)
		}
	}))
	t.Cleanup(api.Close)
	path := filepath.Join(t.TempDir(), "config")
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: api.Certificate().Raw})
	text := fmt.Sprintf("contexts: [{name: lab, context: {cluster: lab, user: ci}}]\nclusters: [{name: lab, cluster: {server: %q, certificate-authority-data: %s}}]\nusers: [{name: ci, user: {token: s3cret}}]\n",
		api.URL, base64.StdEncoding.EncodeToString(ca))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	v, _ := schema.Parse("f", []byte("{name: lab, context: lab, pools: ["+pools+"]}"))
	m, _ := schema.NewReport("f", schema.Load, nil).Root(v).Mapping()
	p := kubernetes.New(f, &driver.Scope{Provider: "lab", IsLabel: func(string) bool { return true }, Getenv: func(name string) string {
		return map[string]string{"KUBECONFIG": path}[name]
	}})
	option.Read(p, m)
	return New(p)
}

// TestList: all pages, tags from labels and annotations, and nothing that is on its way out.
func TestList(t *testing.T) {
	const selector = "labelSelector=nodepool_provider_name%3Dlab%2Cnodepool_node_id&limit=500"
	c := cluster(t, kubernetes.Kubernetes, "{name: main, labels: []}", map[string]string{
		"/api/v1/namespaces?" + selector: `{"metadata": {"continue": "next"}, "items": [
			{"metadata": {"name": "main-0000000001", "creationTimestamp": "2026-11-26T12:00:00Z",
				"labels": {"nodepool_provider_name": "lab", "nodepool_node_id": "0000000001", "kubernetes.io/metadata.name": "x"}, "annotations": {"nodepool_tf_launcher": "l", "other": "y"}}},
			{"metadata": {"name": "main-0000000002", "deletionTimestamp": "2026-11-26T12:00:00Z", "labels": {"nodepool_provider_name": "lab", "nodepool_node_id": "0000000002"}}}]}`,
		"/api/v1/namespaces?continue=next&" + selector: `{"metadata": {}, "items": [{"metadata": {"name": "main-0000000003", "labels": {"nodepool_provider_name": "lab", "nodepool_node_id": "0000000003"}}}]}`,
		"/api/v1/namespaces/one/pods?" + selector:      `{"items": [{"metadata": {"name": "a-0000000004", "namespace": "one", "labels": {"nodepool_provider_name": "lab", "nodepool_node_id": "0000000004"}}}]}`,
	})
	found, err := c.List(t.Context())
	want := []driver.Resource{
		{Type: "kubernetes_namespace_v1", ID: "main-0000000001", Created: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC),
			Tags: map[string]string{"nodepool_provider_name": "lab", "nodepool_node_id": "0000000001", "nodepool_tf_launcher": "l"}},
		{Type: "kubernetes_namespace_v1", ID: "main-0000000003", Tags: map[string]string{"nodepool_provider_name": "lab", "nodepool_node_id": "0000000003"}},
	}
	if diff := cmp.Diff(want, found); diff != "" || err != nil {
		t.Errorf("%v -want +got:\n%s", err, diff)
	}
	pods := cluster(t, kubernetes.PodOnly, "{name: one, labels: []}", map[string]string{
		"/api/v1/namespaces/one/pods?" + selector: `{"items": [{"metadata": {"name": "a-0000000004", "namespace": "one", "labels": {"nodepool_provider_name": "lab", "nodepool_node_id": "0000000004"}}}]}`,
	})
	found, err = pods.List(t.Context())
	want = []driver.Resource{{Type: "kubernetes_pod_v1", ID: "one/a-0000000004", Tags: map[string]string{"nodepool_provider_name": "lab", "nodepool_node_id": "0000000004"}}}
	if diff := cmp.Diff(want, found); diff != "" || err != nil {
		t.Errorf("%v -want +got:\n%s", err, diff)
	}
	forbidden := cluster(t, kubernetes.PodOnly, "{name: two, labels: []}", nil)
	var refused *driver.Refused
	if _, err = forbidden.List(t.Context()); !errors.As(err, &refused) || !strings.Contains(err.Error(), "/api/v1/namespaces/two/pods is forbidden") || strings.Contains(err.Error(), "s3cret") {
		t.Error(err)
	}
}
