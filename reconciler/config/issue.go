package config

import (
	"fmt"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Issue is one thing to tell about a file; its String is
// "file:line:col: path: code: text".
type Issue = schema.Issue

// Severity says whether an issue makes the configuration unacceptable.
type Severity = schema.Severity

// The severities.
const (
	Warning = schema.Warning
	Error   = schema.Error
)

// HasErrors reports whether any issue is an Error: exit code 1.
func HasErrors(issues []Issue) bool { return schema.HasErrors(issues) }

// unusable is the error of a load with Error issues: the first one, and how
// many more there are.
func unusable(path string, issues []Issue) error {
	first, more := "", 0
	for _, i := range issues {
		switch {
		case i.Severity != Error:
		case first == "":
			first = i.String()
		default:
			more++
		}
	}
	if more > 0 {
		return fmt.Errorf("load %s: %s (and %d more)", path, first, more)
	}
	return fmt.Errorf("load %s: %s", path, first)
}
