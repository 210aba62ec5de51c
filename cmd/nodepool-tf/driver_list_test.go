package main

import (
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// TestDriverLists: what a driver lists is judged by the daemon, and shown by alien-list, as what a module lists is.
func TestDriverLists(t *testing.T) {
	api := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path != "/api/v1/namespaces" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, `{"items": [{"metadata": {"name": "ci-0000004711", "labels": {"nodepool_provider_name": "k8s", "nodepool_node_id": "0000004711"},
			"annotations": {"nodepool_tf_launcher": "00000000-0000-0000-0000-000000000000"}}}]}`)
	}))
	t.Cleanup(api.Close)
	dir := t.TempDir()
	kubeconfig, offline := filepath.Join(dir, "config"), filepath.Join(dir, "cli.tfrc")
	ca := base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: api.Certificate().Raw}))
	text := fmt.Sprintf("contexts: [{name: lab, context: {cluster: lab, user: ci}}]\nclusters: [{name: lab, cluster: {server: %q, certificate-authority-data: %s}}]\nusers: [{name: ci, user: {token: s3cr3t}}]\n", api.URL, ca)
	mirror := fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", dir) // with nothing: no module is needed here
	for path, text := range map[string]string{kubeconfig: text, offline: mirror} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := newRig(t, `
labels: [{name: ns}]
providers:
  - {name: k8s, driver: kubernetes, context: lab, pools: [{name: ci, labels: [{name: ns, type: namespace}]}]}
`, func(o *rig.Options) {
		o.Env = append(o.Env, "KUBECONFIG="+kubeconfig, "TF_CLI_CONFIG_FILE="+offline)
		o.Terraform = "list-interval: 1"
	})
	r.start()
	r.logged(`they are left alone (give each installation provider names of its own)" provider=k8s resources=1`)
	out, stderr, code := r.out("alien-list")
	if code != 0 || !strings.Contains(out, "kubernetes_namespace_v1") || !strings.Contains(out, "ci-0000004711") || !strings.Contains(out, "another ZooKeeper tree") {
		t.Errorf("exit %d\n%s%s", code, out, stderr)
	}
	api.Close()
	r.logged("what the provider has could not be listed")
	if out, stderr, code := r.out("alien-list"); code != 1 || !strings.Contains(stderr, "provider k8s cannot be asked") || strings.Contains(out+stderr, "s3cr3t") {
		t.Errorf("down: exit %d\n%s%s", code, out, stderr)
	}
	r.stop()
}
