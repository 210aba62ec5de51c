package cloud_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"

	"github.com/nodepool-tf/nodepool-tf/testdata/cloud"
)

// workspace is a root module on a cloud, with the real Terraform and the real provider.
type workspace struct {
	*tfexec.Terraform
	*cloud.Cloud
	t   *testing.T
	dir string
}

const header = `
terraform {
  required_providers { simcloud = { source = %q } }
}
provider "simcloud" {
  endpoint = %q
  project  = "acme"
  token    = "s3cr3t"
  %s
}
`

// newWorkspace is initialised; provider are more arguments of the provider.
func newWorkspace(t *testing.T, provider, body string) *workspace {
	t.Helper()
	config, err := mirror()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TF_CLI_CONFIG_FILE", config)
	t.Setenv("CHECKPOINT_DISABLE", "1")
	exe, err := exec.LookPath("terraform")
	if err != nil {
		t.Fatal(err)
	}
	w := &workspace{Cloud: start(t), t: t, dir: t.TempDir()}
	w.write("provider.tf", fmt.Sprintf(header, cloud.Source, w.Endpoint(), provider))
	w.write("main.tf", body)
	if w.Terraform, err = tfexec.NewTerraform(w.dir, exe); err != nil {
		t.Fatal(err)
	}
	if err := w.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *workspace) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *workspace) apply() {
	w.t.Helper()
	if err := w.Apply(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// fails is an apply that must fail with all the texts.
func (w *workspace) fails(texts ...string) {
	w.t.Helper()
	err := w.Apply(w.t.Context())
	if err == nil {
		w.t.Error("the apply succeeded")
		return
	}
	// Terraform breaks its lines and draws a frame around them.
	said := strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "│", "")), " ")
	for _, text := range texts {
		if !strings.Contains(said, text) {
			w.t.Errorf("the error lacks %q: %s", text, said)
		}
	}
}

// destroy leaves the cloud's books balanced.
func (w *workspace) destroy() {
	w.t.Helper()
	if err := w.Destroy(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	if b := bill(w.t, w.Cloud); !b.Balanced() {
		w.t.Errorf("books %+v", b)
	}
}

// entry is a resource in the state.
type entry struct {
	values  map[string]any
	tainted bool
}

// resources of the root module, by address.
func (w *workspace) resources() map[string]entry {
	w.t.Helper()
	state, err := w.Show(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	out := map[string]entry{}
	if state.Values == nil {
		return out
	}
	for _, r := range state.Values.RootModule.Resources {
		out[r.Address] = entry{r.AttributeValues, r.Tainted}
	}
	return out
}

// polled waits until the provider has an instance's id and asks how it is.
func (w *workspace) polled() {
	w.t.Helper()
	for bill(w.t, w.Cloud).Requests["instances.get"] == 0 {
		time.Sleep(10 * time.Millisecond)
	}
}
