//go:build kubernetes

package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nodepool-tf/nodepool-tf/state/record"
	"github.com/nodepool-tf/nodepool-tf/testdata/kubelab"
	"github.com/nodepool-tf/nodepool-tf/testdata/rig"
)

// What `make test-kubernetes` needs: etcd, kube-apiserver and the real Terraform provider. docs/kubernetes.md says where
// they come from.
const (
	etcdEnv       = "NODEPOOL_TF_ETCD"
	apiserverEnv  = "NODEPOOL_TF_KUBE_APISERVER"
	kubernetesEnv = "NODEPOOL_TF_KUBERNETES_PROVIDER"
)

const kubernetesConfig = `
labels: [{name: ns}, {name: pod}, {name: cached}, {name: verbatim}, {name: project}, {name: oc-pod}, {name: shared}]
providers:
  - name: k8s
    driver: kubernetes
    context: lab
    launch-retries: 2
    pools:
      - name: ci
        labels:
          - {name: ns, type: namespace, labels: {team: py}}
          - name: pod
            type: pod
            image: registry.invalid/ci:1
            image-pull: Never
            cpu: 1
            memory: 2048
            memory-limit: 4096
            storage: 5000
            gpu: 1.0
            gpu-resource: example.org/gpu
            env: [{name: A, value: "${HOME}"}]
            node-selector: {disk: nvme}
            scheduler-name: packer
            privileged: false
            labels: {team: py, nodepool_node_id: forged}
            dynamic-labels: {tenant: "{request.tenant_name}"}
            annotations: {example.org/note: "any text: %{x}"}
          - name: cached
            type: pod
            image: registry.invalid/ci:1
            memory: 2048
            volumes: [{name: cache, emptyDir: {sizeLimit: 2048Mi}}]
            volume-mounts: [{name: cache, mountPath: /cache}]
          - name: verbatim
            type: pod
            annotations: {a: b}
            spec:
              containers:
                - {name: shell, image: "registry.invalid/shell:1", command: [sleep, infinity]}
                - {name: db, image: "registry.invalid/db:1", ports: [{containerPort: 5432}]}
  - name: oc
    driver: openshift
    context: lab
    pools:
      - name: oc-ci
        labels:
          - {name: project, type: project}
          - {name: oc-pod, type: pod, image: "registry.invalid/ci:1", image-pull-secrets: [{name: pull}]}
  - name: pods
    driver: openshiftpods
    context: lab
    pools:
      - name: shared-project
        labels: [{name: shared, image: "registry.invalid/ci:1"}]
`

// connection is the object that Zuul reads (protocol.md 2.2.2).
type connection struct {
	Name, Namespace, Host, User, Token, Pod string
	SkipTLS                                 *bool  `json:"skiptls"`
	CA                                      string `json:"ca_crt"`
}

func newCluster(t *testing.T) *kubelab.Cluster {
	t.Helper()
	programs := map[string]string{}
	for _, env := range []string{etcdEnv, apiserverEnv, kubernetesEnv} {
		if programs[env] = os.Getenv(env); programs[env] == "" {
			t.Fatalf("set %s, %s and %s: docs/kubernetes.md", etcdEnv, apiserverEnv, kubernetesEnv)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c, err := kubelab.Start(ctx, programs[etcdEnv], programs[apiserverEnv], t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	return c
}

// kubernetesMirror installs the provider from a file.
func kubernetesMirror(t *testing.T) (cliConfig string) {
	t.Helper()
	dir := t.TempDir()
	folder := filepath.Join(dir, "registry.terraform.io/hashicorp/kubernetes/3.9.9", runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(os.Getenv(kubernetesEnv), filepath.Join(folder, "terraform-provider-kubernetes_v3.9.9")); err != nil {
		t.Fatal(err)
	}
	cliConfig = filepath.Join(dir, "cli.tfrc")
	text := fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", dir)
	if err := os.WriteFile(cliConfig, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return cliConfig
}

// newKube is a rig on a cluster of its own.
func newKube(t *testing.T, text string, change ...func(*rig.Options)) *kube {
	t.Helper()
	c := newCluster(t)
	kubeconfig := filepath.Join(t.TempDir(), "config")
	if err := c.Kubeconfig(kubeconfig, "lab"); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, text, append(change, func(o *rig.Options) {
		o.Env = append(o.Env, "KUBECONFIG="+kubeconfig, "TF_CLI_CONFIG_FILE="+kubernetesMirror(t))
	})...)
	ctx, cancel := context.WithTimeout(context.Background(), 9*time.Minute)
	r.ctx = ctx
	t.Cleanup(cancel)
	k := &kube{r, c}
	k.do(kubelab.Token, http.MethodPost, "/api/v1/namespaces", map[string]any{"metadata": map[string]any{"name": "shared-project"}})
	return k
}

// TestKubernetes is the life of a node of every kind on a real API server, whose books are empty afterwards.
func TestKubernetes(t *testing.T) {
	k := newKube(t, kubernetesConfig)
	k.start()

	k.node("ns", "namespace", func(n *record.Node, conn connection) {
		if n.InterfaceIP != "" || conn.Pod != "" || conn.Name != "ci-"+n.ID || conn.Namespace != conn.Name || string(n.ExternalID) != `"`+conn.Name+`"` {
			t.Errorf("record %s", n.Encode())
		}
		k.may(conn, http.MethodPost, "/configmaps", map[string]any{"metadata": map[string]any{"name": "a"}}, true)
		k.may(conn, http.MethodGet, "/roles", nil, false)
		ns := k.list("/api/v1/namespaces")
		i := slices.IndexFunc(ns, func(o kubelab.Object) bool { return o.Metadata.Name == conn.Namespace })
		if l := ns[i].Metadata.Labels; l["team"] != "py" || l["nodepool_node_id"] != n.ID || l["nodepool_provider_name"] != "k8s" || l["nodepool_pool_name"] != "ci" {
			t.Errorf("labels %v", l)
		}
	})
	k.node("pod", "kubectl", func(n *record.Node, conn connection) {
		if n.InterfaceIP != "pod" || conn.Pod != "pod" || n.HostID != kubelab.Worker || n.Cloud != "lab" || n.Resources["cores"] != 1 {
			t.Errorf("record %s", n.Encode())
		}
		k.may(conn, http.MethodGet, "/pods/pod", nil, true)
		k.may(conn, http.MethodGet, "/secrets", nil, false)
		k.may(conn, http.MethodPost, "/configmaps", map[string]any{"metadata": map[string]any{"name": "a"}}, false)
		p := k.pod("pod")
		l := p.Metadata.Labels
		if l["team"] != "py" || l["tenant"] != "acme" || l["nodepool_node_id"] != n.ID || l["nodepool_node_label"] != "pod" || p.Metadata.Annotations["example.org/note"] != "any text: %{x}" {
			t.Errorf("%v %v", l, p.Metadata.Annotations)
		}
		text := fmt.Sprint(p.Spec)
		for _, want := range []string{
			"${HOME}", "nodeSelector:map[disk:nvme]", "schedulerName:packer", "privileged:false", "imagePullPolicy:Never",
			"limits:map[cpu:1 ephemeral-storage:5G example.org/gpu:1 memory:4Gi]", "requests:map[cpu:1 ephemeral-storage:5G example.org/gpu:1 memory:2Gi]",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("no %s in %s", want, text)
			}
		}
	})
	k.node("cached", "kubectl", func(n *record.Node, conn connection) {
		if text := fmt.Sprint(k.pod("cached").Spec); !strings.Contains(text, "emptyDir:map[sizeLimit:2Gi]") || !strings.Contains(text, "mountPath:/cache") || n.HostID != kubelab.Worker {
			t.Errorf("%s %s", n.HostID, text)
		}
	})
	k.node("verbatim", "kubectl", func(n *record.Node, conn connection) {
		if p := k.pod("verbatim"); len(p.Spec["containers"].([]any)) != 2 || p.Metadata.Labels["nodepool_node_id"] != n.ID {
			t.Errorf("%+v", p)
		}
	})
	k.node("project", "project", func(n *record.Node, conn connection) {
		// What an admin may do is put together by a controller, which is not here.
		text, err := k.c.Get(k.ctx, "/apis/rbac.authorization.k8s.io/v1/namespaces/"+conn.Namespace+"/rolebindings/zuul-role")
		if err != nil || !strings.Contains(text, `"kind":"ClusterRole","name":"admin"`) {
			t.Errorf("%v %s", err, text)
		}
	})
	k.node("oc-pod", "kubectl", func(n *record.Node, conn connection) {
		if text := fmt.Sprint(k.pod("oc-pod").Spec["imagePullSecrets"]); text != "[map[name:pull]]" {
			t.Error(text)
		}
	})
	k.node("shared", "kubectl", func(n *record.Node, conn connection) {
		if conn.Namespace != "shared-project" || conn.Pod != "shared-"+n.ID || conn.Name != "" || conn.Token != kubelab.Token || string(n.ExternalID) != `"shared-project-shared-`+n.ID+`"` {
			t.Errorf("record %s", n.Encode())
		}
	})
	k.stop()
	if log := k.Log(); strings.Contains(log, kubelab.Token) || strings.Contains(log, "eyJ") {
		t.Error("a token is in the log")
	}
}

type kube struct {
	*testRig
	c *kubelab.Cluster
}

// node asks for a node, has it looked at, uses it and waits until nothing of it is left.
func (k *kube) node(label, connectionType string, look func(*record.Node, connection)) {
	k.t.Helper()
	before := k.books()
	began := time.Now()
	req := k.wait(k.submit(label), record.RequestFulfilled)
	took := time.Since(began)
	n := k.Nodes()[req.Nodes[0]]
	var conn connection
	if err := json.Unmarshal(n.ConnectionPort, &conn); err != nil {
		k.t.Fatal(err)
	}
	if _, err := base64.StdEncoding.DecodeString(conn.CA); n.ConnectionType != connectionType || conn.Host != k.c.URL || conn.User != "zuul-worker" || conn.SkipTLS == nil || *conn.SkipTLS || conn.CA == "" || err != nil {
		k.t.Errorf("%s: %s %s", label, n.ConnectionType, n.Encode())
	}
	look(n, conn)
	if out, _, _ := k.out("list"); strings.Contains(out, conn.Token) || !strings.Contains(out, n.ID) {
		k.t.Errorf("list shows the token, or not the node:\n%s", out)
	}
	began = time.Now()
	k.use(req)
	k.empty()
	k.t.Logf("%s: ready after %s, gone %s after use", label, took.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
	if after := k.books(); !slices.Equal(before, after) {
		k.t.Errorf("%s: before %v, after %v", label, before, after)
	}
}

// books are the namespaces and pods there are.
func (k *kube) books() (names []string) {
	k.t.Helper()
	for _, o := range append(k.list("/api/v1/namespaces"), k.list("/api/v1/pods")...) {
		names = append(names, o.Metadata.Namespace+"/"+o.Metadata.Name)
	}
	return names
}

func (k *kube) list(path string) []kubelab.Object {
	k.t.Helper()
	items, err := k.c.List(k.ctx, path)
	if err != nil {
		k.t.Fatal(err)
	}
	return items
}

// pod is the only one there is, by its name or the beginning of it.
func (k *kube) pod(name string) kubelab.Object {
	k.t.Helper()
	pods := k.list("/api/v1/pods")
	if len(pods) != 1 || !strings.HasPrefix(pods[0].Metadata.Name, name) {
		k.t.Fatalf("pods %+v", pods)
	}
	return pods[0]
}

// may tries something in the node's namespace, with the node's token.
func (k *kube) may(conn connection, method, path string, body any, want bool) {
	k.t.Helper()
	group := "/api/v1"
	if path == "/roles" {
		group = "/apis/rbac.authorization.k8s.io/v1"
	}
	_, err := k.c.Do(k.ctx, conn.Token, method, group+"/namespaces/"+conn.Namespace+path, body)
	if refused := err != nil && strings.Contains(err.Error(), "403"); want && err != nil || !want && !refused {
		k.t.Errorf("%s %s: %v", method, path, err)
	}
}

func (k *kube) do(token, method, path string, body any) {
	k.t.Helper()
	if _, err := k.c.Do(k.ctx, token, method, path, body); err != nil {
		k.t.Fatal(err)
	}
}
