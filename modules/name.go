package modules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// reserved are the arguments of a module block that are no inputs (Terraform's
// configs/module_call.go and variable name rules).
var reserved = []string{"count", "depends_on", "for_each", "lifecycle", "locals", "providers", "source", "version"}

// ValidName tells whether Terraform takes name for a block or argument: an HCL
// identifier. (hclsyntax.ValidIdentifier alone overlooks a leading byte order
// mark, which then breaks the file.)
func ValidName(name string) bool {
	return hclsyntax.ValidIdentifier(name) && !strings.Contains(name, "\ufeff")
}

// CheckInputName tells whether a module can have an input of this name.
func CheckInputName(name string) error {
	if slices.Contains(reserved, name) {
		return fmt.Errorf("input %s: a module block uses this name itself; no module has such an input", name)
	}
	if !ValidName(name) {
		return fmt.Errorf("input %q: not a name; allowed: letters, digits, _ and -, not starting with a digit", name)
	}
	return nil
}
