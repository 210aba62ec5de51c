package schema

import "go.yaml.in/yaml/v4"

// isMerge reports whether a key is the plain scalar <<.
func isMerge(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Value == "<<" &&
		(key.Style == 0 || key.Style&yaml.TaggedStyle != 0 && key.Tag == "!!merge")
}

// merger builds a mapping as PyYAML's flatten_mapping does: own keys win over
// merged ones, the first mapping of a merged list over later ones, and a later
// << over an earlier one.
type merger struct{ own, merged *entrySet }

func (m *merger) merge(key *yaml.Node, content *Value) error {
	switch content.Kind {
	case Map:
		m.merged.putAll(content)
		return nil
	case List:
		for i := len(content.Items) - 1; i >= 0; i-- {
			if content.Items[i].Kind != Map {
				return at(key, "<< needs a mapping or a list of mappings")
			}
			m.merged.putAll(content.Items[i])
		}
		return nil
	}
	return at(key, "<< needs a mapping or a list of mappings")
}

// entryCount is the work of merging v.
func entryCount(v *Value) int {
	n := len(v.Entries)
	for _, item := range v.Items {
		n += 1 + len(item.Entries)
	}
	return n
}

// entries returns the merged keys first, as PyYAML orders them.
func (m *merger) entries() []Entry {
	out := m.merged.list
	kept := out[:0:0]
	for _, e := range out {
		if m.own.find(e) == nil {
			kept = append(kept, e)
		}
	}
	return append(kept, m.own.list...)
}

// entrySet is a list of entries with unique keys; a later one replaces.
type entrySet struct {
	list  []Entry
	index map[entryKey]int
}

type entryKey struct {
	kind Kind
	text string
}

func newEntrySet() *entrySet { return &entrySet{index: map[entryKey]int{}} }

func (s *entrySet) find(e Entry) *Entry {
	if i, ok := s.index[entryKey{e.KeyKind, e.Key}]; ok {
		return &s.list[i]
	}
	return nil
}

// put adds e and returns the entry it replaces, if any.
func (s *entrySet) put(e Entry) *Entry {
	if old := s.find(e); old != nil {
		before := *old
		*old = e
		return &before
	}
	s.index[entryKey{e.KeyKind, e.Key}] = len(s.list)
	s.list = append(s.list, e)
	return nil
}

func (s *entrySet) putAll(v *Value) {
	for _, e := range v.Entries {
		s.put(e)
	}
}
