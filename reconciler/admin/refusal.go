package admin

import (
	"errors"
	"fmt"
)

// Refusal is why a command did nothing: what it was asked for is not there, or must not be done. For scripts written
// against Nodepool it is no failure; with --strict it is one (operator-surface.md 1.5, D-02).
type Refusal struct {
	// Missing: what the command was given does not exist. Else it exists and the command must not be carried out.
	Missing bool
	Text    string // what is the matter
	Next    string // what to do, "" when there is nothing to do
}

func (r *Refusal) Error() string {
	if r.Next == "" {
		return r.Text
	}
	return r.Text + ": " + r.Next
}

func missing(next, format string, args ...any) error {
	return &Refusal{Missing: true, Text: fmt.Sprintf(format, args...), Next: next}
}

func refused(next, format string, args ...any) error {
	return &Refusal{Text: fmt.Sprintf(format, args...), Next: next}
}

// IsMissing reports whether an error says that what was asked for does not exist.
func IsMissing(err error) bool {
	var r *Refusal
	return errors.As(err, &r) && r.Missing
}
