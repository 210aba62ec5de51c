package schema

import (
	"fmt"
	"strings"
)

// Severity says whether an issue makes a configuration unacceptable.
type Severity int

const (
	// Warning leaves the configuration usable and an exit code at 0.
	Warning Severity = iota
	// Error makes it unusable (Load) or invalid (Validate).
	Error
)

func (s Severity) String() string {
	if s == Error {
		return "error"
	}
	return "warning"
}

// Issue is one thing to tell about a configuration file. Line and Col count
// from 1 in the text after substitution; 0 means the file as a whole.
type Issue struct {
	File      string
	Line, Col int
	// Path is absolute, such as providers[2].pools[0].labels[1].flavor-name.
	Path string
	// Code is one of config-reference.md part (b), such as E-KEY.
	Code     string
	Severity Severity
	Text     string
}

// String is "file:line:col: path: code: text"; unknown parts are left out.
func (i Issue) String() string {
	var b strings.Builder
	b.WriteString(i.File)
	if i.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", i.Line, i.Col)
	}
	b.WriteString(": ")
	if i.Path != "" {
		b.WriteString(i.Path + ": ")
	}
	b.WriteString(i.Code + ": " + i.Text)
	return b.String()
}

// HasErrors reports whether any issue is an Error.
func HasErrors(issues []Issue) bool {
	for _, i := range issues {
		if i.Severity == Error {
			return true
		}
	}
	return false
}
