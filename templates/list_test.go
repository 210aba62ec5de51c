package templates

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"
)

func TestRenderList(t *testing.T) {
	got, err := RenderList(List{Source: "../../modules/0123/list", Inputs: map[string]cty.Value{"provider_name": cty.StringVal("a ${b}")}})
	want := header + `module "list" {
  source        = "../../modules/0123/list"
  provider_name = "a $${b}"
}

output "list" {
  value     = jsonencode(module.list.resources)
  sensitive = true
}
`
	if diff := cmp.Diff(want, string(got)); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestRenderEmpty(t *testing.T) {
	got, err := RenderEmpty("simcloud_instance", "leaked")
	if want := header + "resource \"simcloud_instance\" \"leaked\" {\n}\n"; string(got) != want || err != nil {
		t.Errorf("%v %q", err, got)
	}
	for _, typ := range []string{"", "a b", `x" "y`, "${x}", "1"} {
		if got, err := RenderEmpty(typ, "leaked"); err == nil || strings.Contains(string(got), "resource") {
			t.Errorf("type %q: %q", typ, got)
		}
	}
}
