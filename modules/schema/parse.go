package schema

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// Limits of a file, far above any real one.
const (
	// MaxSize is the size of a file after substitution, in bytes.
	MaxSize = 4 << 20
	// maxDepth is how deep lists and mappings may nest, aliases expanded.
	maxDepth = 100
	// maxAliased is by how many values aliases may enlarge a document.
	maxAliased = 200_000
	// maxDuplicates is how many duplicate keys of a file are told.
	maxDuplicates = 100
)

// Parse reads one YAML 1.1 document. The name is only used in issues. An empty
// document gives nil and no issue. Errors (code E-YAML) give nil; warnings
// (W-DUP-KEY) come with the value.
func Parse(name string, data []byte) (*Value, []Issue) {
	c := &converter{file: name, seen: map[*yaml.Node]*Value{}}
	root, err := compose(data)
	if err == nil && root != nil {
		var v *Value
		if v, err = c.convert(root); err == nil {
			return v, c.issues
		}
	}
	if err == nil {
		return nil, nil
	}
	at := new(posError)
	if !errors.As(err, &at) {
		at = &posError{text: err.Error()}
	}
	return nil, append(c.issues, Issue{File: name, Line: at.line, Col: at.col, Code: "E-YAML", Severity: Error, Text: at.text})
}

// posError is an error at a place of the document.
type posError struct {
	line, col int
	text      string
}

func (e *posError) Error() string { return e.text }

func at(n *yaml.Node, format string, args ...any) error {
	return &posError{n.Line, n.Column, fmt.Sprintf(format, args...)}
}

// compose returns the root node, nil for an empty document.
func compose(data []byte) (root *yaml.Node, err error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("the file is larger than %d MiB after substitution", MaxSize>>20)
	}
	// The parser is somebody else's; a panic in it must not stop the daemon.
	defer func() {
		if r := recover(); r != nil {
			root, err = nil, errors.New("the YAML parser failed on this file")
		}
	}()
	depth := loaderlimits.New(loaderlimits.DepthValue(maxDepth))
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithPlugin(depth))
	if err != nil {
		return nil, fmt.Errorf("start the YAML parser: %w", err)
	}
	var doc, second yaml.Node
	if err := loader.Load(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, explain(err, data)
	}
	if err := loader.Load(&second); err == nil {
		return nil, at(&second, "a second YAML document begins here; only one is allowed")
	} else if !errors.Is(err, io.EOF) {
		return nil, explain(err, data)
	}
	if doc.Kind != yaml.DocumentNode {
		return &doc, nil
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	return doc.Content[0], nil
}

// quoted is a piece of the file inside a message. It could be a secret.
var quoted = regexp.MustCompile("'[^']{4,}'|`[^`]*`|\"[^\"]{4,}\"")

// explain words a parser error without quoting the file.
func explain(err error, data []byte) error {
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		return errors.New("the file cannot be read as YAML")
	}
	text := quoted.ReplaceAllString(load.Message, "…")
	switch {
	case load.Stage == "resolver" || load.Stage == "constructor":
		text = "the value does not fit its tag"
	case strings.HasPrefix(text, "unknown anchor"):
		text = "an alias names an anchor that is not defined above it"
	case strings.Contains(text, "exceeded max depth"):
		text = fmt.Sprintf("lists and mappings are nested more than %d deep", maxDepth)
	}
	line, col := load.Mark.Line, load.Mark.Column
	if load.Stage == "reader" {
		if line, col = firstOdd(data); line > 0 {
			text = "a byte here is not text in UTF-8 (is it the right file?)"
		}
	}
	return &posError{line, col, "not valid YAML: " + text + hint(data, line)}
}

// firstOdd is the position of the first control character or broken UTF-8.
func firstOdd(data []byte) (line, col int) {
	line, col = 1, 1
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		switch {
		case r == '\n':
			line, col = line+1, 0
		case r == utf8.RuneError && size == 1, r < ' ' && r != '\t' && r != '\r', r == 0x7f:
			return line, col
		}
		data, col = data[size:], col+1
	}
	return 0, 0
}

// hint adds the two causes that puzzle people most.
func hint(data []byte, line int) string {
	lines := bytes.SplitN(data, []byte("\n"), line+1)
	if line < 1 || line > len(lines) {
		return ""
	}
	here := lines[line-1]
	switch indent := here[:len(here)-len(bytes.TrimLeft(here, " \t"))]; {
	case bytes.Contains(here, []byte("%(")):
		return " (a %(NAME) that stands for no NODEPOOL_ variable in the environment?)"
	case bytes.Contains(indent, []byte("\t")):
		return " (a tab cannot indent YAML; use spaces)"
	}
	return ""
}
