package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/state/record"
)

// labelConfig is one label with the given module and settings.
func labelConfig(module, label string) string {
	return `
labels: [{name: bad}, {name: small}]
providers:
  - name: local
    driver: terraform
    launch-retries: 2
    launch-timeout: 5
    module: {source: ` + module + `}
    pools:
      - name: main
        host-key-checking: false
        labels:
          - name: bad
` + indent(label) + `
          - name: small
            module: {source: %INSTANT%}
            inputs: {name: "${node.hostname}"}
`
}

func indent(s string) string {
	return "            " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n            ")
}

// TestBadModules: the request fails with the reason in the log, nothing is left, and other labels go on.
func TestBadModules(t *testing.T) {
	cases := []struct {
		name, module, label string
		files               map[string]string
		reason              string
	}{
		{name: "does not exist", module: "./nowhere", label: "inputs: {}", reason: "nowhere"},
		{name: "does not init", module: "./mod", label: "inputs: {}", reason: "class=config",
			files: map[string]string{"main.tf": "module \"child\" {\n  source = \"./not-there\"\n}\n"}},
		{name: "is no HCL", module: "./mod", label: "inputs: {}", reason: "class=config", files: map[string]string{"main.tf": "resource {{{\n"}},
		{name: "has no such variable", module: "%INSTANT%", label: "inputs: {name: x, colour: red}", reason: "colour"},
		{name: "lacks an input", module: "%INSTANT%", label: "inputs: {}", reason: "name"},
		{name: "lacks an output", module: "%INSTANT%", label: "inputs: {name: x}\noutputs: {interface_ip: output.address}", reason: "address"},
		{name: "has no address", module: "./mod", label: "inputs: {}", reason: "no address", files: map[string]string{"main.tf": "resource \"terraform_data\" \"a\" {}\n"}},
		{name: "fails on apply", module: "./mod", label: "inputs: {}", reason: "attempt=2/2",
			files: map[string]string{"main.tf": "resource \"terraform_data\" \"a\" {\n  provisioner \"local-exec\" {\n    command = \"exit 3\"\n  }\n}\noutput \"public_ipv4\" { value = \"127.0.0.1\" }\n"}},
		{name: "hangs", module: "./mod", label: "inputs: {}", reason: "class=timeout",
			files: map[string]string{"main.tf": "resource \"terraform_data\" \"a\" {\n  provisioner \"local-exec\" {\n    command = \"exec sleep 7777\"\n  }\n}\noutput \"public_ipv4\" { value = \"127.0.0.1\" }\n"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, labelConfig(c.module, c.label))
			for name, data := range c.files {
				if err := os.MkdirAll(filepath.Join(r.Dir, "mod"), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(r.Dir, "mod", name), []byte(data), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			r.start()
			bad := r.submit("bad")
			r.use(r.wait(r.submit("small"), record.RequestFulfilled))
			req := r.wait(bad, record.RequestFailed)
			if len(req.DeclinedBy) != 1 || len(req.Nodes) != 0 {
				t.Errorf("declined by %v with nodes %v", req.DeclinedBy, req.Nodes)
			}
			if !strings.Contains(r.Log(), c.reason) {
				t.Errorf("the log does not say %q", c.reason)
			}
			r.empty()
		})
	}
}
