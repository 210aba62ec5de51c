package option

import (
	"strings"

	"github.com/nodepool-tf/nodepool-tf/modules/schema"
)

// Need says whose complaint the absence of an option is (config-reference.md,
// column Req).
type Need string

// The needs. The last three only mark a row: which of a group are needed is a rule
// of its entry (see Demand).
const (
	Optional  Need = ""
	Validated Need = "V"  // upstream's validator refuses, its loader does not
	Loaded    Need = "L"  // upstream's loader fails, its validator does not
	Always    Need = "VL" // both
	OneOf     Need = "1of"
	OneOfV    Need = "1of V"
	OneLevel  Need = "L or provider" // here or in the provider
)

// Row is one option of an entry. It is made by a function named after its kind,
// such as Str, and refined by its methods, each of which returns the changed row.
type Row struct {
	key, kind string
	need      Need
	maps      string
	def, from string
	// missing is the code and text for its absence; empty means E-REQ.
	missing [2]string
	alias   string
	enum    []string
	// inert says why the option has no effect.
	inert    string
	nullable bool

	// reset stores the default; read stores what is in the file.
	reset func()
	read  func(f schema.Field)
	// inner is the table of what is inside, under keys that follow suffix.
	inner  func() Table
	suffix string
}

// Need says that the option must be there.
func (r Row) Need(n Need) Row { r.need = n; return r }

// Maps says what the option becomes: a resource argument, or who acts on it.
func (r Row) Maps(to string) Row { r.maps = to; return r }

// From names the level whose value is the default.
func (r Row) From(level string) Row { r.from = level; return r }

// Missing replaces code and text of the complaint about absence.
func (r Row) Missing(code, text string) Row { r.missing = [2]string{code, text}; return r }

// Also gives the option a second spelling.
func (r Row) Also(key string) Row { r.alias = key; return r }

// Among closes the set of values.
func (r Row) Among(values ...string) Row { r.enum = values; return r }

// Inert says that, and why, the option has no effect.
func (r Row) Inert(why string) Row { r.inert = why; return r }

// Nullable lets an explicit null stand for the default.
func (r Row) Nullable() Row { r.nullable, r.kind = true, r.kind+" or null"; return r }

// Kind renames the kind, where the reference has another word for it.
func (r Row) Kind(word string) Row { r.kind = word; return r }

// Default words the default, where the plain value would not tell it.
func (r Row) Default(text string) Row { r.def = text; return r }

// take reads the option from m.
func (r Row) take(m *schema.Mapping) {
	if r.reset != nil {
		r.reset()
	}
	f, ok := m.Get(r.key)
	if r.alias != "" {
		if other, found := m.Get(r.alias); found && !ok {
			f, ok = other, true
		}
	}
	null := ok && f.Value().Kind == schema.Null
	switch {
	case null && r.nullable:
		return
	case !ok, null && m.Mode() == schema.Load:
		r.absent(m)
		return
	}
	if r.inert != "" {
		f.Warn("W-INERT", "%s has no effect: %s", r.key, r.inert)
	}
	if r.read != nil {
		r.read(f)
	}
	if r.enum != nil && f.Value().Kind == schema.String {
		r.among(f)
	}
}

func (r Row) absent(m *schema.Mapping) {
	code, text := r.missing[0], r.missing[1]
	if code == "" {
		code, text = "E-REQ", r.key+" is required"
	}
	switch f := m.Absent(r.key); r.need {
	case Always:
		f.Error(code, "%s", text)
	case Validated:
		f.SchemaError(code, "%s", text)
	case Loaded:
		f.LoadError(code, "%s", text)
	}
}

func (r Row) among(f schema.Field) {
	word := f.Value().Text
	for _, v := range r.enum {
		if v == word {
			return
		}
	}
	hint := ""
	if near := schema.Nearest(word, r.enum); near != "" {
		hint = "; did you mean " + near + "?"
	}
	f.Error("E-ENUM", "%s is none of %s%s", word, strings.Join(r.enum, ", "), hint)
}
