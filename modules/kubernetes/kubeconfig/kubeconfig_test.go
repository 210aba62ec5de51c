package kubeconfig

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const first = `
current-context: lab
contexts:
- {name: lab, context: {cluster: lab, user: admin}}
- {name: plain, context: {cluster: plain, user: nobody}}
- {name: lost, context: {cluster: gone, user: admin}}
- {name: bad, context: {cluster: bad, user: admin}}
- {name: noca, context: {cluster: noca, user: admin}}
- {name: plugin, context: {cluster: plain, user: plugin}}
- {name: crt, context: {cluster: plain, user: crt}}
- {name: file, context: {cluster: file, user: file}}
clusters:
- {name: lab, cluster: {server: "https://lab:6443/", certificate-authority-data: "Q0E="}}
- {name: plain, cluster: {server: "https://plain", insecure-skip-tls-verify: true}}
- {name: bad, cluster: {server: "https://bad", certificate-authority-data: "s3cret!"}}
- {name: noca, cluster: {server: "https://noca", certificate-authority: missing.pem}}
- {name: file, cluster: {server: "https://file", certificate-authority: ca.pem}}
users:
- {name: admin, user: {token: s3cret}}
- {name: plugin, user: {exec: {command: aws, args: [x]}}}
- {name: crt, user: {client-certificate-data: s3cret, client-key-data: s3cret}}
- {name: file, user: {tokenFile: token}}
`

const second = `
current-context: other
contexts: [{name: lab, context: {cluster: no, user: no}}, {name: other, context: {cluster: plain, user: admin}}]
clusters: [{name: plain, cluster: {server: "https://no"}}]
`

func TestRead(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"first": first, "second": second, "ca.pem": "CA", "token": " s3cret\n", "broken": "contexts: [{s3cret", "empty": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func(context string, files ...string) (Cluster, error) {
		var paths []string
		for _, f := range files {
			paths = append(paths, filepath.Join(dir, f))
		}
		return Find(func(name string) string {
			return map[string]string{"KUBECONFIG": strings.Join(paths, string(filepath.ListSeparator)), "HOME": dir}[name]
		}, context).Read()
	}
	for _, c := range []struct {
		context string
		files   string
		want    Cluster
		err     string
	}{
		{"", "first", Cluster{Host: "https://lab:6443", CA: "Q0E=", Token: "s3cret"}, ""},
		{"plain", "first", Cluster{Host: "https://plain", SkipTLS: true, NoToken: "nothing"}, ""},
		{"plugin", "first", Cluster{Host: "https://plain", SkipTLS: true, NoToken: "a credential plugin"}, ""},
		{"crt", "first", Cluster{Host: "https://plain", SkipTLS: true, NoToken: "a client certificate"}, ""},
		{"file", "first", Cluster{Host: "https://file", CA: "Q0E=", Token: "s3cret"}, ""},
		{"", "first second gone", Cluster{Host: "https://lab:6443", CA: "Q0E=", Token: "s3cret"}, ""},
		{"other", "gone first second", Cluster{Host: "https://plain", SkipTLS: true, Token: "s3cret"}, ""},
		{"nope", "first", Cluster{}, "no context nope (it has bad, crt, file, lab,"},
		{"", "empty", Cluster{}, "no current context; give the provider a context (it has none)"},
		{"lost", "first", Cluster{}, `context lost: there is no cluster "gone"`},
		{"bad", "first", Cluster{}, "cluster bad: certificate-authority-data is not base64"},
		{"noca", "first", Cluster{}, "missing.pem"},
		{"", "gone", Cluster{}, "no such file"},
		{"", "gone gone2", Cluster{}, "none of"},
		{"", "broken", Cluster{}, "not a kubeconfig in YAML"},
	} {
		got, err := read(c.context, strings.Fields(c.files)...)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s %s: %s", c.context, c.files, diff)
		}
		switch {
		case c.err == "" && err != nil, c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%s %s: %v", c.context, c.files, err)
		case err != nil && strings.Contains(err.Error(), "s3cret"):
			t.Errorf("a credential is told: %v", err)
		}
	}
}

func TestPod(t *testing.T) {
	s := Find(func(name string) string {
		return map[string]string{"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443", "HOME": "/h"}[name]
	}, "")
	dir := t.TempDir()
	if _, err := s.pod(dir); err == nil || !strings.Contains(err.Error(), "account of the pod") {
		t.Errorf("no account: %v", err)
	}
	for name, text := range map[string]string{"ca.crt": "CA", "token": "t\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.pod(dir)
	if diff := cmp.Diff(Cluster{Host: "https://[fd00::1]:443", CA: "Q0E=", Token: "t"}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func FuzzFile(f *testing.F) {
	f.Add([]byte(first), "lab")
	f.Add([]byte(second), "")
	f.Fuzz(func(t *testing.T, data []byte, context string) {
		path := filepath.Join(t.TempDir(), "config")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := (Source{Paths: []string{path}, Context: context}).Read()
		if (c == Cluster{}) != (err != nil) {
			t.Errorf("%+v %v", c, err)
		}
	})
}
