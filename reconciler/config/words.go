package config

import (
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// hint words what else could have been meant, or what there is.
func hint(word string, known []string) string {
	if near := nearHint(word, known); near != "" {
		return near
	}
	if len(known) == 0 || len(known) > 20 {
		return ""
	}
	return " (there is " + list(known) + ")"
}

// nearHint is "; did you mean X?" or nothing.
func nearHint(word string, known []string) string {
	if near := schema.Nearest(word, known); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

func list(words []string) string { return strings.Join(words, ", ") }
