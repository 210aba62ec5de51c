package modules

import (
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// FileField is a value of provider configuration that every run of Terraform reads anew: a field of the JSON object in a
// file. So a secret stays in its file, and one that was rotated is used by the next run.
type FileField struct {
	Path  string // absolute: runs have folders of their own
	Field string
}

// Template is the field as a template of Terraform's. What is in the file is kept out of the diagnostics.
func (f FileField) Template() string {
	return "${jsondecode(sensitive(file(" + quote(f.Path) + ")))[" + quote(f.Field) + "]}"
}

// quote writes a text down as an HCL string that means it.
func quote(s string) string { return string(hclwrite.TokensForValue(cty.StringVal(s)).Bytes()) }
