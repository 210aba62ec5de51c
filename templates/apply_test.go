package templates_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

var node = modules.NodeVars{ID: "0000000042", Label: "small", Provider: "cloud-a", Pool: "main", Tenant: "acme"}

// launch renders one slot of a module, applies it and reads its outputs back.
func launch(t *testing.T, module string, inputs map[string]cty.Value) cty.Value {
	t.Helper()
	w := newWorkspace(t, t.TempDir(), "w")
	w.writeRoot()
	w.writeSlot(templates.Slot{Name: "n0000000042", Source: w.localSource(testModule(t, module)), Inputs: inputs})
	w.init()
	w.apply()
	return w.outputs("n0000000042")
}

func TestOutputsOfRealModules(t *testing.T) {
	tests := []struct {
		module  string
		inputs  map[string]any
		outputs map[string]string
		want    modules.Fields
	}{
		{
			module:  "types",
			outputs: map[string]string{"attributes": `{all = output.object, n = output.nothing, big = output.big}`, "az": "output.tuple[0]", "resources": "{cores = output.number, ram = output.typed_nothing}"},
			want: modules.Fields{
				InterfaceIP: "203.0.113.17", PublicIPv4: "203.0.113.17", AZ: "a",
				ExternalID: json.RawMessage(`"4711"`), ConnectionPort: json.RawMessage(`2222`),
				Resources:  map[string]float64{"cores": 0.1},
				Attributes: json.RawMessage(`{"all":{"a b":{"c":[null]},"for":1},"big":12345678901234567890,"n":null}`),
			},
		},
		{
			module: "secret",
			want: modules.Fields{
				InterfaceIP: "10.0.0.7", PrivateIPv4: "10.0.0.7",
				ConnectionPort: json.RawMessage(`{"host":"https://api:6443","namespace":"n","skiptls":true,"token":"t0ken-t0ken"}`),
			},
		},
		{
			module: "nested",
			inputs: map[string]any{"name": "${node.hostname}"},
			want:   modules.Fields{Hostname: "np0000000042.child.grandchild"},
		},
		{
			module:  "empty",
			outputs: map[string]string{"interface_ip": `"${node.hostname}.example.org"`},
			want:    modules.Fields{InterfaceIP: "np0000000042.example.org"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.module, func(t *testing.T) {
			spec := &modules.Spec{Inputs: map[string]modules.Input{}, Outputs: map[string]modules.Expr{}}
			var err error
			for name, v := range tt.inputs {
				if spec.Inputs[name], err = modules.ParseInput(v, name); err != nil {
					t.Fatal(err)
				}
			}
			for name, src := range tt.outputs {
				if spec.Outputs[name], err = modules.ParseExpr(src, name); err != nil {
					t.Fatal(err)
				}
			}
			inputs, err := spec.EvalInputs(node)
			if err != nil {
				t.Fatal(err)
			}
			got, err := spec.EvalOutputs(node, launch(t, tt.module, inputs), false)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// hostile holds text that would do harm if it were read as anything but text.
var hostile = map[string]string{
	"interpolation": "${node.id}",
	"directive":     "%{ if true }x%{ endif }",
	"escaped":       "$${a} %%{b} $$${c} $%{d} %${e}",
	"trailing":      "cost: 5$",
	"file":          `${file("/etc/passwd")}`,
	"quotes":        `he said "x" and 'y' and ` + "`z`",
	"block":         "\"\n}\nresource \"terraform_data\" \"evil\" {}\n",
	"heredoc":       "<<EOT\nx\nEOT\n",
	"lines":         "a\nb\r\nc\td\n",
	"backslashes":   `C:\new\table \u0041 \\ \"`,
	"control":       "\x00\x01\x1b[31m\x7f\u0085\u2028\ufeff",
	"unicode":       "Grüße, 東京, 👩‍👩‍👧‍👦, עברית",
	"comment":       "# // /* */",
	"cloud-init":    "#cloud-config\nruncmd:\n  - echo \"${HOME}\" %{x}\n",
	"long":          strings.Repeat("0123456789${x}\n", 700),
	"empty":         "",
}

func TestHostileTextArrivesByteForByte(t *testing.T) {
	values := map[string]cty.Value{"for": cty.StringVal("key"), "${key}": cty.StringVal("x"), "a\"b\n": cty.StringVal("y")}
	for name, s := range hostile {
		values[name] = cty.StringVal(s)
	}
	list := cty.TupleVal([]cty.Value{cty.ObjectVal(values), cty.NullVal(cty.DynamicPseudoType), cty.NumberFloatVal(-2.5)})
	outputs := launch(t, "required", map[string]cty.Value{
		"text":     cty.StringVal(hostile["block"]),
		"count_of": cty.MustParseNumberVal("12345678901234567890.125"),
		"flag":     cty.True,
		"tags":     cty.MapVal(map[string]cty.Value{"${a}": cty.StringVal(hostile["directive"])}),
		"list":     cty.ListVal([]cty.Value{cty.StringVal(hostile["long"]), cty.StringVal(hostile["control"])}),
		"object":   cty.ObjectVal(map[string]cty.Value{"a": cty.NumberIntVal(-1)}),
		"any":      list,
		"nothing":  cty.NullVal(cty.String),
	})
	if got := outputs.GetAttr("any"); !got.RawEquals(list) {
		for name, s := range hostile {
			if arrived := got.Index(cty.Zero).GetAttr(name).AsString(); arrived != s {
				t.Errorf("%s: %q arrived as %q", name, s, arrived)
			}
		}
		t.Error("the tree of values arrived changed")
	}
	if len(hostile["long"]) < 10000 {
		t.Error("the long text is not long")
	}
	for name, want := range map[string]string{"text": hostile["block"]} {
		if got := outputs.GetAttr(name).AsString(); got != want {
			t.Errorf("%s: %q arrived as %q", name, want, got)
		}
	}
	if got := outputs.GetAttr("tags").AsValueMap()["${a}"]; got.AsString() != hostile["directive"] {
		t.Errorf("tags: %#v", got)
	}
	if got := outputs.GetAttr("count_of").AsBigFloat().Text('f', -1); got != "12345678901234567890.125" {
		t.Errorf("number: %s", got)
	}
	if got := outputs.GetAttr("nothing"); !got.IsNull() {
		t.Errorf("null arrived as %#v", got)
	}
	if got := outputs.GetAttr("object").GetAttr("b"); got.AsString() != "default" {
		t.Errorf("optional attribute: %#v", got)
	}
}

func TestEphemeralOutputFailsThePlanWithAHint(t *testing.T) {
	w := newWorkspace(t, t.TempDir(), "w")
	w.writeRoot()
	w.writeSlot(templates.Slot{Name: "n1", Source: w.localSource(testModule(t, "ephemeral"))})
	w.init()
	out, err := w.terraform("apply", "-json", "-auto-approve")
	if err == nil {
		t.Fatal("an ephemeral output was stored in the state")
	}
	diags := diagnostics(t, out)
	if len(diags) != 1 || !strings.Contains(templates.Hint(diags[0].Summary, diags[0].Detail), "ephemeral = true") {
		t.Errorf("no hint for %+v", diags)
	}
	if hint := templates.Hint("Missing required provider configuration", ""); !strings.Contains(hint, "a module of your own that has the provider blocks") {
		t.Errorf("hint for a module that wants aliases: %s", hint)
	}
	for path, want := range map[string]string{"user-data": "${path.module}/NAME", "./user-data": "${path.module}/NAME", "../../modules/ab/../x": "in the module's own folder", "/etc/x": ""} {
		hint := templates.Hint("Invalid function argument", `Invalid value for "path" parameter: no file exists at "`+path+`"; this function works only with files`)
		if !strings.Contains(hint, want) || want == "" && hint != "" {
			t.Errorf("no file at %s: hint %q", path, hint)
		}
	}
	if hint := templates.Hint("Error launching instance", "quota exceeded"); hint != "" {
		t.Errorf("hint for an ordinary error: %s", hint)
	}
}
