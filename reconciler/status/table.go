package status

import (
	"fmt"
	"io"
	"strings"
)

// Column is one column: the title of the pretty table and the key of the JSON and YAML forms.
type Column struct {
	Title string
	Key   string
}

// Table is what a list command shows. A cell is nil, a string, a bool, an int64, a float64, a
// []string, a Stamp or a json.RawMessage; each row has one cell a column.
type Table struct {
	Columns []Column
	Rows    [][]any
}

// Format names a form of output.
type Format string

// The forms of output that `--output` accepts.
const (
	Pretty Format = "pretty"
	JSON   Format = "json"
	YAML   Format = "yaml"
)

// ParseFormat reads the value of an `--output` option; the error lists what is allowed.
func ParseFormat(s string) (Format, error) {
	switch f := Format(strings.ToLower(s)); f {
	case Pretty, JSON, YAML:
		return f, nil
	}
	return "", fmt.Errorf("output format %q: must be %s, %s or %s", s, Pretty, JSON, YAML)
}

// Write writes the table in the given form, with a newline at its end. Errors are w's.
func (t Table) Write(w io.Writer, f Format) error {
	switch f {
	case JSON:
		return t.JSON(w)
	case YAML:
		return t.YAML(w)
	default:
		return t.Pretty(w)
	}
}
