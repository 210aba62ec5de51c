package templates_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/templates"
)

const initialised = `{"Modules":[{"Key":"","Source":"","Dir":"."},
 {"Key":"m0","Source":"registry.terraform.io/a/b/c","Version":"1.2.3","Dir":".terraform/modules/m0"},
 {"Key":"m0.sub","Source":"./sub","Dir":".terraform/modules/m0/sub"},
 {"Key":"m01","Source":"./other","Dir":"other"}]}`

func TestManifest(t *testing.T) {
	slots := map[string]string{"n2": "../m", "m01": "", "n1": ""}
	got, err := templates.Manifest([]byte(initialised), "m0", slots, func(dir string) string { return "../s/" + dir })
	if err != nil {
		t.Fatal(err)
	}
	want := `{"Modules":[{"Key":"","Source":"","Dir":"."},` +
		`{"Key":"m01","Source":"registry.terraform.io/a/b/c","Version":"1.2.3","Dir":"../s/.terraform/modules/m0"},` +
		`{"Key":"m01.sub","Source":"./sub","Dir":"../s/.terraform/modules/m0/sub"},` +
		`{"Key":"n1","Source":"registry.terraform.io/a/b/c","Version":"1.2.3","Dir":"../s/.terraform/modules/m0"},` +
		`{"Key":"n1.sub","Source":"./sub","Dir":"../s/.terraform/modules/m0/sub"},` +
		`{"Key":"n2","Source":"../m","Version":"1.2.3","Dir":"../s/.terraform/modules/m0"},` +
		`{"Key":"n2.sub","Source":"./sub","Dir":"../s/.terraform/modules/m0/sub"}]}` + "\n"
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for range 20 {
		if again, _ := templates.Manifest([]byte(initialised), "m0", slots, func(dir string) string { return "../s/" + dir }); string(again) != want {
			t.Fatal("not deterministic")
		}
	}
}

func TestManifestErrors(t *testing.T) {
	for name, tt := range map[string]struct{ base, block, slot, want string }{
		"torn":      {`{"Modules":[`, "m0", "n1", "read module manifest"},
		"no block":  {initialised, "m9", "n1", `has no module "m9"`},
		"slot name": {initialised, "m0", "n1.x", `slot "n1.x" is not a name`},
	} {
		_, err := templates.Manifest([]byte(tt.base), tt.block, map[string]string{tt.slot: ""}, nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
	}
}

// The file is Terraform's: whatever is in it, no panic and valid JSON.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(initialised))
	f.Add([]byte(`{"Modules":[{"Key":"m0."}]}`))
	f.Fuzz(func(t *testing.T, base []byte) {
		got, err := templates.Manifest(base, "m0", map[string]string{"n1": ""}, nil)
		if err == nil && !json.Valid(got) {
			t.Errorf("not JSON: %s", got)
		}
	})
}
