package config

import (
	"maps"
	"slices"
	"testing"

	"github.com/nodepool-tf/nodepool-tf/modules"
)

// TestAlternatives: each is laid over the label, none over another.
func TestAlternatives(t *testing.T) {
	cfg := load(t, `
labels: [{name: a}, {name: plain}]
providers:
  - name: p
    driver: terraform
    required-providers: {cloud: {source: x/cloud}}
    provider-config: {cloud: {token: t}}
    module: {source: a/b/c}
    outputs: {interface_ip: output.ip}
    pools:
      - name: main
        labels:
          - name: plain
          - name: a
            inputs: {name: "${node.hostname}", flavor: small, zone: z1, tags: {a: b}}
            alternatives:
              - inputs: {zone: z2}
              - inputs: {flavor: "${node.label}-big", disk: 10, tags: {c: d}}
              - module: {source: d/e/f, version: "1.0"}
                outputs: {external_id: output.id}
`)
	pool := cfg.Provider("p").Pool("main")
	if n := pool.Labels["plain"].Choices(); n != 1 {
		t.Errorf("%d choices without alternatives", n)
	}
	l := pool.Labels["a"]
	same(t, "choices", 4, l.Choices())
	if l.Choice(0) != l.Spec {
		t.Error("the first choice is not the label itself")
	}
	type seen struct {
		Module  string
		Inputs  map[string]string
		Outputs []string
	}
	var got []seen
	for i := range l.Choices() {
		s := l.Choice(i)
		if s.RequiredProviders["cloud"].Source != "x/cloud" || s.ProviderConfig["cloud"] == nil {
			t.Errorf("choice %d lacks the provider", i)
		}
		values, err := s.EvalInputs(modules.NodeVars{ID: "0000000007", Label: "a"})
		if err != nil {
			t.Fatal(err)
		}
		in := map[string]string{}
		for name, v := range values {
			in[name] = v.GoString()
		}
		got = append(got, seen{s.Module.Source + " " + s.Module.Version, in, slices.Sorted(maps.Keys(s.Outputs))})
	}
	own := map[string]string{"name": `cty.StringVal("np0000000007")`, "flavor": `cty.StringVal("small")`, "zone": `cty.StringVal("z1")`, "tags": `cty.ObjectVal(map[string]cty.Value{"a":cty.StringVal("b")})`}
	over := func(with map[string]string) map[string]string {
		m := maps.Clone(own)
		maps.Copy(m, with)
		return m
	}
	same(t, "choices", []seen{
		{"a/b/c ", own, []string{"interface_ip"}},
		{"a/b/c ", over(map[string]string{"zone": `cty.StringVal("z2")`}), []string{"interface_ip"}},
		{"a/b/c ", over(map[string]string{"flavor": `cty.StringVal("a-big")`, "disk": "cty.NumberIntVal(10)", "tags": `cty.ObjectVal(map[string]cty.Value{"c":cty.StringVal("d")})`}), []string{"interface_ip"}},
		{"d/e/f 1.0", own, []string{"external_id"}},
	}, got)
}
