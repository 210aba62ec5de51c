package lookup

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodepool-tf/nodepool-tf/modules/driver"
	"github.com/nodepool-tf/nodepool-tf/modules/kubernetes"
	"github.com/nodepool-tf/nodepool-tf/modules/option"
	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

const kubeconfigText = `
contexts: [{name: token, context: {cluster: lab, user: token}}, {name: plugin, context: {cluster: open, user: plugin}}]
clusters:
- {name: lab, cluster: {server: "https://lab:6443", certificate-authority-data: "Q0E="}}
- {name: open, cluster: {server: "https://open", insecure-skip-tls-verify: true}}
users: [{name: token, user: {token: s3cret}}, {name: plugin, user: {exec: {command: aws}}}]
`

func TestLookup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(kubeconfigText), 0o600); err != nil {
		t.Fatal(err)
	}
	provider := func(f kubernetes.Flavour, context string) *kubernetes.Provider {
		v, _ := schema.Parse("f", []byte("{name: lab, context: "+context+", pools: [{name: main, labels: [{name: a, type: pod, image: i}]}]}"))
		m, _ := schema.NewReport("f", schema.Load, nil).Root(v).Mapping()
		p := kubernetes.New(f, &driver.Scope{Provider: "lab", IsLabel: func(string) bool { return true }, Getenv: func(name string) string {
			return map[string]string{"KUBECONFIG": path}[name]
		}})
		option.Read(p, m)
		return p
	}
	lab := map[string]any{"host": "https://lab:6443", "skip_tls": false, "ca_crt": "Q0E="}
	labToken := map[string]any{"host": "https://lab:6443", "skip_tls": false, "ca_crt": "Q0E=", "token": "s3cret"}
	for _, c := range []struct {
		flavour kubernetes.Flavour
		context string
		given   map[string]any
		missing string
	}{
		{kubernetes.Kubernetes, "token", lab, ""},
		{kubernetes.Project, "plugin", map[string]any{"host": "https://open", "skip_tls": true}, ""},
		{kubernetes.PodOnly, "token", labToken, ""},
		{kubernetes.PodOnly, "plugin", nil, "a credential plugin"},
	} {
		found, err := New(provider(c.flavour, c.context)).Lookup(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := found.Labels[driver.LabelKey{Pool: "main", Label: "a"}]
		if diff := cmp.Diff(c.given, got.Given); diff != "" || (got.Missing == "") != (c.missing == "") || !strings.Contains(got.Missing, c.missing) {
			t.Errorf("%d %s: %s %s", c.flavour, c.context, diff, got.Missing)
		}
	}
	_, err := New(provider(kubernetes.Kubernetes, "nope")).Lookup(t.Context())
	var refused *driver.Refused
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "no context nope (it has plugin, token)") {
		t.Error(err)
	}
}
