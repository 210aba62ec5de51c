package templates_test

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/nodepool-tf/nodepool-tf/modules"
	"github.com/nodepool-tf/nodepool-tf/templates"
)

func TestRenderSlotErrors(t *testing.T) {
	input := func(name string, v cty.Value) templates.Slot {
		return templates.Slot{Name: "n1", Source: "./m", Inputs: map[string]cty.Value{name: v}}
	}
	tests := map[string]struct {
		slot templates.Slot
		want string
	}{
		"slot name":       {templates.Slot{Name: "0000000042", Source: "./m"}, `slot "0000000042": not a name`},
		"slot injection":  {templates.Slot{Name: `a" {}`, Source: "./m"}, `not a name`},
		"no source":       {templates.Slot{Name: "n1"}, "slot n1: no module source"},
		"source bytes":    {templates.Slot{Name: "n1", Source: "./\xff"}, "slot n1: source: text is not valid UTF-8"},
		"reserved":        {input("count", cty.Zero), "slot n1: input count: a module block uses this name itself"},
		"no identifier":   {input("a b", cty.Zero), `slot n1: input "a b": not a name`},
		"unknown":         {input("x", cty.UnknownVal(cty.String)), "slot n1: input x: a value is not known"},
		"unknown inside":  {input("x", cty.TupleVal([]cty.Value{cty.DynamicVal})), "slot n1: input x: a value is not known"},
		"marked":          {input("x", cty.ListVal([]cty.Value{cty.True.Mark("m")})), "slot n1: input x: a marked value"},
		"no value":        {input("x", cty.NilVal), "slot n1: input x: no value"},
		"infinite":        {input("x", cty.PositiveInfinity), "slot n1: input x: a number is out of range"},
		"huge":            {input("x", cty.MustParseNumberVal("1e99999999")), "slot n1: input x: a number is out of range"},
		"bad text inside": {input("x", cty.ListVal([]cty.Value{cty.StringVal("\xff")})), "slot n1: input x: text is not valid UTF-8"},
		"bad key":         {input("x", cty.ObjectVal(map[string]cty.Value{"\xff": cty.True})), "slot n1: input x: a map key is not valid UTF-8"},
		"capsule":         {input("x", cty.CapsuleVal(cty.Capsule("c", intType), new(int))), "slot n1: input x: a value of type c"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := templates.RenderSlot(tt.slot)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestRenderRootErrors(t *testing.T) {
	config := func(v any) templates.Root { return templates.Root{ProviderConfig: map[string]any{"p": v}} }
	deep := any("x")
	for range 100 {
		deep = []any{deep}
	}
	tests := map[string]struct {
		root templates.Root
		want string
	}{
		"provider name": {templates.Root{RequiredProviders: map[string]modules.RequiredProvider{"a/b": {}}}, `required-providers: "a/b" is not a provider name`},
		"source":        {templates.Root{RequiredProviders: map[string]modules.RequiredProvider{"a": {Source: "\xff"}}}, "required-providers.a: text is not valid UTF-8"},
		"config name":   {templates.Root{ProviderConfig: map[string]any{"${x}": nil}}, `provider-config: "${x}" is not a provider name`},
		"not a map":     {config("secret"), "provider-config.p: not a map of settings"},
		"list of text":  {config([]any{"secret"}), "provider-config.p: a list holds something else"},
		"bad text":      {config(map[string]any{"a": []any{"\xff"}}), "provider-config.p.a[0]: text is not valid UTF-8"},
		"NaN":           {config(map[string]any{"a": math.NaN()}), "provider-config.p.a: NaN"},
		"type":          {config(map[string]any{"a": struct{}{}}), "provider-config.p.a: a value of type struct {}"},
		"deep":          {config(map[string]any{"a": deep}), "nested more than 64 deep"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := templates.RenderRoot(tt.root)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Error("the error tells a value:", err)
			}
		})
	}
}

var intType = reflect.TypeFor[int]()
