package readme

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// item is a variable or an output.
type item struct{ name, kind, fallback, description string }

// parts are what a README tells of.
type parts struct{ providers, variables, outputs []item }

// Write is the text of README.md for a module of a driver. Every variable and output must have a description.
func Write(module fs.FS, driver string) (string, error) {
	p, err := read(module)
	if err != nil {
		return "", err
	}
	for _, i := range slices.Concat(p.variables, p.outputs) {
		if i.description == "" {
			return "", fmt.Errorf("%s: %s has no description", path.Join(driver, "node"), i.name)
		}
	}
	return render(driver, p.providers, p.variables, p.outputs), nil
}

// Outputs are the names of a module's outputs.
func Outputs(module fs.FS) (names []string, err error) {
	p, err := read(module)
	for _, i := range p.outputs {
		names = append(names, i.name)
	}
	return names, err
}

func read(module fs.FS) (p parts, err error) {
	names, err := fs.Glob(module, "*.tf")
	if err != nil {
		return p, err
	}
	for _, name := range names {
		src, err := fs.ReadFile(module, name)
		if err != nil {
			return p, err
		}
		file, diags := hclsyntax.ParseConfig(src, name, hcl.InitialPos)
		if diags.HasErrors() {
			return p, diags
		}
		for _, b := range file.Body.(*hclsyntax.Body).Blocks {
			switch b.Type {
			case "variable":
				p.variables = append(p.variables, item{b.Labels[0], text(b, "type", src), text(b, "default", src), words(b)})
			case "output":
				p.outputs = append(p.outputs, item{name: b.Labels[0], description: words(b)})
			case "terraform":
				p.providers = append(p.providers, required(b)...)
			}
		}
	}
	return p, nil
}

func render(driver string, providers, variables, outputs []item) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Module of the %s driver\n\n", driver)
	b.WriteString("One node. It is part of nodepool-tf, which gives it its inputs and reads its outputs; `module:` in a provider puts another\nin its place. Written from the module by `go test ./reconciler/config -run TestModuleReadmes -update`.\n\n")
	b.WriteString("| provider | source | version |\n|---|---|---|\n")
	for _, i := range providers {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", i.name, i.kind, i.fallback)
	}
	b.WriteString("\n## Inputs\n\n| name | type | default | meaning |\n|---|---|---|---|\n")
	for _, i := range variables {
		def := "required"
		if i.fallback != "" {
			def = "`" + i.fallback + "`"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", i.name, i.kind, def, i.description)
	}
	b.WriteString("\n## Outputs\n\n| name | meaning |\n|---|---|\n")
	for _, i := range outputs {
		fmt.Fprintf(&b, "| `%s` | %s |\n", i.name, i.description)
	}
	return b.String()
}

// text is an attribute as it is written, on one line.
func text(b *hclsyntax.Block, name string, src []byte) string {
	a := b.Body.Attributes[name]
	if a == nil {
		return ""
	}
	return strings.ReplaceAll(strings.Join(strings.Fields(string(a.Expr.Range().SliceBytes(src))), " "), "|", `\|`)
}

// words is the description.
func words(b *hclsyntax.Block) string {
	a := b.Body.Attributes["description"]
	if a == nil {
		return ""
	}
	v, diags := a.Expr.Value(nil)
	if diags.HasErrors() || v.Type() != cty.String {
		return ""
	}
	return strings.ReplaceAll(strings.Join(strings.Fields(v.AsString()), " "), "|", `\|`)
}

// required are the providers of a terraform block.
func required(b *hclsyntax.Block) []item {
	var out []item
	for _, inner := range b.Body.Blocks {
		if inner.Type != "required_providers" {
			continue
		}
		for name, a := range inner.Body.Attributes {
			v, diags := a.Expr.Value(nil)
			if diags.HasErrors() || !v.Type().IsObjectType() {
				continue
			}
			i := item{name: name}
			for key, to := range map[string]*string{"source": &i.kind, "version": &i.fallback} {
				if v.Type().HasAttribute(key) {
					*to = v.GetAttr(key).AsString()
				}
			}
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(a, b item) int { return strings.Compare(a.name, b.name) })
	return out
}
