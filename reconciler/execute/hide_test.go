package execute

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestHideResults: Terraform shows a sensitive output in clear where a result keeps it, and masks it in a state that went
// through HideResults.
func TestHideResults(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{
		"main.tf":   "module \"n1\" {\n  source = \"./m\"\n}\nresource \"terraform_data\" \"n1\" {\n  input = module.n1\n}\n",
		"m/main.tf": "output \"password\" {\n  value     = \"hunter22\"\n  sensitive = true\n}\noutput \"address\" {\n  value = \"192.0.2.1\"\n}\n",
	}
	if err := os.Mkdir(filepath.Join(dir, "m"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	terraform := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "terraform", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	terraform("init")
	terraform("apply", "-auto-approve")
	if !strings.Contains(terraform("show", "-no-color"), "hunter22") {
		t.Fatal("this Terraform masks it by itself: HideResults is not needed any more")
	}
	path := filepath.Join(dir, StateFile)
	state, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, HideResults(state), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"show", "-no-color"}, {"state", "show", "-no-color", "terraform_data.n1"}, {"plan", "-no-color", "-destroy"}} {
		if out := terraform(args...); strings.Contains(out, "hunter22") || !strings.Contains(out, "terraform_data") {
			t.Errorf("%v:\n%s", args, out)
		}
	}
	if err := os.WriteFile(path, state, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"plan", "-no-color", "-destroy"}, {"plan", "-no-color", "-replace=terraform_data.n1"}} {
		out := terraform(args...)
		if bare := withoutResults(out); !strings.Contains(out, "hunter22") || strings.Contains(bare, "hunter22") || !strings.Contains(bare, "\nPlan: ") {
			t.Errorf("%v:\n%s", args, bare)
		}
	}
	if got := HideResults([]byte("{")); string(got) != "{" {
		t.Errorf("a torn state became %q", got)
	}
}
