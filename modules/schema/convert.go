package schema

import (
	"fmt"

	"go.yaml.in/yaml/v4"
)

// converter turns parser nodes into Values, each anchored node once.
type converter struct {
	file   string
	issues []Issue
	// seen holds the value of each anchored node; nil while it is being made.
	seen map[*yaml.Node]*Value
	// nodes counts the values made, to tell aliasing from sheer size.
	nodes int
	// merged counts the entries copied by <<.
	merged int
}

func (c *converter) convert(n *yaml.Node) (*Value, error) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Anchor == "" {
		return c.make(n)
	}
	v, begun := c.seen[n]
	if begun && v == nil {
		return nil, at(n, "an anchor contains itself")
	}
	if v != nil {
		return v, nil
	}
	c.seen[n] = nil
	v, err := c.make(n)
	c.seen[n] = v
	return v, err
}

func (c *converter) make(n *yaml.Node) (*Value, error) {
	c.nodes++
	v := &Value{}
	var err error
	switch n.Kind {
	case yaml.ScalarNode:
		v, err = scalar(n)
	case yaml.SequenceNode:
		err = c.list(n, v)
	case yaml.MappingNode:
		err = c.mapping(n, v)
	default:
		err = at(n, "unexpected YAML content")
	}
	if err != nil {
		return nil, err
	}
	v.Line, v.Col = n.Line, n.Column
	if v.depth > maxDepth {
		return nil, at(n, "aliases nest lists and mappings more than %d deep", maxDepth)
	}
	if v.size > c.nodes+maxAliased {
		return nil, at(n, "aliases repeat too much content here (more than %d values)", maxAliased)
	}
	return v, nil
}

func scalar(n *yaml.Node) (*Value, error) {
	var v Value
	var err error
	switch {
	case n.Style&yaml.TaggedStyle != 0:
		v, err = tagged(n.Tag, n.Value)
	case n.Style != 0:
		v = Value{Kind: String, Text: n.Value}
	default:
		v, err = plain(n.Value)
	}
	if err != nil {
		return nil, at(n, "%v", err)
	}
	v.size = 1
	return &v, nil
}

// add counts a part of a list or mapping.
func (v *Value) add(part *Value) {
	v.size += part.size
	v.depth = max(v.depth, part.depth+1)
}

func (c *converter) list(n *yaml.Node, v *Value) error {
	if n.Style&yaml.TaggedStyle != 0 && n.Tag != "!!seq" {
		return at(n, "custom tags are not supported")
	}
	v.Kind, v.size = List, 1
	for _, child := range n.Content {
		item, err := c.convert(child)
		if err != nil {
			return err
		}
		v.Items = append(v.Items, item)
		v.add(item)
	}
	return nil
}

func (c *converter) mapping(n *yaml.Node, v *Value) error {
	if n.Style&yaml.TaggedStyle != 0 && n.Tag != "!!map" {
		return at(n, "custom tags are not supported")
	}
	v.Kind, v.size = Map, 1
	m := &merger{own: newEntrySet(), merged: newEntrySet()}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		content, err := c.convert(value)
		if err != nil {
			return err
		}
		if isMerge(key) {
			// Counted over the whole file: each merge copies its entries.
			if c.merged += entryCount(content); c.merged > maxAliased {
				return at(key, "merges repeat too much content (more than %d keys)", maxAliased)
			}
			if err := m.merge(key, content); err != nil {
				return err
			}
			continue
		}
		k, err := c.convert(key)
		if err != nil {
			return err
		}
		if k.Kind == List || k.Kind == Map {
			return at(key, "a list or mapping cannot be a key")
		}
		entry := Entry{Key: k.jsonKey(), KeyKind: k.Kind, Line: key.Line, Col: key.Column, Value: content}
		if before := m.own.put(entry); before != nil && len(c.issues) < maxDuplicates {
			c.issues = append(c.issues, Issue{File: c.file, Line: key.Line, Col: key.Column, Code: "W-DUP-KEY",
				Text: fmt.Sprintf("%s was given before at line %d; this last one counts", keyName(entry.Key), before.Line)})
		}
	}
	v.Entries = m.entries()
	for _, e := range v.Entries {
		v.add(e.Value)
	}
	return nil
}

// keyName names a key that looks like one; others could hold anything.
func keyName(key string) string {
	if simpleKey(key) {
		return "key " + key
	}
	return "this key"
}
