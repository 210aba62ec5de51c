package modules

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// reserved are the arguments of a module block that are no inputs (Terraform's
// configs/module_call.go and variable name rules).
var reserved = []string{"count", "depends_on", "for_each", "lifecycle", "locals", "providers", "source", "version"}

// CheckInputName tells whether a module can have an input of this name.
func CheckInputName(name string) error {
	if slices.Contains(reserved, name) {
		return fmt.Errorf("input %s: a module block uses this name itself; no module has such an input", name)
	}
	if !hclsyntax.ValidIdentifier(name) {
		return fmt.Errorf("input %q: not a name; allowed: letters, digits, _ and -, not starting with a digit", name)
	}
	return nil
}
