package modules

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// template reads one string. A template that uses no variable is evaluated
// at once, so that its errors too are found when the config is loaded.
func (s scope) template(src, pos, path string) (Input, error) {
	in := Input{pos: pos, path: path, src: src}
	fail := func(problem string) (Input, error) {
		return Input{}, &Error{Pos: pos, Path: path, Problem: problem, Hint: templateHint(src)}
	}
	if !utf8.ValidString(src) {
		return Input{}, &Error{Pos: pos, Path: path, Problem: "the text is not valid UTF-8", Hint: "for binary data use base64"}
	}
	if len(src) > maxText {
		return Input{}, &Error{Pos: pos, Path: path, Problem: fmt.Sprintf("the text is longer than %d bytes", maxText)}
	}
	if !strings.Contains(src, "${") && !strings.Contains(src, "%{") {
		in.lit = cty.StringVal(src) // no template: keep HCL's parser away from it
		return in, nil
	}
	if strings.HasPrefix(src, "\ufeff") {
		return fail("the text starts with a byte order mark (U+FEFF), which HCL drops; remove it")
	}
	expr, diags := hclsyntax.ParseTemplate([]byte(src), "", hcl.InitialPos)
	if diags.HasErrors() {
		return fail(describe(diags))
	}
	if problem := check(expr, s); problem != "" {
		return fail(problem)
	}
	in.template = expr
	if len(expr.Variables()) == 0 {
		v, diags := expr.Value(&hcl.EvalContext{Functions: functions})
		if diags.HasErrors() {
			return fail(describe(diags))
		}
		in.lit, in.template = v, nil
	}
	return in, nil
}

// templateHint helps whoever wrote a shell or Ansible variable by accident.
func templateHint(src string) string {
	switch {
	case strings.Contains(src, "${") && strings.Contains(src, "%{"):
		return "write $${ for a literal ${ and %%{ for a literal %{"
	case strings.Contains(src, "%{"):
		return "write %%{ for a literal %{"
	case strings.Contains(src, "${"):
		return "write $${ for a literal ${"
	}
	return ""
}
