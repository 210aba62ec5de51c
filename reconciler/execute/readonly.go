package execute

import (
	"fmt"
	"strings"
)

// readOnly are the sub-commands of Terraform that change nothing, anywhere.
var readOnly = []string{"state list", "state show", "show", "output", "providers", "providers schema", "version", "graph", "validate"}

// ReadOnly refuses all but sub-commands that change nothing. Those of their forms that print sensitive values in clear
// (-json, -raw, and a named output; terraform's own text masks them) need reveal.
func ReadOnly(args []string, reveal bool) error {
	allowed := "allowed: " + strings.Join(readOnly, ", ")
	if len(args) == 0 {
		return fmt.Errorf("give a sub-command of Terraform, as in `nodepool-tf terraform WORKSPACE -- state list`; %s", allowed)
	}
	words := 1
	command := args[0]
	if (command == "state" || command == "providers") && len(args) > 1 && !strings.HasPrefix(args[1], "-") {
		command, words = command+" "+args[1], 2
	}
	known := false
	for _, c := range readOnly {
		known = known || c == command
	}
	if !known {
		return fmt.Errorf("%q could change something, or is no sub-command: what changes a workspace is the launcher's; %s", command, allowed)
	}
	if reveal || command != "show" && command != "output" && command != "state show" {
		return nil
	}
	for _, arg := range args[words:] {
		name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		switch flag := strings.HasPrefix(arg, "-"); {
		case flag && (name == "json" || name == "raw"):
			return fmt.Errorf("%s -%s prints passwords and keys in clear; with --reveal it does", command, name)
		case !flag && command == "output":
			return fmt.Errorf("output prints a named output in clear, even a sensitive one; with --reveal it does")
		}
	}
	return nil
}
