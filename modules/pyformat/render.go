package pyformat

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxResult bounds a result in bytes; a width of a billion is legal Python.
const maxResult = 1 << 16

var errLong = fmt.Errorf("the result is longer than %d bytes", maxResult)

// Object is what has attributes. Values are nil, bool, string, int, int64, float64, []any, map[string]any or Object.
type Object map[string]any

// Check reports what is wrong with a format whatever it is rendered over. A field that is not there may still be missing.
func Check(format string) error {
	_, err := render(format, 2, func(string, byte, string) (string, error) { return "", nil })
	return err
}

// Render is str.format with the names of vars as keyword arguments.
func Render(format string, vars Object) (string, error) {
	return render(format, 2, func(name string, conversion byte, spec string) (string, error) {
		v, err := field(name, vars)
		if err != nil {
			return "", err
		}
		switch conversion {
		case 's':
			v = str(v)
		case 'r':
			v = repr(v)
		case 'a':
			v = ascii(repr(v))
		}
		out, err := formatted(v, spec)
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		return out, nil
	})
}

// value renders one replacement field.
type value func(name string, conversion byte, spec string) (string, error)

// render copies text and replaces fields; depth is how deep they may nest, in specs.
func render(format string, depth int, get value) (string, error) {
	if depth == 0 {
		return "", errors.New("format specs are nested too deep")
	}
	var b strings.Builder
	for len(format) > 0 {
		c := format[0]
		switch {
		case (c == '{' || c == '}') && len(format) > 1 && format[1] == c:
			b.WriteByte(c)
			format = format[2:]
		case c == '}':
			return "", errors.New("single '}' in the format")
		case c == '{':
			inner, rest, err := cut(format[1:])
			if err != nil {
				return "", err
			}
			text, err := replaced(inner, depth, get)
			if err != nil {
				return "", err
			}
			b.WriteString(text)
			format = rest
		default:
			n := strings.IndexAny(format, "{}")
			if n < 0 {
				n = len(format)
			}
			b.WriteString(format[:n])
			format = format[n:]
		}
		if b.Len() > maxResult {
			return "", errLong
		}
	}
	return b.String(), nil
}

// cut splits what follows a brace at the one that closes it.
func cut(s string) (inner, rest string, err error) {
	depth, index := 1, false
	for i := range len(s) {
		switch c := s[i]; {
		case index: // a key may hold anything but its bracket
			index = c != ']'
		case c == '[' && depth == 1:
			index = !strings.ContainsAny(s[:i], ":!")
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return s[:i], s[i+1:], nil
			}
		}
	}
	return "", "", errors.New("expected '}' before the end of the format")
}

// replaced renders name!conversion:spec.
func replaced(inner string, depth int, get value) (string, error) {
	name, rest := inner, ""
	bracket := false
	for i := range len(inner) {
		c := inner[i]
		if bracket = c == '[' || bracket && c != ']'; !bracket && (c == '!' || c == ':') {
			name, rest = inner[:i], inner[i:]
			break
		}
	}
	if strings.ContainsAny(name, "{") {
		return "", errors.New("unexpected '{' in the name of a field")
	}
	var conversion byte
	if strings.HasPrefix(rest, "!") {
		if len(rest) < 2 || !strings.Contains("sra", rest[1:2]) {
			return "", errors.New("expected s, r or a after '!'")
		}
		if conversion, rest = rest[1], rest[2:]; rest != "" && rest[0] != ':' {
			return "", errors.New("expected ':' after the conversion")
		}
	}
	spec, err := render(strings.TrimPrefix(rest, ":"), depth-1+boolean(rest == ""), get)
	if err != nil {
		return "", err
	}
	if _, _, err := path(name); err != nil {
		return "", err
	}
	return get(name, conversion, spec)
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// step is an attribute, or what is in brackets.
type step struct {
	text  string
	index bool
}

// path reads first.attribute[key]...
func path(name string) (first string, steps []step, err error) {
	n := strings.IndexAny(name, ".[")
	if n < 0 {
		n = len(name)
	}
	first, name = name[:n], name[n:]
	for name != "" {
		if name[0] == '[' {
			end := strings.IndexByte(name, ']')
			if end < 0 {
				return "", nil, errors.New("missing ']' in the name of a field")
			}
			steps, name = append(steps, step{name[1:end], true}), name[end+1:]
			if name != "" && name[0] != '.' && name[0] != '[' {
				return "", nil, errors.New("only '.' or '[' may follow ']' in the name of a field")
			}
		} else {
			name = name[1:]
			n := strings.IndexAny(name, ".[")
			if n < 0 {
				n = len(name)
			}
			steps, name = append(steps, step{name[:n], false}), name[n:]
		}
		if steps[len(steps)-1].text == "" {
			return "", nil, errors.New("empty attribute in the name of a field")
		}
	}
	return first, steps, nil
}

// field finds what a name stands for.
func field(name string, vars Object) (any, error) {
	first, steps, err := path(name)
	if err != nil {
		return nil, err
	}
	v, ok := vars[first]
	if !ok {
		return nil, fmt.Errorf("there is no %q", first)
	}
	for _, s := range steps {
		if s.index {
			v, ok = element(v, s.text)
		} else {
			var o Object
			if o, ok = v.(Object); ok {
				v, ok = o[s.text]
			}
		}
		if !ok {
			return nil, fmt.Errorf("%s: there is no %q", name, s.text)
		}
	}
	return v, nil
}

// element is v[key] as a format writes it: digits alone are an index, all else is a key.
func element(v any, key string) (any, bool) {
	n, err := strconv.Atoi(key)
	index := err == nil && strings.Trim(key, "0123456789") == ""
	switch v := v.(type) {
	case map[string]any:
		e, ok := v[key]
		return e, ok && !index // the keys of JSON are strings
	case []any:
		if index && n < len(v) {
			return v[n], true
		}
	case string:
		if r := []rune(v); index && n < len(r) {
			return string(r[n]), true
		}
	}
	return nil, false
}
