package templates_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	hcljson "github.com/hashicorp/hcl/v2/json"
	"github.com/zclconf/go-cty/cty"
	"pgregory.net/rapid"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

// readSlot parses a rendered slot with the parser Terraform uses, and gives the
// module's arguments. Nothing but the two blocks may be in the file.
func readSlot(t interface {
	Helper()
	Fatalf(string, ...any)
}, data []byte) map[string]cty.Value {
	t.Helper()
	file, diags := hclsyntax.ParseConfig(data, "slot.tf", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatalf("%v\n%s", diags, data)
	}
	body := file.Body.(*hclsyntax.Body)
	if len(body.Blocks) != 2 || len(body.Attributes) != 0 || body.Blocks[0].Type != "module" || body.Blocks[1].Type != "resource" || len(body.Blocks[0].Body.Blocks) != 0 {
		t.Fatalf("other blocks than module and resource:\n%s", data)
	}
	values := map[string]cty.Value{}
	for name, attr := range body.Blocks[0].Body.Attributes {
		v, diags := attr.Expr.Value(nil)
		if diags.HasErrors() {
			t.Fatalf("%s: %v\n%s", name, diags, data)
		}
		values[name] = v
	}
	return values
}

// Whatever comes with a node or from the config is the same literal in the file.
func FuzzTextStaysText(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, "key", 0.1)
	}
	f.Add("\xff\xfe", "for", math.MaxFloat64)
	f.Add("x", "\ufeffA", 1e300)
	f.Add("e\u0301", "${k}", math.Copysign(0, -1))
	f.Fuzz(func(t *testing.T, s, key string, n float64) {
		spec := &modules.Spec{Inputs: map[string]modules.Input{}}
		for name, v := range map[string]any{
			"bare": "${node.tenant}", "part": "x-${node.label}-y", "tags": "${node.tags}", "json": "${jsonencode(node.tenant)}",
			"tree": map[string]any{"l": []any{"${node.tenant}", n}},
		} {
			input, err := modules.ParseInput(v, name)
			if err != nil {
				if math.IsNaN(n) || math.IsInf(n, 0) {
					return
				}
				t.Fatal(err)
			}
			spec.Inputs[name] = input
		}
		inputs, err := spec.EvalInputs(modules.NodeVars{ID: "1", Tenant: s, Label: s, Tags: map[string]string{key: s}})
		if err != nil {
			t.Fatal(err)
		}
		// The text itself as a map key and value, where cty takes it.
		if utf8.ValidString(s) && utf8.ValidString(key) {
			inputs["object"] = cty.ObjectVal(map[string]cty.Value{key: cty.StringVal(s), s: cty.StringVal(key)})
		}
		data, err := templates.RenderSlot(templates.Slot{Name: "n1", Source: "./m", Inputs: inputs})
		if err != nil {
			t.Fatal(err)
		}
		got := readSlot(t, data)
		want := cty.NormalizeString(strings.ToValidUTF8(s, "\uFFFD"))
		if got["bare"].AsString() != want {
			t.Errorf("%q became %q", want, got["bare"].AsString())
		}
		for name, v := range inputs {
			if back := got[name]; !sameLiteral(v, back) {
				t.Errorf("%s: %#v became %#v\n%s", name, v, back, data)
			}
		}
	})
}

// sameLiteral compares values across the types HCL literals have (a map reads
// back as an object, a list as a tuple).
func sameLiteral(a, b cty.Value) bool {
	ja, jb := plainJSON(a), plainJSON(b)
	return ja == jb
}

func plainJSON(v cty.Value) string {
	if v.IsNull() {
		return "null"
	}
	ty := v.Type()
	switch ty {
	case cty.String:
		b, _ := json.Marshal(v.AsString())
		return string(b)
	case cty.Number:
		return v.AsBigFloat().Text('g', 40)
	case cty.Bool:
		if v.True() {
			return "true"
		}
		return "false"
	}
	var parts []string
	for it := v.ElementIterator(); it.Next(); {
		key, elem := it.Element()
		if ty.IsObjectType() || ty.IsMapType() {
			parts = append(parts, plainJSON(key)+":"+plainJSON(elem))
			continue
		}
		parts = append(parts, plainJSON(elem))
	}
	return "(" + strings.Join(parts, ",") + ")"
}

// Provider configuration is read back by the JSON parser Terraform uses, in the
// mode where strings are templates.
func FuzzProviderConfigStaysText(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, "key")
	}
	f.Add("\xff", "//")
	f.Add("\ufeff", "x\u0600") // dropped, or swallowing the closing quote, if written plainly
	f.Add("\ufeff${", "👩")
	f.Add("\r$${", "\r%%{") // doubling marks is read wrongly after a carriage return
	f.Fuzz(func(t *testing.T, s, key string) {
		files, err := templates.RenderRoot(templates.Root{ProviderConfig: map[string]any{
			"p": []any{map[string]any{"s": s, "l": []any{s}}, map[string]any{"m": map[string]any{key: s}}},
		}})
		if !utf8.ValidString(s) || !utf8.ValidString(key) {
			if err == nil {
				t.Fatal("text that is not UTF-8 was rendered")
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		file, diags := hcljson.Parse(files[templates.ProvidersFile], "p.tf.json")
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		content, diags := file.Body.Content(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "provider", LabelNames: []string{"name"}}}})
		if diags.HasErrors() || len(content.Blocks) != 2 {
			t.Fatal(diags, len(content.Blocks))
		}
		first, _ := content.Blocks[0].Body.JustAttributes()
		second, _ := content.Blocks[1].Body.JustAttributes()
		ctx := &hcl.EvalContext{}
		want := cty.StringVal(s)
		got, diags := first["s"].Expr.Value(ctx)
		if diags.HasErrors() || !got.RawEquals(want) {
			t.Errorf("%q became %#v %v", s, got, diags)
		}
		got, diags = second["m"].Expr.Value(ctx)
		if diags.HasErrors() || !got.RawEquals(cty.ObjectVal(map[string]cty.Value{key: want})) {
			t.Errorf("{%q: %q} became %#v %v", key, s, got, diags)
		}
	})
}

// The same values give the same bytes, in whatever order they were put together.
func TestRenderingIsDeterministic(t *testing.T) {
	text := rapid.String()
	names := rapid.StringMatching(`[a-z_][a-z0-9_-]{0,8}`).Filter(func(s string) bool { return modules.CheckInputName(s) == nil })
	rapid.Check(t, func(t *rapid.T) {
		inputs := rapid.MapOfN(names, text, 0, 8).Draw(t, "inputs")
		tags := rapid.MapOfN(text, text, 0, 8).Draw(t, "tags")
		order := rapid.Permutation(slices.Sorted(maps.Keys(inputs))).Draw(t, "order")
		var first []byte
		for _, keys := range [][]string{slices.Sorted(maps.Keys(inputs)), order} {
			values := map[string]cty.Value{}
			config := map[string]any{}
			required := map[string]modules.RequiredProvider{}
			for _, key := range keys {
				values[key] = cty.ObjectVal(map[string]cty.Value{"text": cty.StringVal(inputs[key]), "tags": cty.MapValEmpty(cty.String)})
				if len(tags) > 0 {
					m := map[string]cty.Value{}
					for k, v := range tags {
						m[k] = cty.StringVal(v)
					}
					values[key] = cty.MapVal(m)
				}
				config[key] = map[string]any{"x": inputs[key], "tags": map[string]any{inputs[key]: key}}
				required[key] = modules.RequiredProvider{Source: inputs[key], Version: key}
			}
			slot, err := templates.RenderSlot(templates.Slot{Name: "n1", Source: "./m", Inputs: values})
			if err != nil {
				t.Fatal(err)
			}
			files, err := templates.RenderRoot(templates.Root{RequiredProviders: required, ProviderConfig: config})
			if err != nil {
				t.Fatal(err)
			}
			all := slices.Concat(slot, files[templates.MainFile], files[templates.ProvidersFile])
			if first == nil {
				first = all
			}
			if !bytes.Equal(first, all) {
				t.Fatalf("differs:\n%s\n%s", first, all)
			}
			readSlot(t, slot)
		}
	})
}

// All short strings of the characters that mean something to HCL, both ways.
func TestEveryShortStringStaysText(t *testing.T) {
	alphabet := []string{"$", "%", "{", "}", "\\", "\"", "\r", "\n", "~", "é"}
	all := []string{""}
	for range 4 {
		longer := all
		for _, s := range all {
			for _, c := range alphabet {
				longer = append(longer, s+c)
			}
		}
		slices.Sort(longer)
		all = slices.Compact(longer)
	}
	list, texts := []cty.Value{}, []any{}
	for _, s := range all {
		list, texts = append(list, cty.StringVal(s)), append(texts, s)
	}
	want := cty.TupleVal(list)
	data, err := templates.RenderSlot(templates.Slot{Name: "n1", Source: "./m", Inputs: map[string]cty.Value{"x": want}})
	if err != nil {
		t.Fatal(err)
	}
	if got := readSlot(t, data)["x"]; !got.RawEquals(want) {
		t.Error("HCL: a text changed")
	}
	files, err := templates.RenderRoot(templates.Root{ProviderConfig: map[string]any{"p": map[string]any{"x": texts}}})
	if err != nil {
		t.Fatal(err)
	}
	file, diags := hcljson.Parse(files[templates.ProvidersFile], "p.tf.json")
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	content, diags := file.Body.Content(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "provider", LabelNames: []string{"name"}}}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	attrs, _ := content.Blocks[0].Body.JustAttributes()
	got, diags := attrs["x"].Expr.Value(&hcl.EvalContext{})
	if diags.HasErrors() || !got.RawEquals(want) {
		t.Error("JSON: a text changed", diags)
	}
}
