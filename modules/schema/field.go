package schema

import (
	"fmt"
	"strconv"
	"unicode"
)

// Field is a value with the path that leads to it. Its reading methods report
// what does not fit and say whether there is something to use.
type Field struct {
	rep  *Report
	val  *Value
	path string
}

// Value is the value itself; nil for a Field that is not in the file.
func (f Field) Value() *Value { return f.val }

// Path is absolute, such as providers[0].name.
func (f Field) Path() string { return f.path }

// Pos is "file:line:col".
func (f Field) Pos() string {
	line, col := f.where()
	return fmt.Sprintf("%s:%d:%d", f.rep.File, line, col)
}

// Secret reports whether the scalar holds the value of a substituted variable.
func (f Field) Secret() bool { return f.rep.Secret(f.val.Text) }

// Mode is the mode of the report.
func (f Field) Mode() Mode { return f.rep.Mode }

func (f Field) where() (line, col int) {
	if f.val == nil {
		return 0, 0
	}
	return f.val.Line, f.val.Col
}

func (f Field) report(sev Severity, code, format string, args []any) {
	line, col := f.where()
	f.rep.add(sev, line, col, f.path, code, fmt.Sprintf(format, args...))
}

// Error reports what is unacceptable in every mode.
func (f Field) Error(code, format string, args ...any) { f.report(Error, code, format, args) }

// Warn reports what never makes a configuration unacceptable.
func (f Field) Warn(code, format string, args ...any) { f.report(Warning, code, format, args) }

// SchemaError reports what only validation refuses; loading warns.
func (f Field) SchemaError(code, format string, args ...any) {
	f.report(severity(f.rep.Mode != Load), code, format, args)
}

// LoadError reports what upstream's loader refuses and its validator does not
// see: only a warning under Validate, for the sake of exit codes.
func (f Field) LoadError(code, format string, args ...any) {
	f.report(severity(f.rep.Mode != Validate), code, format, args)
}

// StrictError reports what upstream accepts until a daemon starts or a node is
// launched: an error under Strict only.
func (f Field) StrictError(code, format string, args ...any) {
	f.report(severity(f.rep.Mode == Strict), code, format, args)
}

func severity(isError bool) Severity {
	if isError {
		return Error
	}
	return Warning
}

// child is the field of one key.
func (f Field) child(key string, v *Value) Field {
	path := f.rep.told(key)
	switch {
	case !simpleKey(key):
		path = f.path + "[" + strconv.Quote(path) + "]"
	case f.path != "":
		path = f.path + "." + path
	}
	return Field{f.rep, v, path}
}

// item is the field of one list element.
func (f Field) item(i int) Field {
	return Field{f.rep, f.val.Items[i], fmt.Sprintf("%s[%d]", f.path, i)}
}

// simpleKey reports whether a key can stand in a dotted path as it is.
func simpleKey(key string) bool {
	for _, r := range key {
		if r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_' {
			return false
		}
	}
	return key != "" && len(key) <= 60
}
