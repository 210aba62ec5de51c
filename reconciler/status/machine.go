package status

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// JSON writes a list of objects, one a line, each with all keys in the order of the columns.
func (t Table) JSON(w io.Writer) error {
	b := bufio.NewWriter(w)
	keys := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		keys[i] = strconv.Quote(c.Key) + ": "
	}
	b.WriteString("[")
	for i, row := range t.Rows {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n{")
		for j := range t.Columns {
			if j > 0 {
				b.WriteString(", ")
			}
			var cell any
			if j < len(row) {
				cell = row[j]
			}
			b.WriteString(keys[j])
			b.WriteString(cellJSON(cell))
		}
		b.WriteString("}")
	}
	if len(t.Rows) > 0 {
		b.WriteString("\n")
	}
	b.WriteString("]\n")
	return b.Flush()
}

// cellJSON encodes a cell. What a terminal might obey is written as \u escapes, which JSON
// demands only below 0x20; such characters can stand in strings only, so the meaning is the same.
func cellJSON(cell any) string {
	switch c := cell.(type) { // nearly all of them, ten thousand rows of twenty
	case nil:
		return "null"
	case string:
		if harmless(c, ' ') && !strings.ContainsAny(c, `"\`) {
			return `"` + c + `"`
		}
	case int64:
		return strconv.FormatInt(c, 10)
	case json.RawMessage:
		if harmless(string(c), '!') && json.Valid(c) {
			return string(c)
		}
	}
	if raw, ok := cell.(json.RawMessage); ok && !json.Valid(raw) {
		cell = text(string(raw))
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(cell); err != nil {
		return "null" // only for a type that Table does not allow
	}
	return escapeJSON(strings.TrimSpace(b.String()))
}

// harmless reports whether a text is all printable ASCII, from least on.
func harmless(s string, least byte) bool {
	for i := range len(s) {
		if s[i] < least || s[i] > '~' {
			return false
		}
	}
	return true
}

// YAML writes the same objects as JSON does, in block style. Non-ASCII text is escaped, for the
// reason given at cellJSON.
func (t Table) YAML(w io.Writer) error {
	doc := yaml.Node{Kind: yaml.SequenceNode}
	if len(t.Rows) == 0 {
		doc.Style = yaml.FlowStyle
	}
	for _, row := range t.Rows {
		m := &yaml.Node{Kind: yaml.MappingNode}
		for j, c := range t.Columns {
			var cell any
			if j < len(row) {
				cell = row[j]
			}
			value := &yaml.Node{}
			if err := value.Encode(plain(cell)); err != nil {
				return fmt.Errorf("write %s of a table as YAML: %w", c.Key, err)
			}
			m.Content = append(m.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: c.Key}, value)
		}
		doc.Content = append(doc.Content, m)
	}
	dumper, err := yaml.NewDumper(w, yaml.WithUnicode(false), yaml.WithLineWidth(-1))
	if err != nil {
		return fmt.Errorf("write a table as YAML: %w", err)
	}
	if err := dumper.Dump(&doc); err != nil {
		return err
	}
	return dumper.Close()
}

// plain decodes raw JSON into values a YAML encoder knows; whole numbers stay whole.
func plain(cell any) any {
	if s, ok := cell.(Stamp); ok {
		return s.Unix
	}
	raw, ok := cell.(json.RawMessage)
	if !ok {
		return cell
	}
	if len(raw) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return string(raw)
	}
	return numbers(v)
}

func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if f, err := v.Float64(); err == nil {
			return f
		}
		return v.String()
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	}
	return v
}
