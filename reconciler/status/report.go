package status

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"

	"go.yaml.in/yaml/v4"
)

// Section is a table of a Report, with its heading and its key in the JSON and YAML forms.
type Section struct {
	Title, Key string
	Table      Table
}

// Report is several tables about one thing. Its JSON and YAML forms are one object: the thing's name under Key, then
// each table's rows.
type Report struct {
	Title, Key, Name string
	Sections         []Section
}

// Write writes the report in the given form. Errors are w's.
func (r Report) Write(w io.Writer, f Format) error {
	if f != Pretty {
		return WriteDocument(w, f, r)
	}
	if _, err := fmt.Fprintf(w, "%s: %s\n", r.Title, printable(r.Name)); err != nil {
		return err
	}
	for _, s := range r.Sections {
		if _, err := fmt.Fprintf(w, "\n%s\n", s.Title); err != nil {
			return err
		}
		if err := s.Table.Pretty(w); err != nil {
			return err
		}
	}
	return nil
}

// MarshalJSON keeps the order of the sections.
func (r Report) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{%q: %s", r.Key, cellJSON(r.Name))
	for _, s := range r.Sections {
		fmt.Fprintf(&b, ", %q: ", s.Key)
		if err := s.Table.JSON(&b); err != nil {
			return nil, err
		}
	}
	b.WriteString("}")
	return b.Bytes(), nil
}

// WriteDocument writes any value that JSON can say as indented JSON or as YAML, keys in the value's own order. As in
// tables, nothing in it reaches a terminal as a control sequence.
func WriteDocument(w io.Writer, f Format, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write as %s: %w", f, err)
	}
	if f != YAML {
		_, err := io.WriteString(w, escapeJSON(b.String()))
		return err
	}
	var doc yaml.Node // JSON is YAML
	if err := yaml.Unmarshal(b.Bytes(), &doc); err != nil {
		return fmt.Errorf("write as yaml: %w", err)
	}
	block(&doc)
	dumper, err := yaml.NewDumper(w, yaml.WithUnicode(false), yaml.WithLineWidth(-1))
	if err != nil {
		return fmt.Errorf("write as yaml: %w", err)
	}
	if err := dumper.Dump(&doc); err != nil {
		return err
	}
	return dumper.Close()
}

// block has what was read as JSON written in block style; what is empty stays `[]` or `{}`.
func block(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode || len(n.Content) > 0 {
		n.Style = 0
	}
	for _, c := range n.Content {
		block(c)
	}
}

// escapeJSON writes what a terminal might obey as \u escapes. In JSON text such characters can stand in strings only,
// so the meaning stays the same; line ends there are the encoder's own.
func escapeJSON(s string) string {
	var out strings.Builder
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case r == ' ' || r == '\n' || unicode.IsPrint(r):
			out.WriteRune(r)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, hi, lo)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.String()
}

// Printable is text as it may be shown on a terminal: on one line, without anything that the terminal might obey.
func Printable(s string) string { return printable(s) }

// Empty reports whether no section has a row.
func (r Report) Empty() bool {
	for _, s := range r.Sections {
		if len(s.Table.Rows) > 0 {
			return false
		}
	}
	return true
}
