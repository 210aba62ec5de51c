package templates_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

// workspace is a directory with real Terraform run in it.
type workspace struct {
	t   *testing.T
	dir string
}

func newWorkspace(t *testing.T, parent, name string) workspace {
	t.Helper()
	dir := filepath.Join(parent, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return workspace{t, dir}
}

func (w workspace) write(name string, data []byte) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w workspace) writeRoot() {
	w.t.Helper()
	files, err := templates.RenderRoot(templates.Root{})
	if err != nil {
		w.t.Fatal(err)
	}
	for name, data := range files {
		w.write(name, data)
	}
}

func (w workspace) writeSlot(s templates.Slot) {
	w.t.Helper()
	data, err := templates.RenderSlot(s)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write(s.Name+".tf", data)
}

// terraform runs without the user's settings and returns stdout.
func (w workspace) terraform(args ...string) ([]byte, error) {
	w.t.Helper()
	cmd := exec.Command("terraform", args...)
	cmd.Dir = w.dir
	cmd.Env = slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "TF_") })
	cmd.Env = append(cmd.Env, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		w.t.Logf("terraform %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr.Bytes())
	}
	return out, err
}

func (w workspace) init() {
	w.t.Helper()
	if _, err := w.terraform("init", "-no-color", "-input=false"); err != nil {
		w.t.Fatal("terraform init failed")
	}
}

func (w workspace) apply() {
	w.t.Helper()
	if _, err := w.terraform("apply", "-json", "-auto-approve", "-input=false"); err != nil {
		w.t.Fatal("terraform apply failed")
	}
}

// outputs reads a slot's module outputs from the state file as the daemon does.
func (w workspace) outputs(slot string) cty.Value {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, "terraform.tfstate"))
	if err != nil {
		w.t.Fatal(err)
	}
	var state struct {
		Resources []struct {
			Module, Type, Name string
			Instances          []struct {
				Attributes struct {
					Output struct{ Value, Type json.RawMessage }
				}
			}
		}
	}
	if err := json.Unmarshal(data, &state); err != nil {
		w.t.Fatal(err)
	}
	for _, r := range state.Resources {
		if r.Module == "" && r.Type == templates.ResultType && r.Name == slot {
			output := r.Instances[0].Attributes.Output
			v, err := modules.DecodeOutput(output.Value, output.Type)
			if err != nil {
				w.t.Fatal(err)
			}
			return v
		}
	}
	w.t.Fatalf("no result of slot %s in the state", slot)
	return cty.NilVal
}

// testModule is the absolute path of a module under testdata/modules.
func testModule(t *testing.T, name string) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("testdata", "modules", name))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// localSource is a module address relative to the workspace.
func (w workspace) localSource(dir string) string {
	w.t.Helper()
	rel, err := filepath.Rel(w.dir, dir)
	if err != nil {
		w.t.Fatal(err)
	}
	return rel // always starts with ../: the workspace is in a temporary directory
}

type diagnostic struct{ Summary, Detail string }

func diagnostics(t *testing.T, out []byte) (all []diagnostic) {
	t.Helper()
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var event struct {
			Type       string
			Diagnostic diagnostic
		}
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			t.Fatal(err)
		}
		if event.Type == "diagnostic" {
			all = append(all, event.Diagnostic)
		}
	}
	return all
}
