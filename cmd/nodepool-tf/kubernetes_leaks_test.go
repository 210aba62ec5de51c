//go:build kubernetes

package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/kubelab"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// marked is a new namespace or pod with the marks of a node.
func (k *kube) marked(name, provider, node, launcher string, spec map[string]any) map[string]any {
	return map[string]any{"spec": spec, "metadata": map[string]any{
		"name":        name,
		"labels":      map[string]string{"nodepool_provider_name": provider, "nodepool_node_id": node, "nodepool_pool_name": "ci"},
		"annotations": map[string]string{"nodepool_tf_launcher": launcher},
	}}
}

// TestKubernetesLeaks: a namespace and a pod of nodes that are long gone are listed and go; the quota of a project is
// known; launch-retries: 0 makes no attempt.
func TestKubernetesLeaks(t *testing.T) {
	text := strings.NewReplacer(
		"launch-retries: 2", "launch-retries: 2\n    clean-leaked: true", "driver: openshiftpods", "driver: openshiftpods\n    clean-leaked: true", "{name: ns}", "{name: ns}, {name: never}",
	).Replace(kubernetesConfig) + `
  - name: idle
    driver: kubernetes
    context: lab
    launch-retries: 0
    pools: [{name: idle, labels: [{name: never, type: namespace}]}]
`
	k := newKube(t, text, func(o *rig.Options) { o.Terraform = "list-interval: 5" })
	quota := map[string]any{"metadata": map[string]any{"name": "q"}, "spec": map[string]any{"hard": map[string]any{"pods": "1"}}}
	k.do(kubelab.Token, http.MethodPost, "/api/v1/namespaces/shared-project/resourcequotas", quota)
	k.do(kubelab.Token, http.MethodPatch, "/api/v1/namespaces/shared-project/resourcequotas/q/status", map[string]any{"status": map[string]any{"hard": map[string]any{"pods": "1"}, "used": map[string]any{"pods": "0"}}})
	k.start()
	req := k.wait(k.submit("ns"), record.RequestFulfilled)
	ns := k.list("/api/v1/namespaces")
	launcher := ""
	for _, o := range ns {
		launcher += o.Metadata.Annotations["nodepool_tf_launcher"]
	}
	pod := map[string]any{"containers": []any{map[string]any{"name": "c", "image": "registry.invalid/ci:1"}}}
	k.do(kubelab.Token, http.MethodPost, "/api/v1/namespaces", k.marked("ci-0000004711", "k8s", "0000004711", launcher, nil))
	k.do(kubelab.Token, http.MethodPost, "/api/v1/namespaces", k.marked("other-0000004711", "another", "0000004711", launcher, nil))
	k.do(kubelab.Token, http.MethodPost, "/api/v1/namespaces/shared-project/pods", k.marked("shared-0000004712", "pods", "0000004712", launcher, pod))
	out, _, _ := k.out("alien-list")
	for _, want := range []string{"kubernetes_namespace_v1", "ci-0000004711", "kubernetes_pod_v1", "shared-project/shared-0000004712"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
	planted := time.Now()
	k.wait(k.submit("never"), record.RequestFailed)
	k.wait(k.submit("shared", "shared"), record.RequestFailed)
	k.logged("it needs more instances than the cloud grants provider pods: 2 of 1")
	k.eventually("what leaked goes", func() bool {
		books := k.books()
		return !slices.Contains(books, "/ci-0000004711") && !slices.Contains(books, "shared-project/shared-0000004712")
	})
	t.Logf("leaked namespace and pod: gone after %s", time.Since(planted).Round(time.Second))
	k.logged("leaked resource removed\" provider=k8s type=kubernetes_namespace_v1 id=ci-0000004711")
	k.logged("leaked resource removed\" provider=pods type=kubernetes_pod_v1 id=shared-project/shared-0000004712")
	if books := k.books(); !slices.Contains(books, "/other-0000004711") || !slices.Contains(books, "/ci-"+req.Nodes[0]) {
		t.Errorf("something that had not leaked is gone: %v", books)
	}
	k.use(req)
	k.empty()
	k.stop()
}
