package templates_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

// TestFileField: Terraform reads the file, whatever its name looks like, and neither what is written for it nor what it
// says holds the secret.
func TestFileField(t *testing.T) {
	w := newWorkspace(t, t.TempDir(), "w")
	path := filepath.Join(t.TempDir(), `cre"${dent}%{ials}.json`)
	if err := os.WriteFile(path, []byte(`{"clientSecret": "hunter2-hunter2"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := templates.RenderRoot(templates.Root{ProviderConfig: map[string]any{"p": map[string]any{
		"secret": modules.FileField{Path: path, Field: "clientSecret"}, "other": modules.FileField{Path: path, Field: "tenantId"},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	text := string(files[templates.ProvidersFile])
	if strings.Contains(text, "hunter2") || !strings.Contains(text, `[\"clientSecret\"]}`) {
		t.Errorf("%s", text)
	}
	// Local values are evaluated as arguments of a provider are, and need none to be there.
	locals := strings.NewReplacer(`"provider"`, `"locals"`).Replace(text)
	locals = strings.Replace(locals, `"//"`, `"output": {"same": {"value": "${nonsensitive(local.p.secret) == \"hunter2-hunter2\"}"}}, "//"`, 1)
	w.write("read.tf.json", []byte(locals))
	w.init()
	if out, err := w.terraform("apply", "-json", "-auto-approve", "-input=false"); err == nil || strings.Contains(string(out), "hunter2") || !strings.Contains(string(out), "tenantId") {
		t.Errorf("%v %s", err, out)
	}
	w.write("read.tf.json", []byte(strings.Replace(locals, "tenantId", "clientSecret", 1)))
	if out, err := w.terraform("apply", "-json", "-auto-approve", "-input=false"); err != nil || !strings.Contains(string(out), `"value":true`) || strings.Contains(string(out), "hunter2-hunter2\",") {
		t.Errorf("%v %s", err, out)
	}
}

// TestFileSetting: as TestFileField, of a line in a file of settings; one that is not there is null.
func TestFileSetting(t *testing.T) {
	w := newWorkspace(t, t.TempDir(), "w")
	path := filepath.Join(t.TempDir(), `set"${tings}%{.env`)
	if err := os.WriteFile(path, []byte("# KEY=no\nOTHER_KEY=no\r\n KEY = hunter2-hunter2 \r\nEMPTY=\nKEYS=no\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := templates.RenderRoot(templates.Root{ProviderConfig: map[string]any{"p": map[string]any{
		"secret": modules.FileSetting{Path: path, Name: "KEY"}, "none": modules.FileSetting{Path: path, Name: "NONE"}, "empty": modules.FileSetting{Path: path, Name: "EMPTY"},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	text := string(files[templates.ProvidersFile])
	locals := strings.NewReplacer(`"provider"`, `"locals"`, `"//"`, `"output": {"same": {"value":
		"${nonsensitive(local.p.secret == \"hunter2-hunter2\" && local.p.none == null && local.p.empty == \"\")}"}, "told": {"value": "${local.p.secret}"}}, "//"`).Replace(text)
	w.write("read.tf.json", []byte(locals))
	w.init()
	if out, err := w.terraform("apply", "-json", "-auto-approve", "-input=false"); err == nil || strings.Contains(text, "hunter2") {
		t.Errorf("an output that tells the secret is let through: %v %s", err, out)
	}
	w.write("read.tf.json", []byte(strings.Replace(locals, `, "told": {"value": "${local.p.secret}"}`, "", 1)))
	if out, err := w.terraform("apply", "-json", "-auto-approve", "-input=false"); err != nil || !strings.Contains(string(out), `"value":true`) {
		t.Errorf("%v %s", err, out)
	}
}
