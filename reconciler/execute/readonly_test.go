package execute

import (
	"strings"
	"testing"
)

func TestReadOnly(t *testing.T) {
	for args, want := range map[string]string{ // what the refusal says, "" for none
		"state list": "", "state list module.n1": "", "state show module.n1.x.y": "", "show": "", "output": "", "providers": "", "version -json": "", "graph": "", "validate -json": "",
		"providers schema -json": "",
		"":                       "allowed:", "apply": "allowed:", "destroy -auto-approve": "allowed:", "state rm x": "allowed:", "state mv a b": "allowed:", "state pull": "allowed:",
		"state": "allowed:", "providers lock": "allowed:", "providers mirror /tmp/x": "allowed:", "-chdir=/ show": "allowed:", "import a b": "allowed:", "console": "allowed:",
		"show -json": "--reveal", "show --json": "--reveal", "show -json=true": "--reveal", "output -raw x": "--reveal", "output x": "--reveal", "output -no-color x": "--reveal",
	} {
		err := ReadOnly(strings.Fields(args), false)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", args, err, want)
		}
		if err := ReadOnly(strings.Fields(args), true); (err != nil) != (want == "allowed:") {
			t.Errorf("%q with reveal: %v", args, err)
		}
	}
}
