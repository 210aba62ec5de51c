package driver

import (
	"maps"
	"slices"
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Scope is the rest of the configuration, in the light of which a provider's
// options are read.
type Scope struct {
	// Provider and Driver are the provider's name and the driver in force, such
	// as fake where the name says so.
	Provider, Driver string
	// Priority is the provider's, the default of its pools.
	Priority int
	// Labels are the names of the global labels, IsLabel finds one.
	Labels  []string
	IsLabel func(name string) bool
	// Images are the global images by name, inheritance applied.
	Images map[string]Global
	// Getenv reads the process environment.
	Getenv func(name string) string
	// Extend reads what of a label is no driver's; nil for drivers without a module.
	Extend func(l *Label, m *schema.Mapping)
}

// Global is a global image.
type Global struct {
	Abstract                        bool
	Username, PythonPath, ShellType string
}

// refer reports a reference that does not hold. Upstream's loader sees all of
// them, its validator only those of openstack, the fake driver not included.
func (s *Scope) refer(f schema.Field, code, format string, args ...any) {
	if s.Driver == "openstack" {
		f.Error(code, format, args...)
	} else {
		f.LoadError(code, format, args...)
	}
}

// imageNames are the names of the global images, sorted.
func (s *Scope) imageNames() []string {
	return slices.Sorted(maps.Keys(s.Images))
}

// Hint words what else could have been meant, or what there is.
func Hint(word string, known []string) string {
	if near := schema.Nearest(word, known); near != "" {
		return "; did you mean " + near + "?"
	}
	if len(known) == 0 || len(known) > 20 {
		return ""
	}
	return " (there is " + strings.Join(known, ", ") + ")"
}
