package kubernetes

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

var drivers = map[Flavour]driver.Driver{Kubernetes: Driver, Project: OpenShift, PodOnly: OpenShiftPods}

func read(t *testing.T, f Flavour, text string, env map[string]string) *Provider {
	t.Helper()
	v, issues := schema.Parse("f", []byte(text))
	if v == nil {
		t.Fatal(issues)
	}
	rep := schema.NewReport("f", schema.Strict, nil)
	m, _ := rep.Root(v).Mapping()
	p := drivers[f].New(&driver.Scope{
		Provider: "lab", IsLabel: func(string) bool { return true }, Getenv: func(name string) string { return env[name] },
	}).(*Provider)
	option.Read(p, m)
	for _, i := range rep.Issues() {
		if i.Severity == schema.Error {
			t.Errorf("%s", i)
		}
	}
	return p
}

// inputs are what the module is given for a node of the only label of the only pool.
func inputs(t *testing.T, p *Provider, node modules.NodeVars) map[string]any {
	t.Helper()
	pool := p.Pools.List[0]
	spec, err := drivers[p.Flavour].Spec(p, pool.Name, pool.Labels.List[0].Name)
	if err != nil {
		t.Fatal(err)
	}
	values, err := spec.EvalInputs(node)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	for name, v := range values {
		data, err := ctyjson.SimpleJSONValue{Value: v}.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var plain any
		if err := json.Unmarshal(data, &plain); err != nil {
			t.Fatal(err)
		}
		out[name] = plain
	}
	return out
}

func provider(label string) string {
	return `{name: lab, driver: d, context: c, pools: [{name: main, labels: [` + label + `]}]}`
}

var aNode = modules.NodeVars{ID: "0000000042", Label: "a", Provider: "lab", Pool: "main", Given: map[string]any{"host": "https://api"}}

// TestLabelOptions: every option of a label that the reference maps to the module has a case, which shows what the
// module is given because of it.
func TestLabelOptions(t *testing.T) {
	type object = map[string]any
	type list = []any
	cases := map[string]struct {
		label string
		want  object
	}{
		"type":               {"type: namespace", object{"pod": nil, "container": nil, "image_pull_policy": nil}},
		"image":              {"image: i", object{"image": "i"}},
		"image-pull":         {"image-pull: Never", object{"image_pull_policy": "Never"}},
		"image-pull-secrets": {"image-pull-secrets: [{name: b}, {name: a}]", object{"image_pull_secrets": list{"b", "a"}}},
		"spec": {"spec: {containers: [{name: c, image: '${x}', n: 1.5, list: [true, null]}]}", object{
			"spec":              object{"containers": list{object{"name": "c", "image": "${x}", "n": 1.5, "list": list{true, nil}}}},
			"image_pull_policy": nil,
		}},
		"labels": {"labels: {team: py, nodepool_node_id: 'no'}", object{"labels": object{
			"team": "py", "nodepool_node_id": "0000000042", "nodepool_pool_name": "main", "nodepool_provider_name": "lab", "nodepool_node_label": "a",
		}}},
		"annotations":    {"annotations: {x/y: '%{if true}'}", object{"annotations": object{"x/y": "%{if true}"}}},
		"cpu":            {"cpu: 2", object{"requests": object{"cpu": "2"}, "limits": object{"cpu": "2"}}},
		"memory":         {"memory: 2048", object{"requests": object{"memory": "2048Mi"}, "limits": object{"memory": "2048Mi"}}},
		"storage":        {"storage: 5", object{"requests": object{"ephemeral-storage": "5M"}, "limits": object{"ephemeral-storage": "5M"}}},
		"cpu-limit":      {"cpu-limit: 4", object{"limits": object{"cpu": "4"}}},
		"memory-limit":   {"memory-limit: 4", object{"limits": object{"memory": "4Mi"}}},
		"storage-limit":  {"storage-limit: 4, storage: 1", object{"requests": object{"ephemeral-storage": "1M"}, "limits": object{"ephemeral-storage": "4M"}}},
		"gpu":            {"gpu: 0.5, gpu-resource: x/gpu", object{"requests": object{"x/gpu": "0.50"}, "limits": object{"x/gpu": "0.50"}}},
		"gpu-resource":   {"gpu: 1.0, gpu-resource: x/gpu", object{"requests": object{"x/gpu": "1.00"}, "limits": object{"x/gpu": "1.00"}}},
		"env":            {"env: [{name: B, value: b}, {name: A, value: '${a}'}]", object{"env": list{object{"name": "B", "value": "b"}, object{"name": "A", "value": "${a}"}}}},
		"node-selector":  {"node-selector: {disk: nvme}", object{"node_selector": object{"disk": "nvme"}}},
		"scheduler-name": {"scheduler-name: s", object{"scheduler_name": "s"}},
		"privileged":     {"privileged: false", object{"privileged": false}},
		"volumes":        {"volumes: [{name: v, emptyDir: {}}]", object{"volumes": list{object{"name": "v", "emptyDir": object{}}}}},
		"volume-mounts":  {"volume-mounts: [{name: v, mountPath: /v}]", object{"volume_mounts": list{object{"name": "v", "mountPath": "/v"}}}},
	}
	elsewhere := []string{"name", "dynamic-labels"} // TestNames, TestDynamicLabels
	for f := range drivers {
		for _, o := range option.List(drivers[f].New(&driver.Scope{})) {
			name, ok := strings.CutPrefix(o.Path, "pools[].labels[].")
			switch {
			case !ok || strings.ContainsAny(name, ".[") || slices.Contains([]string{driver.Launcher, driver.Record, driver.None}, o.Maps):
			case slices.Contains(elsewhere, name):
			case cases[name].label == "":
				t.Errorf("driver %d: option %s (%s) has no case", f, name, o.Maps)
			}
		}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			label := "{name: a, " + c.label
			if name != "type" {
				label += ", type: pod"
			}
			if name != "spec" && name != "image" && name != "type" {
				label += ", image: i"
			}
			f := Kubernetes
			if name == "image-pull-secrets" {
				f = Project
			}
			got := inputs(t, read(t, f, provider(label+"}"), nil), aNode)
			for key, want := range c.want {
				if diff := cmp.Diff(want, got[key]); diff != "" {
					t.Errorf("%s -want +got:\n%s", key, diff)
				}
			}
		})
	}
}

// TestNames: namespaces, projects and pods are called as Nodepool calls them; a further attempt has names of its own.
func TestNames(t *testing.T) {
	pod, empty := "{name: a, type: pod, image: i}", "{name: a, type: namespace}"
	for _, c := range []struct {
		flavour Flavour
		label   string
		attempt int
		want    []any // namespace, pod, container, create_namespace, cluster_role
	}{
		{Kubernetes, pod, 0, []any{"main-0000000042", "a", "a", nil, nil}},
		{Kubernetes, pod, 2, []any{"main-0000000042-2", "a", "a", nil, nil}},
		{Kubernetes, empty, 1, []any{"main-0000000042", nil, nil, nil, nil}},
		{Project, pod, 1, []any{"main-0000000042", "a", "a", nil, "admin"}},
		{Project, "{name: a, type: project}", 3, []any{"main-0000000042-3", nil, nil, nil, "admin"}},
		{PodOnly, "{name: a, image: i}", 1, []any{"main", "a-0000000042", "a", false, nil}},
		{PodOnly, "{name: a, image: i}", 2, []any{"main", "a-0000000042-2", "a", false, nil}},
	} {
		n := aNode
		n.Attempt = c.attempt
		in := inputs(t, read(t, c.flavour, provider(c.label), nil), n)
		if diff := cmp.Diff(c.want, []any{in["namespace"], in["pod"], in["container"], in["create_namespace"], in["cluster_role"]}); diff != "" {
			t.Errorf("%d %s: %s", c.flavour, c.label, diff)
		}
	}
}

// TestDynamicLabels: they lie over the label's own and under Nodepool's marks; what only we mark with is an annotation.
func TestDynamicLabels(t *testing.T) {
	p := read(t, Kubernetes, provider("{name: a, type: pod, image: i, labels: {x: 1, y: 2}, dynamic-labels: {y: '{request.id}'}}"), nil)
	spec, err := Driver.Spec(p, "main", "a")
	if err != nil || spec.Dynamic["y"] != "{request.id}" {
		t.Fatal(err, spec)
	}
	n := aNode
	n.Dynamic = map[string]string{"y": "3", "nodepool_node_id": "no"}
	n.Tags = map[string]string{"nodepool_node_id": "0000000042", "nodepool_pool_name": "main", "nodepool_provider_name": "lab", "nodepool_tf_request": "1 2"}
	in := inputs(t, p, n)
	want := map[string]any{"x": "1", "y": "3", "nodepool_node_id": "0000000042", "nodepool_pool_name": "main", "nodepool_provider_name": "lab", "nodepool_node_label": "a"}
	if diff := cmp.Diff(want, in["labels"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"nodepool_tf_request": "1 2"}, in["marks"]); diff != "" {
		t.Error(diff)
	}
}

// TestCluster: where the cluster is found is for the provider; what Zuul needs of it comes from the lookup.
func TestCluster(t *testing.T) {
	for name, c := range map[string]struct {
		context string
		env     map[string]string
		want    map[string]any
	}{
		"home":         {"", map[string]string{"HOME": "/h"}, map[string]any{"config_path": "/h/.kube/config"}},
		"context":      {"c", map[string]string{"HOME": "/h", "KUBERNETES_SERVICE_HOST": "10.0.0.1"}, map[string]any{"config_context": "c", "config_path": "/h/.kube/config"}},
		"one file":     {"c", map[string]string{"KUBECONFIG": "/a"}, map[string]any{"config_context": "c", "config_path": "/a"}},
		"several":      {"", map[string]string{"KUBECONFIG": "/a::/b"}, map[string]any{"config_paths": []string{"/a", "/b"}}},
		"in a cluster": {"", map[string]string{"HOME": "/h", "KUBERNETES_SERVICE_HOST": "10.0.0.1"}, map[string]any{}},
	} {
		p := read(t, Kubernetes, `{name: lab, context: "`+c.context+`", pools: [{name: main, labels: [{name: a, type: namespace}]}]}`, c.env)
		spec, err := Driver.Spec(p, "main", "a")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]any{"kubernetes": c.want}, spec.ProviderConfig); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	n := aNode
	n.Given = map[string]any{GivenHost: "https://api:6443", GivenSkipTLS: true, GivenCA: nil, GivenToken: "t"}
	in := inputs(t, read(t, PodOnly, provider("{name: a, image: i}"), nil), n)
	if diff := cmp.Diff([]any{"https://api:6443", true, nil, "t", "c"}, []any{in["host"], in["skip_tls"], in["ca_crt"], in["token"], in["context"]}); diff != "" {
		t.Error(diff)
	}
	if in := inputs(t, read(t, Kubernetes, provider("{name: a, type: pod, image: i}"), nil), n); in["token"] != nil {
		t.Error("the daemon's own token is handed on")
	}
}

// TestModule: the module declares what it is given and nothing else, and has outputs for node fields alone.
func TestModule(t *testing.T) {
	given := map[string]bool{}
	for f, label := range map[Flavour]string{
		Kubernetes: "{name: a, type: pod, image: i, annotations: {a: b}, cpu: 1, env: [{name: a, value: b}], node-selector: {a: b}, scheduler-name: s, privileged: true, volumes: [{}], volume-mounts: [{}]}",
		Project:    "{name: a, type: pod, image: i, image-pull-secrets: [{name: s}]}",
		PodOnly:    "{name: a, spec: {}}",
	} {
		for name := range inputs(t, read(t, f, provider(label), nil), aNode) {
			given[name] = true
		}
	}
	declared := map[string]bool{}
	files, err := os.ReadDir("node")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".tf") {
			continue
		}
		parsed, diags := hclparse.NewParser().ParseHCLFile("node/" + file.Name())
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		for _, block := range parsed.Body.(*hclsyntax.Body).Blocks {
			switch block.Type {
			case "variable":
				declared[block.Labels[0]] = true
			case "output":
				if err := modules.CheckField(block.Labels[0]); err != nil {
					t.Error(err)
				}
			}
		}
	}
	if diff := cmp.Diff(declared, given); diff != "" {
		t.Errorf("-declared +given:\n%s", diff)
	}
}
