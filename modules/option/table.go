package option

import (
	"slices"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Table is the options of one entry, in the order in which they are read.
type Table []Row

// Join puts tables behind each other.
func Join(tables ...Table) Table { return slices.Concat(tables...) }

// Entry is a mapping of the file with options that point into it.
type Entry interface{ Options() Table }

// Extended is an Entry with further options, which are in no table. Extend makes
// them known.
type Extended interface{ Extend(m *schema.Mapping) }

// Checked is an Entry with rules that concern more than one option. Check is
// called when all of them were read.
type Checked interface{ Check(m *schema.Mapping) }

// Read fills e in from m and reports what is wrong, unknown options included.
func Read(e Entry, m *schema.Mapping) {
	for _, r := range e.Options() {
		r.take(m)
	}
	if x, ok := e.(Extended); ok {
		x.Extend(m)
	}
	m.Done()
	if c, ok := e.(Checked); ok {
		c.Check(m)
	}
}

// Option is a row as it is listed.
type Option struct {
	// Path is relative to the entry; [] marks a list element, <name> any key.
	Path string
	// Kind is the word of config-reference.md: str, int, num, dict, ...
	Kind string
	Need Need
	// Default is empty for "nothing"; From names the level it is inherited from.
	Default, From string
	// Maps is what the option becomes.
	Maps string
}

// List returns every option of e and of what is below it.
func List(e Entry) []Option { return list(e.Options(), "", "") }

// list lists t; maps is for rows that leave it to the row above them.
func list(t Table, prefix, maps string) []Option {
	var out []Option
	for _, r := range t {
		if r.maps == "" {
			r.maps = maps
		}
		if r.reset != nil {
			r.reset()
		}
		out = append(out, Option{prefix + r.key, r.kind, r.need, r.def, r.from, r.maps})
		if r.inner != nil {
			out = append(out, list(r.inner(), prefix+r.key+r.suffix+".", r.maps)...)
		}
	}
	return out
}
